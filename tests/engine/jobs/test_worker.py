"""Jobs: leased by one worker, tried again, given up, and picked up after a crash."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redirecting import address_of, of_folders
from tests.waiting import until
from toldonce.engine.jobs import LATER, Later, Worker, next_try
from toldonce.engine.jobs.worker import AT_ONCE, OF_ONE_SHARE
from toldonce.stores.jobs import Job, Wanted
from toldonce.stores.opening import open_store
from toldonce.stores.protocol import Read, Store, Write
from toldonce.times import now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def order(store: Store, *numbers: int) -> None:
    def work(write: Write) -> None:
        for number in numbers:
            write.jobs.add("count", {"n": number}, now())

    store.write(work).result()


def test_every_job_is_carried_out_once(store: Store) -> None:
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
        assert read.jobs.next_due(now(), Wanted(["count"])) is None


@of_folders
def test_a_store_that_takes_no_writes_is_waited_for(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
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
    store._write_connection.pragma("query_only", True)  # type: ignore[attr-defined] # as on a full disk: what is due can be read
    worker = Worker(store, {"count": lambda _: done.set()})
    until(lambda: len(tries) >= 5)
    assert not done.is_set()
    assert len([record for record in caplog.records if record.name == "toldonce.engine.jobs.worker"]) == 1
    store._write_connection.pragma("query_only", False)  # type: ignore[attr-defined]
    assert done.wait(30)
    worker.close()


def test_a_job_that_asks_for_it_comes_again(store: Store) -> None:
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
    store: Store, caplog: pytest.LogCaptureFixture
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
        assert read.jobs.next_due(now(), Wanted(["count"])) is None


def test_a_worker_leaves_jobs_it_has_no_handler_for_to_others(store: Store) -> None:
    done = threading.Event()
    store.write_now(lambda write: write.jobs.add("else", {}, 1))
    order(store, 1)
    worker = Worker(store, {"count": lambda _: done.set()})
    assert done.wait(30)
    worker.close()
    with store.read() as read:
        assert read.jobs.next_due(now(), Wanted(["else"])) == 1


def test_one_project_does_not_take_all_places(store: Store) -> None:
    """Jobs of a busy project that never end leave places for those of others."""
    hold, other, begun = threading.Event(), threading.Event(), threading.Semaphore(0)

    def handle(job: Job) -> None:
        if job.share == "busy":
            begun.release()
            hold.wait(60)
        else:
            other.set()

    def work(write: Write) -> None:
        for _ in range(2 * AT_ONCE):
            write.jobs.add("work", {}, 1, share="busy")

    store.write_now(work)
    worker = Worker(store, {"work": handle})
    for _ in range(OF_ONE_SHARE):
        assert begun.acquire(timeout=30)
    store.write_now(lambda write: write.jobs.add("work", {}, 2, share="quiet"))
    worker.nudge()
    assert other.wait(30)
    assert not begun.acquire(blocking=False)
    hold.set()
    worker.close()


def test_a_worker_ends_at_once_and_what_it_leaves_is_done_again(store: Store) -> None:
    begun, hold = threading.Event(), threading.Event()

    def handle(_: Job) -> None:
        begun.set()
        hold.wait(60)
        raise ValueError("broken off")

    order(store, 1)
    worker = Worker(store, {"count": handle})
    assert begun.wait(30)
    worker.close()
    hold.set()
    worker.close()  # waits for what it broke off
    with store.read() as read:
        due = read.jobs.next_due(now(), Wanted(["count"]))
    assert due is not None
    assert due > now()


class Listener:
    """A reader of the feed that notes what it is told."""

    name = "listener"

    def __init__(self, last: str) -> None:
        self.told: list[tuple[str, str, str | None]] = []
        self.last = last
        self.enough = threading.Event()

    def look(self, store: Read) -> Callable[[Write], None] | None:
        newest, position = store.feed.newest(), store.feed.position(self.name)
        if newest == position:
            return None
        changes = store.feed.changes(position or 0, newest, 100)

        def advance(write: Write) -> None:
            self.told += [(change.project, change.kind, change.text) for change in changes]
            if self.last in [change.text for change in changes]:
                self.enough.set()
            write.feed.keep_position(self.name, newest)

        return advance


def test_a_reader_is_told_what_other_processes_write_and_goes_on_where_it_was(tmp_path: Path) -> None:
    def write(text: str) -> None:
        code = "import sys; from toldonce import Memory; Memory(folder=sys.argv[1]).add(sys.argv[2], user_id='ann')"
        subprocess.run([sys.executable, "-c", code, address_of(tmp_path), text], check=True)

    write("I like tea.")
    store = open_store(tmp_path)
    first = Listener("I like rye.")
    worker = Worker(store, {}, [first])
    write("I like rye.")
    assert first.enough.wait(30)
    worker.close()
    assert first.told == [("default", "ADD", "I like tea."), ("default", "ADD", "I like rye.")]
    second = Listener("I like oats.")
    write("I like millet.")
    write("I like oats.")
    worker = Worker(store, {}, [second])
    assert second.enough.wait(30)
    worker.close()
    assert second.told == [("default", "ADD", "I like millet."), ("default", "ADD", "I like oats.")]
    store.close()


def test_failed_work_waits_longer_each_time_and_is_given_up() -> None:
    waits = [next_try(attempts, 0) for attempts in range(1, len(LATER) + 2)]
    assert waits[-1] is None
    for seconds, wait in zip(LATER, waits[:-1], strict=True):
        assert wait is not None
        assert seconds <= wait / 1_000_000 <= seconds * 1.1
