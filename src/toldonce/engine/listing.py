"""Lists of memories, newest first: a page reads a page's worth of the store, whatever the owners hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from toldonce.engine.filter_cache import STEPS, conditions, too_long
from toldonce.filters import Filter, matches
from toldonce.filters.tree import EVERYTHING
from toldonce.stores.protocol import Read, Store
from toldonce.types import EntityKind, MemoryRecord, Scope

_FIRST_SLICE = 64
_LARGEST_SLICE = 4096
"""Memories read at once where each has to be held against the filter. A slice is four times the one before it."""
QUICK = 10_000
"""Conditions times memories that are held against each other in some tens of milliseconds."""
FEW_CONDITIONS = 10
"""Conditions that take no longer to compare than a memory takes to read."""

Reached = Sequence[tuple[int, Filter]]
"""Owners, each with the part of a filter that its memories differ in: see ``directory.owners_reached``."""


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list."""

    memories: Sequence[tuple[int, MemoryRecord]]
    count: int
    """How many the whole list has."""


def newest(
    store: Store, read: Read, reached: Reached, today: str | None, limit: int
) -> Sequence[tuple[int, MemoryRecord]]:
    """The first ``limit`` of a list. ``today`` (YYYY-MM-DD): without what expired before; None: with it."""
    if _is_whole(reached):
        return read.page([owner_id for owner_id, _ in reached], limit=limit, today=today) if reached else []
    return list(islice(scan(store, read, reached, today), limit))


def page(store: Store, read: Read, reached: Reached, today: str | None, limit: int, offset: int) -> Page:
    """A stretch of a list, and how long the list is.

    To count what a filter on more than entities admits, each memory is read once; none but the page's is kept.
    """
    owner_ids = [owner_id for owner_id, _ in reached]
    if _is_whole(reached):
        count = read.count(owner_ids, today=today)
        within = count > offset
        return Page(read.page(owner_ids, limit=limit, offset=offset, today=today) if within else [], count)
    count, shown = 0, []
    for count, found in enumerate(scan(store, read, reached, today), 1):
        if offset < count <= offset + limit:
            shown.append(found)
    return Page(shown, count)


def scan(store: Store, read: Read, reached: Reached, today: str | None) -> Iterator[tuple[int, MemoryRecord]]:
    """A whole list, read in slices: whoever stops early has read little.

    Raises ``InvalidFilter`` once a filter of many conditions has been held against too many memories.
    """
    rests: Mapping[int, Filter] = dict(reached)
    longest = max(rests.values(), key=conditions, default=EVERYTHING)
    seen, allowed = 0, STEPS // conditions(longest) if conditions(longest) > FEW_CONDITIONS else None
    before: tuple[int, int] | None = None
    size = _FIRST_SLICE
    while rests:
        passed_over = read.passed_over
        found = read.page(list(rests), limit=size, before=before, today=today)
        seen += len(found)
        if allowed is not None and seen > allowed:
            raise too_long(longest, seen)
        for memory_id, record in found:
            rest = rests[store.owner_of(memory_id)]
            if rest == EVERYTHING or matches(rest, record):
                yield memory_id, record
        if len(found) + read.passed_over - passed_over < size:
            return
        before = (found[-1][1].created_at, found[-1][0])
        size = min(4 * size, _LARGEST_SLICE)


def takes_long(read: Read, reached: Reached, *, every: bool) -> bool:
    """Whether so many conditions are to be held against so many memories that nobody else should wait for it.

    ``every``: all that is found is wanted, and not only a page of it.
    """
    if not reached or (_is_whole(reached) and not every):
        return False
    longest = max(1, *(conditions(rest) for _, rest in reached))  # to read it is as much
    return longest * read.count([owner_id for owner_id, _ in reached]) > QUICK


def ids_in_scope(read: Read, project: str, owners: Mapping[int, tuple[EntityKind, str]], scope: Scope) -> list[int]:
    """Every memory of these owners that carries all ids of a scope, expired or not. No record is read."""
    found: list[int] = []
    for owner_id, owner in owners.items():
        found += read.carriers(owner_id, project, [entity for entity in scope.entities() if entity != owner])
    return found


def _is_whole(reached: Reached) -> bool:
    """Whether all that these owners hold is in the list."""
    return all(rest == EVERYTHING for _, rest in reached)
