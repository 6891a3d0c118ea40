"""A pool of threads that nobody has to wait for."""

from __future__ import annotations

import threading

import pytest

from toldonce.engine.threads import DaemonPool
from toldonce.errors import Closed


def test_calls_run_side_by_side_in_few_threads() -> None:
    pool, meeting, names = DaemonPool(3, "tests"), threading.Barrier(3), set[str]()

    def work(number: int) -> int:
        names.add(threading.current_thread().name)
        meeting.wait(30)
        return number

    calls = [pool.submit(work, number) for number in range(9)]
    assert [call.result(30) for call in calls] == list(range(9))
    assert len(names) == 3
    pool.shutdown(30)


def test_a_thread_without_work_is_used_again() -> None:
    pool, names = DaemonPool(3, "tests"), set[str]()
    for _ in range(20):
        pool.submit(lambda: names.add(threading.current_thread().name)).result(30)
        free = threading.Event()
        while not free.wait(0.001) and pool._free < 1:
            pass
    assert len(names) == 1
    pool.shutdown(30)


def test_an_error_is_the_caller_s() -> None:
    pool = DaemonPool(1, "tests")
    failed = pool.submit(int, "nothing")
    with pytest.raises(ValueError, match="nothing"):
        failed.result(30)
    assert pool.submit(lambda: 1).result(30) == 1
    pool.shutdown(30)


def test_shutting_down_does_not_wait_for_what_hangs() -> None:
    pool, never, begun = DaemonPool(1, "tests"), threading.Event(), threading.Event()

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
