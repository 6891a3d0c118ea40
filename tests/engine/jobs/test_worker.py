"""Jobs: leased by one worker, tried again, given up, and picked up after a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import until
from toldonce.engine.jobs import LATER, Later, Worker, next_try
from toldonce.engine.jobs.worker import LEASE
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Job
from toldonce.stores.sqlite import SqliteStore
from toldonce.times import now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path, "test embedder")
    yield opened
    opened.close()


def order(store: SqliteStore, *numbers: int) -> None:
    def work(write: Write) -> None:
        for number in numbers:
            write.serving.add_job("count", {"n": number}, now())

    store.write(work).result()


def test_every_job_is_carried_out_once(store: SqliteStore) -> None:
    seen: list[int] = []
    done = threading.Event()

    def count(job: Job) -> None:
        seen.append(job.payload["n"])
        if len(seen) == 20:
            done.set()

    order(store, *range(10))
    workers = [Worker(store, {"count": count}) for _ in range(2)]
    order(store, *range(10, 20))
    for worker in workers:
        worker.nudge()
    assert done.wait(30)
    for worker in workers:
        worker.close()
    assert sorted(seen) == list(range(20))
    with store.read() as read:
        assert read.serving.next_due() is None


def test_a_store_that_takes_no_writes_is_waited_for(
    store: SqliteStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    tries: list[object] = []
    write_now = store.write_now

    def counted(work: Callable[[Write], object]) -> object:
        tries.append(work)
        return write_now(work)

    monkeypatch.setattr(store, "write_now", counted)
    monkeypatch.setattr("toldonce.engine.jobs.worker._OUTAGE", 0.01)
    order(store, 1)
    store._write_connection.pragma("query_only", True)  # as on a disk that is full: what is due can still be read
    worker = Worker(store, {"count": lambda _: done.set()})
    until(lambda: len(tries) >= 5)
    assert not done.is_set()
    assert len([record for record in caplog.records if record.name == "toldonce.engine.jobs.worker"]) == 1
    store._write_connection.pragma("query_only", False)
    assert done.wait(30)
    worker.close()


def test_a_job_that_asks_for_it_comes_again(store: SqliteStore) -> None:
    attempts: list[int] = []
    done = threading.Event()

    def fail_twice(job: Job) -> None:
        attempts.append(job.attempts)
        if job.attempts < 3:
            raise Later(now())
        done.set()

    order(store, 1)
    worker = Worker(store, {"count": fail_twice})
    assert done.wait(30)
    worker.close()
    assert attempts == [1, 2, 3]


def test_a_job_that_cannot_be_done_ends_and_its_words_stay_out_of_the_log(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    def broken(job: Job) -> None:
        if job.payload["n"] == 1:
            raise ValueError("Ann's secret")
        done.set()

    order(store, 1, 2)
    worker = Worker(store, {"count": broken})
    assert done.wait(30)
    worker.close()
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
    with store.read() as read:
        assert read.serving.next_due() is None


def test_a_leased_job_is_nobody_elses_until_the_lease_ends(store: SqliteStore) -> None:
    order(store, 1)
    at = now()
    taken = store.write(lambda write: write.serving.lease_job(at, at + LEASE)).result()
    assert taken is not None
    assert store.write(lambda write: write.serving.lease_job(at, at + LEASE)).result() is None
    again = store.write(lambda write: write.serving.lease_job(at + LEASE, at + 2 * LEASE)).result()
    assert again is not None
    assert (again.id, again.attempts) == (taken.id, 2)


def test_failed_work_waits_longer_each_time_and_is_given_up() -> None:
    waits = [next_try(attempts, 0) for attempts in range(1, len(LATER) + 2)]
    assert waits[-1] is None
    for seconds, wait in zip(LATER, waits[:-1], strict=True):
        assert wait is not None
        assert seconds <= wait / 1_000_000 <= seconds * 1.1
