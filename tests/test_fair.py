"""Who is next when many wait."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from toldonce.fair import FairQueue

QUANTUM = 2
Item = tuple[str, int, int]


def filled(counts: dict[tuple[str, int], int]) -> FairQueue[Item]:
    queue: FairQueue[Item] = FairQueue(QUANTUM)
    for (project, owner), count in counts.items():
        queue.put(project, owner, [(project, owner, number) for number in range(count)])
    return queue


def drained(queue: FairQueue[Item], limit: int) -> list[Item]:
    taken: list[Item] = []
    while chunk := queue.take(limit):
        assert len(chunk) <= limit
        taken += chunk
    return taken


counts = st.dictionaries(
    st.tuples(st.sampled_from(["shop", "bank", "game"]), st.integers(1, 5)), st.integers(1, 60), max_size=12
)


@given(counts, st.integers(QUANTUM, 20))
def test_everything_is_taken_once_and_in_order_for_each_owner(waiting: dict[tuple[str, int], int], limit: int) -> None:
    queue = filled(waiting)
    assert len(queue) == sum(waiting.values())
    taken = drained(queue, limit)
    assert len(queue) == 0
    for (project, owner), count in waiting.items():
        assert [item for item in taken if item[:2] == (project, owner)] == [(project, owner, n) for n in range(count)]


@given(counts, st.integers(QUANTUM, 20))
def test_nobody_waits_longer_than_was_foretold(waiting: dict[tuple[str, int], int], limit: int) -> None:
    queue = filled(waiting)
    foretold = {place: queue.ahead(place[0], count) for place, count in waiting.items()}
    taken = drained(queue, limit)
    for place, count in waiting.items():
        last = taken.index((*place, count - 1))
        assert last < foretold[place] + len(waiting) * QUANTUM


def test_one_owner_s_thousands_do_not_come_before_another_s_few() -> None:
    queue = filled({("shop", 1): 20_000, ("shop", 2): 2})
    assert queue.ahead("shop", 2) <= 4 * QUANTUM
    assert {(project, owner) for project, owner, _ in queue.take(2 * QUANTUM)} == {("shop", 1), ("shop", 2)}


def test_a_project_of_many_owners_gets_no_more_turns_than_one_of_a_single_owner() -> None:
    queue = filled({**{("shop", owner): 100 for owner in range(50)}, ("bank", 99): 100})
    shares = Counter(project for project, _, _ in queue.take(20 * QUANTUM))
    assert shares == {"shop": 10 * QUANTUM, "bank": 10 * QUANTUM}


def test_a_project_that_is_passed_over_keeps_its_place() -> None:
    queue = filled({("shop", 1): 4, ("bank", 1): 4})
    assert {project for project, _, _ in queue.take(4, passed_over={"shop"})} == {"bank"}
    assert queue.take(2, passed_over={"shop", "bank"}) == []
    assert [project for project, _, _ in queue.take(QUANTUM)] == ["shop"] * QUANTUM
    assert len(queue) == 2


def test_whose_turns_cost_more_has_fewer() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("dear", 1, ["dear"] * 50)
    queue.put("cheap", 1, ["cheap"] * 100)
    taken = []
    for _ in range(66):
        taken += queue.take(1)
        queue.charge(taken[-1], 10 if taken[-1] == "dear" else 1)
    assert 5 <= taken.count("dear") <= 7


def test_nobody_saves_up_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("one", 1, ["one"] * 100)
    for _ in range(50):
        queue.charge(queue.take(1)[0], 1)
    queue.put("other", 1, ["other"] * 50)
    taken = []
    for _ in range(20):
        taken += queue.take(1)
        queue.charge(taken[-1], 1)
    assert taken.count("one") == taken.count("other") == 10
    assert len(queue.clear()) == 80
    queue.charge("one", 1000)
    queue.put("one", 1, ["one"])
    queue.put("other", 1, ["other"])
    assert queue.take(2) == ["one", "other"]


def test_what_a_turn_cost_passes_nobody_over_for_good() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("dear", 1, ["dear"] * 2)
    queue.put("full", 1, ["full"])
    queue.charge("dear", 100)
    assert queue.take(1, passed_over={"full"}) == ["dear"]
    assert queue.take(1, passed_over={"dear", "full"}) == []
    assert queue.take(2) == ["full", "dear"]
