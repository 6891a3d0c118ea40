"""Counters and histograms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from toldonce import Memory
from toldonce.engine.observe import BOUNDS, Counters, Timings


def test_counters_lose_nothing_among_threads() -> None:
    counters: Counters[str] = Counters()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counters.add("a", 2), range(1_000)))
    assert counters.snapshot() == {"a": 2_000}


def test_a_time_falls_into_the_first_bucket_that_reaches_it() -> None:
    timings: Timings[str] = Timings()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 1e-9, BOUNDS[-1], BOUNDS[-1] + 1):
        timings.add("search", seconds)
    found = timings.snapshot()["search"]
    assert found.counts[:2] == (2, 1)
    assert found.counts[-2:] == (1, 1)
    assert sum(found.counts) == 5
    assert found.seconds == 2 * BOUNDS[0] + 1e-9 + 2 * BOUNDS[-1] + 1


def test_a_search_is_timed_by_its_phases_and_counted_by_whether_it_found_anything(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        memory.add("I keep bees.", user_id="ann")
        memory.add("I keep goats.", user_id="bob", metadata={"kind": "farm"})
        assert memory.search("Who keeps bees?", filters={"user_id": "ann"})["results"]
        assert not memory.search("bees", filters={"user_id": "nobody"})["results"]
        counted, phases = memory._engine.counters(), memory._engine.phases.snapshot()
    assert (counted["searches"], counted["searches_empty"]) == (2, 1)
    assert sum(phases["all"].counts) == sum(phases["rank"].counts) == 2
    assert sum(phases["embed"].counts) == 1, "where nobody has memories there is nothing to embed for"
    assert phases["all"].seconds >= phases["embed"].seconds > 0
    assert counted["queries_cached"] == 1
