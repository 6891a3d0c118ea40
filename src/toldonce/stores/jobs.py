"""Work that outlives the process that ordered it, as a store keeps it.

A job is leased by one worker at a time. Whoever holds a lease says which attempt it is: a worker whose lease ended
cannot finish, or put back, what another has taken since.

Leases and due times are of the system's clock, as they outlive reboots and, in a fleet, the machine. If it steps
forward while a job is under way, another process may carry it out too: jobs are done at least once. If it steps back, a
job whose worker died comes again later by as much, by ``FARTHEST`` at most.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

FARTHEST = 2 * 86_400_000_000
"""Microseconds from now to the latest moment a job is due. One that is due later was put there by a clock that was
wrong, and is due now."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work."""

    id: int
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    """How often it was leased, this time included."""
    share: str = ""
    """Who it is done for, such as a project: workers do a few jobs of one at a time."""
    lane: str = ""
    """Jobs of one lane are done one after the other, in the order in which they were ordered; "": it has none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a worker can take now."""

    kinds: Collection[str]
    without_shares: Collection[str] = ()
    without_lanes: Collection[str] = ()
    without_ids: Collection[int] = ()
    """Those that the worker has in hand: its clock may say that their leases have ended."""


class JobsRead(Protocol):
    """Questions about jobs."""

    def next_due(self, now: int, wanted: Wanted) -> int | None:
        """When the next of these jobs may be leased; None: there is none."""
        ...

    def counts(self) -> dict[str, int]:
        """Jobs that are not finished, by kind."""
        ...

    def keyed(self, prefix: str) -> list[Job]:
        """Jobs that are not finished and whose keys begin so, in the order they were ordered."""
        ...


class JobsWrite(JobsRead, Protocol):
    """Ordering jobs and doing them."""

    def add(
        self,
        kind: str,
        payload: dict[str, Any],
        due_at: int,
        *,
        share: str = "",
        lane: str = "",
        priority: int = 0,
        key: str | None = None,
    ) -> None:
        """Order a job. Of those that are due, the lowest ``priority`` comes first, then the one due longest.

        With a ``key``: unless there is one with this key, also if two try at the same moment.
        """
        ...

    def lease(self, now: int, until: int, wanted: Wanted) -> Job | None:
        """Take that one of these jobs that comes first; nobody else gets it before ``until``."""
        ...

    def put_back(self, job: Job, due_at: int, payload: dict[str, Any] | None = None) -> bool:
        """Let it be done again, with another payload if one is given; False: the lease ended, and nothing is done."""
        ...

    def finish(self, job: Job) -> bool:
        """It is done; False: the lease ended, and another may be doing it again."""
        ...
