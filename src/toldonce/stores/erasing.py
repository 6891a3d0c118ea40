"""Erasing: of what is erased no byte stays, where deleting only takes it out of recall.

An erasure is ordered, carried out and finished in three commits, so that whoever opens the store after a crash goes on
with it. After the second no reader finds anything of it. Between the second and the third the store overwrites what its
files keep of rows that are gone (``Store.purge``).

What is kept of erased words are digests, keyed with a secret of the store: of a history that is sent again nothing is
remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from toldonce.types import ErasedKind


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure, as it stands."""

    number: int
    id: str
    """Its public id."""
    project: str
    kind: ErasedKind
    subject: bytes
    """A keyed digest of whom or what it is about: see ``text.digests.subject_digest``."""
    allow_return: bool
    """Whether the same words may be remembered anew: no digests of them are kept."""
    ordered_at: int
    entity: str | None = None
    """The entity's or memory's id; None once it was carried out."""
    hidden_at: int | None = None
    """When no reader found anything of it any more; None: not yet."""
    erased_at: int | None = None
    """When no byte of it was left; None: not yet."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many things of each kind it took."""
    owners: Sequence[int] = ()
    """Owners of whom nothing is left, by their ids in the store."""
    receipt: str | None = None
    """The signed receipt, JSON."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """What is left of erased memories in the logs, by ids: no words, but that something was said, and when."""

    calls: Sequence[str]
    """Calls that name a memory that is not there any more, among others perhaps."""
    events: Sequence[str]
    deliveries: Sequence[int]
    changes: Sequence[int]
    """Of the change feed."""

    def parts(self, size: int) -> Iterator[Orphans]:
        """The same in parts of so many of each kind at most."""
        most = max(map(len, (self.calls, self.events, self.deliveries, self.changes)))
        for start in range(0, most, size):
            part = slice(start, start + size)
            yield Orphans(self.calls[part], self.events[part], self.deliveries[part], self.changes[part])


class ErasingRead(Protocol):
    """Questions about erasures."""

    def erasure(self, number: int) -> Erasure | None: ...

    def erasures(self, *, unfinished: bool = False) -> list[Erasure]:
        """All of them, or those that are not finished, oldest first."""
        ...

    def erased_words(self, subject: bytes, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Those of these words (``text.digests.bare_digest``) that were erased from this owner, each with when."""
        ...

    def orphans(self, project: str) -> Orphans:
        """What is left of erased memories in the logs of a project."""
        ...


class ErasingWrite(ErasingRead, Protocol):
    """Erasing, step by step."""

    def order(self, id: str, project: str, kind: ErasedKind, entity: str, allow_return: bool, now: int) -> int:
        """Note that something is to be erased; the erasure's number."""
        ...

    def thin_out(self, number: int, now: int) -> list[int] | None:
        """Delete a part of what an erasure is about, so that others need not wait for all of it.

        Returns the versions that wait for a vector, as ``carry_out`` does; None: what is left is to be carried out.
        """
        ...

    def carry_out(self, number: int, now: int) -> list[int]:
        """Delete every row of what an erasure is about.

        Returns the versions that wait for a vector: those of neighbours, whose vectors held words that are gone.
        """
        ...

    def drop_orphans(self, number: int, orphans: Orphans) -> None:
        """Drop these from the logs, and count them with an erasure."""
        ...

    def finish(self, number: int, receipt: str, now: int) -> None:
        """Nothing of it is left, as this receipt says."""
        ...
