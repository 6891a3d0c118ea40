"""How any store keeps jobs: see toldonce.stores.jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stores.filling import Open
from toldonce.stores.jobs import FARTHEST, Job, Wanted
from toldonce.stores.protocol import Store

NOW = 1_000 * FARTHEST
ANY = Wanted(["a", "b"])


def order(store: Store, n: int, due_at: int = NOW, *, kind: str = "a", **options: Any) -> None:
    store.write_now(lambda tx: tx.jobs.add(kind, {"n": n}, due_at, **options))


def lease(store: Store, now: int = NOW, wanted: Wanted = ANY, *, until: int = NOW + 100) -> Job | None:
    return store.write_now(lambda tx: tx.jobs.lease(now, until, wanted))


def leased(store: Store, now: int = NOW, wanted: Wanted = ANY) -> Job:
    job = lease(store, now, wanted)
    assert job is not None
    return job


def numbers(store: Store, now: int = NOW, wanted: Wanted = ANY) -> list[int]:
    """All that can be leased at this moment, in the order in which it is."""
    found = []
    while (job := lease(store, now, wanted)) is not None:
        found.append(job.payload["n"])
    return found


def due(store: Store, now: int = NOW, wanted: Wanted = ANY) -> int | None:
    with store.read() as view:
        return view.jobs.next_due(now, wanted)


def test_a_job_is_leased_by_one_until_its_lease_ends(open_store: Open) -> None:
    one, other = open_store(), open_store()
    order(one, 1, share="p", lane="l")
    first = leased(other)
    assert first == Job(first.id, "a", {"n": 1}, 1, "p", "l")
    assert lease(one) is None
    assert due(one) == NOW + 100
    assert lease(one, NOW + 99) is None
    assert leased(one, NOW + 100) == Job(first.id, "a", {"n": 1}, 2, "p", "l")


def test_who_lost_the_lease_ends_nothing(store: Store) -> None:
    order(store, 1)
    lost = leased(store)
    holder = leased(store, NOW + 100)
    assert not store.write_now(lambda tx: tx.jobs.finish(lost))
    assert not store.write_now(lambda tx: tx.jobs.put_back(lost, NOW, {"n": 2}))
    assert due(store) == NOW + 100
    assert store.write_now(lambda tx: tx.jobs.finish(holder))
    assert not store.write_now(lambda tx: tx.jobs.finish(holder))
    assert due(store) is None


@pytest.mark.parametrize(("payload", "expected"), [(None, 1), ({"n": 7}, 7)])
def test_a_job_is_put_back_for_later(store: Store, payload: dict[str, Any] | None, expected: int) -> None:
    order(store, 1)
    job = leased(store)
    assert store.write_now(lambda tx: tx.jobs.put_back(job, NOW + 50, payload))
    assert due(store) == NOW + 50
    assert lease(store, NOW + 49) is None
    again = leased(store, NOW + 50)
    assert (again.id, again.payload, again.attempts) == (job.id, {"n": expected}, 2)


def test_nothing_is_leased_before_it_is_due(store: Store) -> None:
    order(store, 1, NOW + 1)
    assert (lease(store), due(store)) == (None, NOW + 1)
    assert leased(store, NOW + 1).payload == {"n": 1}


def test_what_a_wrong_clock_put_off_is_due_now(store: Store) -> None:
    order(store, 1, NOW + FARTHEST)
    assert (lease(store), due(store)) == (None, NOW + FARTHEST)
    order(store, 2, NOW + FARTHEST + 1)
    assert due(store) == NOW
    assert numbers(store) == [2]


def test_the_lowest_priority_comes_first_then_what_is_due_longest(store: Store) -> None:
    for n, (due_at, priority) in enumerate([(NOW, 1), (NOW - 1, 2), (NOW, 0), (NOW - 5, 1), (NOW, 1)]):
        order(store, n, due_at, priority=priority)
    assert numbers(store) == [2, 3, 0, 4, 1]


def test_a_lane_keeps_its_order_and_delays_no_other(store: Store) -> None:
    order(store, 1, lane="one")
    order(store, 2, NOW - 9, lane="one")
    order(store, 3, NOW - 1, lane="two")
    order(store, 4, NOW - 2)
    assert numbers(store) == [4, 3, 1, 2]


def test_what_was_put_back_goes_before_what_its_lane_ordered_later(store: Store) -> None:
    order(store, 1, lane="one")
    first = leased(store)
    order(store, 2, NOW + 1, lane="one")
    assert store.write_now(lambda tx: tx.jobs.put_back(first, NOW + 3))
    assert numbers(store, NOW + 3) == [1, 2]


def test_only_what_is_wanted_is_leased(store: Store) -> None:
    order(store, 1, kind="b", share="p", lane="x")
    order(store, 2, share="q", lane="y")
    for wanted, expected in [
        (Wanted(["c"]), None),
        (Wanted(["a"], ["q"]), None),
        (Wanted(["a"], [], ["y"]), None),
        (Wanted(["a", "b"], ["p"], ["y"]), None),
        (Wanted(["a"]), NOW),
        (Wanted(["a", "b"], ["p"]), NOW),
    ]:
        assert due(store, NOW, wanted) == expected
        if expected is None:
            assert lease(store, NOW, wanted) is None
    assert leased(store, NOW, Wanted(["a", "b"], ["p"])).payload == {"n": 2}
    assert leased(store, NOW, Wanted(["a", "b"], [], ["y"])).payload == {"n": 1}


def test_a_key_orders_one_job_at_a_time(open_store: Open) -> None:
    one, other = open_store(), open_store()
    for ordered in [store.write(lambda tx: tx.jobs.add("a", {}, NOW, key="k")) for store in (one, other)]:
        ordered.result()
    one.write_now(lambda tx: tx.jobs.add("a", {"n": 9}, NOW, priority=1, key="l"))
    job = leased(one)
    assert (job.kind, job.payload, job.share, job.lane) == ("a", {}, "", "")
    other.write_now(lambda tx: tx.jobs.add("a", {}, NOW, key="k"))
    assert leased(one).id != job.id  # that of the other key
    assert lease(one) is None
    assert one.write_now(lambda tx: tx.jobs.finish(job))
    other.write_now(lambda tx: tx.jobs.add("b", {}, NOW + 1, key="k"))
    assert leased(one, NOW + 1).kind == "b"


def test_jobs_are_found_by_how_their_keys_begin(store: Store) -> None:
    for n, key in enumerate(("a/1/", "a/1/x", "a/12/", "a/%/", "b")):
        order(store, n, share="p", key=key)
    order(store, 9)
    with store.read() as view:
        assert [job.payload["n"] for job in view.jobs.keyed("a/1/")] == [0, 1]
        assert [(job.payload["n"], job.share) for job in view.jobs.keyed("a/%/")] == [(3, "p")]
        assert view.jobs.keyed("c") == []


def test_jobs_are_counted_by_kind_until_they_are_finished(store: Store) -> None:
    order(store, 1)
    order(store, 2)
    order(store, 3, NOW + 50, kind="b")
    with store.read() as view:
        assert view.jobs.counts() == {"a": 2, "b": 1}
    taken = leased(store)
    with store.read() as view:
        assert view.jobs.counts() == {"a": 2, "b": 1}, "a job under way is not finished"
    store.write_now(lambda tx: tx.jobs.finish(taken))
    with store.read() as view:
        assert view.jobs.counts() == {"a": 1, "b": 1}


def test_a_job_in_hand_is_not_leased_again_when_the_clock_is_set_forward(store: Store) -> None:
    store.write_now(lambda tx: tx.jobs.add("k", {}, 10))
    first = store.write_now(lambda tx: tx.jobs.lease(10, 20, Wanted(("k",))))
    assert first is not None
    in_hand = Wanted(("k",), without_ids=[first.id])
    assert store.write_now(lambda tx: tx.jobs.lease(1_000_000, 1_000_010, in_hand)) is None
    with store.read() as read:
        assert read.jobs.next_due(1_000_000, in_hand) is None
    again = store.write_now(lambda tx: tx.jobs.lease(1_000_000, 1_000_010, Wanted(("k",))))
    assert again is not None, "for others its lease has ended"
