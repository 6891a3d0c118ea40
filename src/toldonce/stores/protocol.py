"""What a store does. Whoever keeps these promises can stand under the engine.

A store hands out *reads* (one consistent view each) and runs *writes* (functions over a transaction, one after the
other across all processes that share the store; their result is delivered once it is on disk). The rooms above decide
what is written; a store decides only where. ``tests/stores`` holds any store to this page.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from toldonce.caches import CacheRegistry
from toldonce.fair import ANYBODY, Turn
from toldonce.stores.backup import Manifest
from toldonce.stores.examining import Examination
from toldonce.stores.reading import (
    ConversationAddress,
    ConversationQuery,
    ConversationView,
    Embedding,
    FactMemory,
    HistoryEntry,
    JournalMessage,
    KnownWords,
    MemoryForUpdate,
    OwnerChange,
    Read,
    SaidMemory,
    SourceMessage,
    SpokenMemory,
    Trace,
    Unembedded,
)
from toldonce.stores.writing import Changes, EditedMemory, New, NewMemory, Reference, RepeatedMemory, Write

__all__ = [
    "Changes",
    "ConversationAddress",
    "ConversationQuery",
    "ConversationView",
    "EditedMemory",
    "Embedding",
    "FactMemory",
    "HistoryEntry",
    "JournalMessage",
    "KnownWords",
    "MemoryForUpdate",
    "New",
    "NewMemory",
    "OwnerChange",
    "Read",
    "Reference",
    "RepeatedMemory",
    "SaidMemory",
    "SourceMessage",
    "SpokenMemory",
    "Store",
    "Trace",
    "Unembedded",
    "Write",
]

if TYPE_CHECKING:
    from toldonce.stores.copying import Tables

T = TypeVar("T")


class Store(Protocol):
    """A place that keeps memories."""

    @property
    def location(self) -> str:
        """Where it is, for messages to people."""
        ...

    def secret(self, name: str) -> bytes:
        """32 random bytes of that name, made once, that no copy of the data alone gives away."""
        ...

    def has_secret(self, name: str) -> bool:
        """Whether there is a secret of that name; asking makes none."""
        ...

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        """Be the only process that does what ``name`` says; ``StoreError`` at once if another does it."""
        ...

    @property
    def caches(self) -> CacheRegistry:
        """What is in RAM of this store. A commit that deletes memories has it forget their owners before it is told."""
        ...

    def read(self) -> AbstractContextManager[Read]: ...

    def write(self, work: Callable[[Write], T], turn: Turn = ANYBODY) -> Future[T]:
        """Queue ``work``; the future is done once its commit is on disk, or failed and nothing was written.

        Where much waits, projects take turns, and so do owners within a project.
        """
        ...

    def write_now(self, work: Callable[[Write], T], turn: Turn = ANYBODY) -> T:
        """The same for a caller who waits for it, and sooner: what ``work`` returned."""
        ...

    @property
    def writes_waiting(self) -> int:
        """How many units of work wait for their turn here."""
        ...

    def owner_of(self, row_id: int) -> int:
        """The owner of a memory or version, which every id carries."""
        ...

    def purge(self, number: int, within: float) -> list[str]:
        """Leave no byte of deleted rows in the store, nor in the caches of anybody who has it open.

        ``number``: of the last erasure that was carried out. Returns who held that up for so many seconds, each for
        people to read; nobody: it is done.
        """
        ...

    def examine(self, *, set_aside: bool) -> Examination:
        """Look at every row, and take what is damaged out of the store if ``set_aside``; others wait meanwhile."""
        ...

    def check(self, within: float) -> None:
        """Raise ``StoreError`` if nothing can be written now: the disk is full, or another process is in the way.

        ``within``: seconds that the other process is waited for.
        """
        ...

    def back_up(self, target: Path, project: str | None) -> Manifest:
        """Write the store, or what one project holds, into one file, from one view and with its secrets.

        Others read and write meanwhile. Raises ``InvalidBackup`` if the file cannot be written, and ``CorruptStore``.
        """
        ...

    def over_tables(self, work: Callable[[Tables], T], *, write: bool) -> T:
        """What ``work`` makes of the bare tables in a transaction of its own; for copying a store whole."""
        ...

    def compact(self) -> None:
        """Give back the room of what was erased."""
        ...

    def close(self) -> None:
        """Finish what was queued, then let go of the files."""
        ...
