"""Every error Recollect raises, drawn as a tree.

    RecollectError
    ├── InvalidInput (ValueError)       what was passed in cannot be used
    │   ├── MissingIdentity             no user, agent, app or run was named
    │   ├── InvalidMessage              a message, or the list of them, cannot be read
    │   ├── InvalidFilter               a filter cannot be read; it is never taken for "no filter"
    │   ├── InvalidTime                 a time without a zone, or not a time
    │   ├── InvalidTranscript           a transcript file cannot be read
    │   └── InvalidConfig               a configuration names something Recollect does not run
    ├── MemoryNotFound (ValueError)     no memory has this id
    ├── Unsupported (ValueError)        Mem0 offers it, this installation cannot
    ├── MissingExtra (ImportError)      an optional face is not installed
    ├── Closed                          the memory was used after close()
    └── StoreError                      the data folder cannot be used
        ├── FolderNotUsable             it cannot be created, read or written
        ├── NewerStore                  a newer Recollect made it
        ├── CorruptStore                the file is damaged or no database of ours
        └── EmbedderMismatch            its vectors come from another embedder

Each message says what was wrong and what to do about it. Where another error caused it, that error is its
``__cause__``. Errors about input are ``ValueError`` too, because that is what Mem0's library raises.
"""

from __future__ import annotations


class RecollectError(Exception):
    """Something Recollect could not do."""


class InvalidInput(RecollectError, ValueError):
    """What was passed in cannot be used."""


class MissingIdentity(InvalidInput):
    """No user, agent, app or run was named."""


class InvalidMessage(InvalidInput):
    """A message, or the list of messages, cannot be read."""


class InvalidFilter(InvalidInput):
    """A filter cannot be read; it is never taken for "no filter"."""


class InvalidTime(InvalidInput):
    """A time without a zone, or not a time."""


class InvalidTranscript(InvalidInput):
    """A transcript file cannot be read."""


class InvalidConfig(InvalidInput):
    """A configuration names something Recollect does not run."""


class MemoryNotFound(RecollectError, ValueError):
    """No memory has this id."""


class Unsupported(RecollectError, ValueError):
    """Mem0 offers it, this installation cannot."""


class MissingExtra(RecollectError, ImportError):
    """An optional face is not installed."""


class Closed(RecollectError):
    """The memory was used after close()."""


class StoreError(RecollectError):
    """The data folder cannot be used."""


class FolderNotUsable(StoreError):
    """The data folder cannot be created, read or written."""


class NewerStore(StoreError):
    """A newer Recollect made this data folder."""


class CorruptStore(StoreError):
    """The database file is damaged, or not one of Recollect's."""


class EmbedderMismatch(StoreError):
    """The vectors in the folder come from another embedder."""
