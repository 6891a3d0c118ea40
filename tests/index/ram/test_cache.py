from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from functools import cached_property
from threading import Barrier, Thread

import numpy as np
import pytest

from tests.index.helpers import row
from toldonce.index.ram import IndexCache, OwnerIndex
from toldonce.types import IndexRow

Loaded = tuple[int, Sequence[IndexRow], Sequence[int]]


class Store:
    """An owner's rows by version, and what was asked of it."""

    def __init__(self) -> None:
        self.written: list[tuple[int, IndexRow]] = []
        self.deleted: list[tuple[int, int]] = []
        self.version = 0
        self.asked: list[int] = []

    def write(self, *rows: IndexRow, delete: Sequence[int] = ()) -> None:
        self.version += 1
        self.written += [(self.version, row) for row in rows]
        self.deleted += [(self.version, memory_id) for memory_id in delete]

    def load(self, since: int) -> Loaded:
        self.asked.append(since)
        rows = [row for version, row in self.written if version > since]
        return self.version, rows, [memory_id for version, memory_id in self.deleted if version > since]


def test_only_what_is_newer_is_read() -> None:
    store, cache = Store(), IndexCache(10**9)
    store.write(row(1), row(2))
    assert cache.get(7, store.version, store.load).ids.tolist() == [1, 2]
    cache.get(7, store.version, store.load)
    store.write(row(3), delete=[1])
    view = cache.get(7, store.version, store.load)
    assert view.ids[view.alive].tolist() == [2, 3]
    assert store.asked == [0, 1]


def test_the_least_recently_used_owner_goes_first() -> None:
    one = OwnerIndex()
    one.apply([row(1)])
    cache = IndexCache(one.nbytes * 2)
    stores = [Store() for _ in range(3)]
    for store in stores:
        store.write(row(1))
    for owner in (0, 1, 0, 2):
        cache.get(owner, 1, stores[owner].load)
    assert len(cache) == 2
    assert cache.nbytes == one.nbytes * 2
    cache.get(0, 1, stores[0].load)
    cache.get(1, 1, stores[1].load)
    assert [store.asked for store in stores] == [[0], [0, 0], [0]]


def test_an_owner_too_large_for_the_cache_is_answered_all_the_same() -> None:
    store, cache = Store(), IndexCache(1)
    store.write(row(1))
    assert cache.get(1, 1, store.load).count == 1


def test_cleared_owners_are_read_again() -> None:
    store, cache = Store(), IndexCache(10**9)
    store.write(row(1))
    for _ in range(2):
        cache.get(1, 1, store.load)
        cache.get(1, 1, store.load)
        cache.forget(None)
    assert store.asked == [0, 0]
    assert (len(cache), cache.nbytes) == (0, 0)


def test_a_failed_load_leaves_the_owner_as_it_was() -> None:
    store, cache = Store(), IndexCache(10**9)
    store.write(row(1))
    cache.get(1, 1, store.load)

    def fail(since: int) -> Loaded:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        cache.get(1, 2, fail)
    store.write(row(2))
    assert cache.get(1, 2, store.load).count == 2


def test_one_thread_loads_and_the_others_wait() -> None:
    store, cache = Store(), IndexCache(10**9)
    store.write(*(row(n) for n in range(500)))
    start = Barrier(8)
    counts: list[int] = []

    def ask() -> None:
        start.wait()
        counts.append(cache.get(1, 1, store.load).count)

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [500] * 8
    assert store.asked == [0]


@pytest.mark.parametrize("memories", [1, 3, 10, 100, 1000])
def test_what_is_counted_is_what_it_costs(memories: int) -> None:
    """Small owners too, of whom a store has most; with what a search works out of them."""
    owners = max(5, 200 // memories)
    rows = [row(number, vector=np.full(384, 384**-0.5, np.float32)) for number in range(1, memories + 1)]
    cache = IndexCache(10**9)
    cache.get(0, 1, lambda since: (1, rows, []))  # imports and caches of the process
    tracemalloc.start()
    try:
        before, counted = tracemalloc.get_traced_memory()[0], cache.nbytes
        for owner in range(1, owners + 1):
            view = cache.get(owner, 1, lambda since: (1, rows, []))
            for name, derived in vars(type(view)).items():
                if isinstance(derived, cached_property):
                    getattr(view, name)
        cost = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.75 <= (cache.nbytes - counted) / cost <= 1.6, (cache.nbytes - counted, cost)


def test_the_cap_holds_for_many_small_owners() -> None:
    cache = IndexCache(1_000_000)
    for owner in range(200):
        cache.get(owner, 1, lambda since: (1, [row(1, vector=np.full(384, 384**-0.5, np.float32))], []))
    assert 20 <= len(cache) <= 45, "at some 23 kB each"
    assert cache.nbytes <= 1_000_000
