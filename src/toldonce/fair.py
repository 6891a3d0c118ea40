"""A queue in which nobody waits for all that somebody else put in."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Container, Hashable, Iterable
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Turn: TypeAlias = tuple[str, Hashable]
"""Whose turn something waits for: a project's, and within it that of one of its owners, or of what stands for one."""
ANYBODY: Turn = ("", None)


class FairQueue(Generic[T]):
    """First in, first out for each owner; projects take turns, and owners take turns within their project.

    Where turns cost more or less, ``charge`` what they cost: the next is that of the project that cost least since it
    began to wait.

    Not safe to use from several threads at once: the caller has the lock.
    """

    def __init__(self, quantum: int = 1) -> None:
        """``quantum``: items an owner may have taken at its turn."""
        self.quantum = quantum
        self._projects: OrderedDict[str, OrderedDict[Hashable, deque[T]]] = OrderedDict()
        self._cost: dict[str, float] = {}
        """Of projects that wait, or did when they were last charged; what is not there counts as the least."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, project: str, owner: Hashable, items: Iterable[T]) -> None:
        """Let these items of an owner wait for their turn."""
        if self._cost and project not in self._projects:  # nobody saves up turns
            self._cost[project] = max(self._cost.get(project, 0.0), self._least())
        owners = self._projects.setdefault(project, OrderedDict())
        waiting = owners.setdefault(owner, deque())
        before = len(waiting)
        waiting.extend(items)
        self._count += len(waiting) - before

    def take(self, limit: int, passed_over: Container[str] = ()) -> list[T]:
        """The next items, at most ``limit`` (a quantum or more). Nobody's turn is cut short.

        Projects that are ``passed_over`` keep their place.
        """
        taken: list[T] = []
        while len(taken) + self.quantum <= limit:
            waiting_projects = (name for name in self._projects if name not in passed_over)
            if self._cost:
                project = min(waiting_projects, key=lambda name: self._cost.get(name, 0.0), default=None)
            else:
                project = next(waiting_projects, None)
            if project is None:
                break
            owners = self._projects.pop(project)
            owner, waiting = owners.popitem(last=False)
            for _ in range(min(self.quantum, len(waiting))):
                taken.append(waiting.popleft())
            if waiting:
                owners[owner] = waiting
            if owners:
                self._projects[project] = owners
        self._count -= len(taken)
        return taken

    def charge(self, project: str, cost: float) -> None:
        """Note what a turn of a project cost, in any unit."""
        if not self._projects:
            self._cost.clear()  # nobody waits for anybody
        else:
            self._cost[project] = max(self._cost.get(project, 0.0), self._least()) + cost

    def _least(self) -> float:
        return min((self._cost.get(name, 0.0) for name in self._projects), default=0.0)

    def clear(self) -> list[T]:
        """Take everything."""
        return self.take(self._count + self.quantum)

    def ahead(self, project: str, items: int) -> int:
        """How many items are taken at most until so many of one owner of a project are."""
        in_project = sum(
            min(items + self.quantum, len(waiting)) for waiting in self._projects.get(project, {}).values()
        )
        in_project = max(in_project, items)
        others = (sum(map(len, owners.values())) for name, owners in self._projects.items() if name != project)
        return in_project + sum(min(in_project + self.quantum, waiting) for waiting in others)
