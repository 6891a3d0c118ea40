"""A queue in which nobody waits for all that somebody else put in."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

QUANTUM = 2
"""Items an owner may have taken at its turn."""


class FairQueue(Generic[T]):
    """First in, first out for each owner; projects take turns, and owners take turns within their project.

    Not safe to use from several threads at once: the caller has the lock.
    """

    def __init__(self) -> None:
        self._projects: OrderedDict[str, OrderedDict[int, deque[T]]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, project: str, owner_id: int, items: Iterable[T]) -> None:
        """Let these items of an owner wait for their turn."""
        owners = self._projects.setdefault(project, OrderedDict())
        waiting = owners.setdefault(owner_id, deque())
        before = len(waiting)
        waiting.extend(items)
        self._count += len(waiting) - before

    def take(self, limit: int) -> list[T]:
        """The next items, at most ``limit`` (``QUANTUM`` or more). Nobody's turn is cut short."""
        taken: list[T] = []
        while self._projects and len(taken) + QUANTUM <= limit:
            project, owners = self._projects.popitem(last=False)
            owner_id, waiting = owners.popitem(last=False)
            for _ in range(min(QUANTUM, len(waiting))):
                taken.append(waiting.popleft())
            if waiting:
                owners[owner_id] = waiting
            if owners:
                self._projects[project] = owners
        self._count -= len(taken)
        return taken

    def clear(self) -> list[T]:
        """Take everything."""
        return self.take(self._count + QUANTUM)

    def ahead(self, project: str, items: int) -> int:
        """How many items are taken at most until so many of one owner of a project are."""
        in_project = sum(min(items + QUANTUM, len(waiting)) for waiting in self._projects.get(project, {}).values())
        in_project = max(in_project, items)
        others = (sum(map(len, owners.values())) for name, owners in self._projects.items() if name != project)
        return in_project + sum(min(in_project + QUANTUM, waiting) for waiting in others)
