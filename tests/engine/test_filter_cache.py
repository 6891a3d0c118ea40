"""What is remembered of a filter is what reading everything again would find."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from toldonce import Memory
from toldonce.engine.filter_cache import LONGEST_KEPT, FilterCache
from toldonce.engine.requests import PROJECT
from toldonce.filters import Filter, matches, parse_filters
from toldonce.filters.reduction import for_owner
from toldonce.stores.opening import open_store
from toldonce.stores.protocol import Read

FILTERS: list[dict[str, Any]] = [
    {"user_id": "ann", "run_id": "r0"},
    {"user_id": "ann", "metadata": {"n": 1}},
    {"user_id": "ann", "metadata": {"n": True}},
    {"AND": [{"user_id": "ann"}, {"NOT": [{"run_id": "r1"}]}]},
    {"user_id": "ann", "text": {"icontains": "tea"}},
]
THINGS = ["green tea", "the cat Tom", "a flat in Oslo", "tea with milk"]

added = st.tuples(st.just("add"), st.sampled_from(THINGS), st.sampled_from(["r0", "r1"]), st.integers(0, 2))
edited = st.tuples(st.sampled_from(["delete", "reword", "relabel"]), st.sampled_from(THINGS), st.just(""), st.just(1))


def read_again(store: Read, owner: int, rest: Filter) -> set[int]:
    return {memory_id for memory_id, record in store.records_of(owner).items() if matches(rest, record)}


def test_a_filter_of_very_many_conditions_is_answered_and_not_remembered(tmp_path: Path) -> None:
    parts = [{"metadata": {"n": {"ne": number}}} for number in range(1, LONGEST_KEPT + 5)]
    with Memory(folder=tmp_path) as memory:
        for number in (0, 1, 2):
            memory.add(f"I have {number} beagles.", user_id="ann", metadata={"n": number}, infer=False)
        for count, kept in ((LONGEST_KEPT + 1, 0), (2, 1)):
            asked = {"AND": [{"user_id": "ann"}, *parts[:count]]}
            found = memory.search("beagles", filters=asked)["results"]
            assert [one["memory"] for one in found] == ["I have 0 beagles."]
            assert len(memory._engine.filter_cache) == kept


@settings(max_examples=25, deadline=None)
@given(st.lists(added | edited, min_size=1, max_size=12))
def test_it_is_what_reading_everything_finds(steps: list[tuple[str, str, str, int]]) -> None:
    admitted = FilterCache()
    with TemporaryDirectory() as folder, Memory(folder=folder) as memory:
        reader = open_store(Path(folder))
        try:
            for step in steps:
                take(memory, *step)
                with reader.read() as store:
                    owners = store.owners(PROJECT, "user", ["ann"])
                    for owner, (kind, entity) in owners.items():
                        for asked in FILTERS:
                            rest = for_owner(parse_filters(asked), kind, entity)
                            remembered = set(admitted.ids(store, owner, rest).tolist())
                            assert remembered & store.records_of(owner).keys() == read_again(store, owner, rest)
        finally:
            reader.close()


def take(memory: Memory, verb: str, thing: str, run: str, n: int) -> None:
    """One step: of what there is, the first that speaks of the thing is edited."""
    if verb == "add":
        memory.add(f"I like {thing} a lot", user_id="ann", run_id=run, metadata={"n": n})
        return
    known = memory.get_all(filters={"user_id": "ann"})["results"]
    chosen = [item["id"] for item in known if thing in item["memory"]][:1]
    for memory_id in chosen:
        if verb == "delete":
            memory.delete(memory_id)
        elif verb == "reword":
            memory.update(memory_id, "I have gone off all of it")
        else:
            memory.update(memory_id, metadata={"n": n})


def test_a_read_that_sees_less_is_not_shown_more(tmp_path: Path) -> None:
    admitted, rest = FilterCache(), parse_filters({"metadata": {"n": 1}})
    with Memory(folder=tmp_path) as memory:
        first, second = open_store(tmp_path), open_store(tmp_path)
        memory.add("I like green tea", user_id="ann", metadata={"n": 1})
        with first.read() as before:
            [owner] = before.owners(PROJECT, "user", ["ann"])
            memory.add("I have a cat", user_id="ann", metadata={"n": 1})
            with second.read() as after:
                assert len(admitted.ids(after, owner, rest)) == 2
            assert len(admitted.ids(before, owner, rest)) == 1
        with second.read() as after:
            assert len(admitted.ids(after, owner, rest)) == 2
        first.close()
        second.close()
