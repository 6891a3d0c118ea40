"""A pool of threads in which nobody waits for all that somebody else has to do."""

from __future__ import annotations

import threading

import pytest

from toldonce.engine.threads import FairPool
from toldonce.errors import Closed


def test_calls_run_side_by_side_in_few_threads() -> None:
    pool, meeting, names = FairPool(3, "tests"), threading.Barrier(3), set[str]()

    def work(number: int) -> int:
        names.add(threading.current_thread().name)
        meeting.wait(30)
        return number

    calls = [pool.submit(work, number) for number in range(9)]
    assert [call.result(30) for call in calls] == list(range(9))
    assert len(names) == 3
    pool.shutdown(30)


def test_a_thread_without_work_is_used_again() -> None:
    pool, names = FairPool(3, "tests"), set[str]()
    for _ in range(20):
        pool.submit(lambda: names.add(threading.current_thread().name)).result(30)
        free = threading.Event()
        while not free.wait(0.001) and pool._idle < 1:
            pass
    assert len(names) == 1
    pool.shutdown(30)


def test_an_error_is_the_caller_s() -> None:
    pool = FairPool(1, "tests")
    failed = pool.submit(int, "nothing")
    with pytest.raises(ValueError, match="nothing"):
        failed.result(30)
    assert pool.submit(lambda: 1).result(30) == 1
    pool.shutdown(30)


def test_shutting_down_does_not_wait_for_what_hangs() -> None:
    pool, never, begun = FairPool(1, "tests"), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        never.wait()

    hanging, behind = pool.submit(hang), pool.submit(lambda: 1)
    assert begun.wait(30)
    pool.shutdown(0.01)
    assert behind.cancelled()
    assert not hanging.done()
    with pytest.raises(Closed):
        pool.submit(lambda: 1)
    never.set()
    hanging.result(30)


def test_projects_take_turns_and_leave_each_other_a_thread() -> None:
    pool, over, order = FairPool(2, "tests", of_one=1), threading.Event(), list[str]()
    shop, bank = pool.of("shop"), pool.of("bank")
    first = shop.submit(over.wait, 30)
    waiting = [shop.submit(order.append, "shop") for _ in range(3)]
    assert bank.submit(lambda: "bank").result(30) == "bank"
    assert not order
    over.set()
    assert first.result(30)
    for call in waiting:
        call.result(30)
    assert order == ["shop"] * 3
    pool.shutdown(30)


def test_owners_of_a_project_take_turns() -> None:
    pool, over, order = FairPool(1, "tests"), threading.Event(), list[str]()
    holding = pool.submit(over.wait, 30)
    calls = [pool.of("shop", "ann").submit(order.append, f"ann {n}") for n in range(3)]
    calls.append(pool.of("shop", "bo").submit(order.append, "bo"))
    over.set()
    assert holding.result(30)
    for call in calls:
        call.result(30)
    assert order == ["ann 0", "bo", "ann 1", "ann 2"]
    pool.shutdown(30)


def test_a_shutdown_that_may_take_its_time_carries_everything_out() -> None:
    pool = FairPool(2, "tests", of_one=1)
    calls = [pool.submit(lambda n=n: n) for n in range(20)]
    pool.shutdown(None)
    assert [call.result(0) for call in calls] == list(range(20))
