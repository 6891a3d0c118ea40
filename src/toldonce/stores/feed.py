"""The change feed: what was done to memories, in an order that every reader sees alike.

Where one transaction ends after the other that is the order of their commits. Of those that overlap the one that began
first comes first, and what comes after it is shown once it has ended: nobody goes on behind what is not there yet.

It is read from the log of operations, whoever wrote them: this process, another, the library or a server. A reader
keeps its place in the store, so that it goes on where it was after a restart. Memories that an import brings along
are no changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done to one memory."""

    sequence: int
    """Grows with every change of the store."""
    project: str
    memory_uid: str
    kind: str
    """ADD, UPDATE or DELETE."""
    event_uid: str
    """The call that did it; one call may do several things."""
    at: int
    text: str | None
    """The words the memory has now, which may be newer; None: it was deleted meanwhile."""


class FeedRead(Protocol):
    """Reading the feed."""

    def newest(self) -> int:
        """The sequence of the last change; 0: there was none."""
        ...

    def changes(self, after: int, until: int, limit: int) -> list[Change]:
        """Changes beyond ``after`` up to ``until``, oldest first. Those of erased memories are left out."""
        ...

    def position(self, reader: str) -> int | None:
        """The last change that this reader has seen; None: it never read."""
        ...


class FeedWrite(FeedRead, Protocol):
    """Going on in the feed."""

    def keep_position(self, reader: str, sequence: int) -> None: ...

    def forget_before(self, at: int, limit: int) -> int:
        """Drop at most ``limit`` of the oldest changes that were made before ``at``; how many that were."""
        ...
