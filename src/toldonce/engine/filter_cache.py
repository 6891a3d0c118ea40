"""Which of an owner's memories a filter admits, remembered: reading them all takes 25 times as long as ranking them."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.caches import LRUCache
from toldonce.errors import InvalidFilter
from toldonce.filters import And, Filter, Not, Or, matches
from toldonce.priority import giving_way
from toldonce.stores.protocol import Read

KEPT = 128
"""Filters and owners remembered together: 10 MB where each admits 10,000 memories."""
LONGEST_KEPT = 300
"""Conditions of a filter that is remembered: thousands of objects each, at which the garbage collector looks."""
STEPS = 2_000_000
"""Conditions times memories that one filter may take for one owner: seconds. Beyond it is refused."""


class _Known(NamedTuple):
    version: int
    """The owner's, at which it was true."""
    ids: NDArray[np.int64]


class FilterCache:
    """Memory ids by owner and filter; what was written since is all that is looked at again. Any thread may ask."""

    def __init__(self) -> None:
        self._known: LRUCache[tuple[int, Filter], _Known] = LRUCache(KEPT, owner_of=itemgetter(0))

    def __len__(self) -> int:
        return len(self._known)

    def steps(self, store: Read, owner_id: int, rest: Filter, memories: int) -> int:
        """Conditions to be held against an owner's memories before ``ids`` can tell: 0 where the filter is known.

        Raises ``InvalidFilter`` beyond ``STEPS``.
        """
        known = self._known.get((owner_id, rest))
        if known is not None and known.version <= store.owner_version(owner_id):
            return 0
        steps = conditions(rest) * memories
        if steps > STEPS:
            raise too_long(rest, memories)
        return steps

    def ids(self, store: Read, owner_id: int, rest: Filter) -> NDArray[np.int64]:
        """The owner's memories that ``rest`` (see ``filters.reduction``) admits; among them may be deleted ones."""
        version = store.owner_version(owner_id)
        known = self._known.get((owner_id, rest))
        if known is not None and known.version == version:
            return known.ids
        if known is None or known.version > version:  # newer than what this read sees
            known = _Known(0, np.empty(0, np.int64))
        written = store.records_of(owner_id, known.version)
        admitted = [memory_id for memory_id, record in giving_way(written.items()) if matches(rest, record)]
        ids = known.ids[~np.isin(known.ids, np.fromiter(written, np.int64))]
        ids = np.concatenate((ids, np.array(admitted, np.int64)))
        if conditions(rest) <= LONGEST_KEPT:
            self._known.put((owner_id, rest), _Known(version, ids))
        return ids

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """See ``caches.Cache``."""
        self._known.forget(owner_ids)


def conditions(tree: Filter) -> int:
    """How many conditions a filter has."""
    match tree:
        case And(parts) | Or(parts):
            return sum(map(conditions, parts))
        case Not(part):
            return conditions(part)
    return 1


def too_long(rest: Filter, memories: int) -> InvalidFilter:
    """The error for a filter that would have to be held against so many memories."""
    return InvalidFilter(
        f"A filter of {conditions(rest)} conditions takes too long over {memories} memories: conditions times "
        f"memories may be at most {STEPS}. Use fewer conditions, or one 'in' with a list instead of many."
    )
