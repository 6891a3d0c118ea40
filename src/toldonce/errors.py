"""Every error Toldonce raises, drawn as a tree.

    ToldonceError
    ├── InvalidInput (ValueError)       what was passed in cannot be used
    │   ├── MissingIdentity             no user, agent, app or run was named
    │   ├── InvalidMessage              a message, or the list of them, cannot be read
    │   ├── InvalidFilter               a filter cannot be read; it is never taken for "no filter"
    │   ├── InvalidTime                 a time without a zone, or not a time
    │   ├── InvalidTranscript           a transcript file cannot be read
    │   ├── InvalidExport               what is to be imported cannot be read, or contradicts what is there
    │   ├── InvalidBackup               a backup cannot be written, is not whole, or has no empty place to go to
    │   └── InvalidConfig               a configuration names something Toldonce does not run
    ├── MemoryNotFound (ValueError)     no memory has this id
    ├── Unsupported (ValueError)        Mem0 offers it, this installation cannot
    ├── MissingExtra (ImportError)      an optional face is not installed
    ├── Closed                          the memory was used after close()
    ├── RemoteError                     a host, Mem0's or a model's, did not do what it was asked
    │   ├── AuthenticationFailed        it does not accept the key
    │   ├── RateLimited                 it wants to be asked later: ``retry_after``
    │   ├── RemoteNotFound              it has no such thing (also a MemoryNotFound)
    │   ├── Rejected                    it finds fault with what was sent
    │   ├── Unreachable                 no answer: network, name or deadline
    │   ├── HostFailed                  it broke on the request
    │   └── NotMem0                     what answered there is no Mem0 host
    └── StoreError                      the data folder cannot be used
        ├── FolderNotUsable             it cannot be created, read or written
        ├── NewerStore                  a newer Toldonce made it
        ├── CorruptStore                the file is damaged or no database of ours
        ├── DiskFull                    there is no room to write anything but deletes
        ├── EmbedderMismatch            its vectors come from another embedder
        ├── AddressNotConfirmed         its embedder is elsewhere, and nobody else names that address
        └── OutboxFull                  what waits to be sent has reached its limit

Each message says what was wrong and what to do about it. Where another error caused it, that error is its
``__cause__``. Errors about input are ``ValueError`` too, because that is what Mem0's library raises.
"""

from __future__ import annotations

__all__ = [
    "AddressNotConfirmed",
    "AuthenticationFailed",
    "Closed",
    "CorruptStore",
    "DiskFull",
    "EmbedderMismatch",
    "FolderNotUsable",
    "HostFailed",
    "InvalidBackup",
    "InvalidConfig",
    "InvalidExport",
    "InvalidFilter",
    "InvalidInput",
    "InvalidMessage",
    "InvalidTime",
    "InvalidTranscript",
    "MemoryNotFound",
    "MissingExtra",
    "MissingIdentity",
    "NewerStore",
    "NotMem0",
    "OutboxFull",
    "RateLimited",
    "Rejected",
    "RemoteError",
    "RemoteNotFound",
    "StoreError",
    "ToldonceError",
    "Unreachable",
    "Unsupported",
]


class ToldonceError(Exception):
    """Something Toldonce could not do."""


class InvalidInput(ToldonceError, ValueError):
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


class InvalidExport(InvalidInput):
    """What is to be imported cannot be read, or contradicts what is there."""


class InvalidBackup(InvalidInput):
    """A backup cannot be written, is not whole, or has no empty place to go to."""


class InvalidConfig(InvalidInput):
    """A configuration names something Toldonce does not run."""


class MemoryNotFound(ToldonceError, ValueError):
    """No memory has this id."""


class Unsupported(ToldonceError, ValueError):
    """Mem0 offers it, this installation cannot."""


class MissingExtra(ToldonceError, ImportError):
    """An optional face is not installed."""


class Closed(ToldonceError):
    """The memory was used after close()."""


class RemoteError(ToldonceError):
    """A host, Mem0's or a model's, did not do what it was asked."""

    def __init__(self, message: str, *, retry_after: float | None = None, unsure: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which the host wants to be asked again, if it said so."""
        self.unsure = unsure
        """Whether the host may have done it all the same."""


class AuthenticationFailed(RemoteError):
    """The host does not accept the key."""


class RateLimited(RemoteError):
    """The host wants to be asked later."""


class RemoteNotFound(RemoteError, MemoryNotFound):
    """The host has no such thing."""


class Rejected(RemoteError):
    """The host finds fault with what was sent."""


class Unreachable(RemoteError):
    """No answer came: the network, the name, or the deadline."""


class HostFailed(RemoteError):
    """The host broke on the request."""


class NotMem0(RemoteError):
    """What answered there is no Mem0 host."""


class StoreError(ToldonceError):
    """The data folder cannot be used."""


class FolderNotUsable(StoreError):
    """The data folder cannot be created, read or written."""


class NewerStore(StoreError):
    """A newer Toldonce made this data folder."""


class CorruptStore(StoreError):
    """The database file is damaged, or not one of Toldonce's."""


class DiskFull(StoreError):
    """The disk that holds the data folder is full: memories can be deleted, and nothing else be written."""


class EmbedderMismatch(StoreError):
    """The vectors in the folder come from another embedder."""


class AddressNotConfirmed(StoreError):
    """The folder's embedder is elsewhere, and nothing but the folder names that address."""


class OutboxFull(StoreError):
    """What waits to be sent has reached its limit."""
