"""What is logged is kept for a while, and not longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import until
from toldonce.engine.jobs import Worker
from toldonce.server.retention import KIND, Retention
from toldonce.stores.jobs import Wanted
from toldonce.stores.opening import open_store
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import Call, Delivery
from toldonce.times import now
from toldonce.uids import first_uid, new_uid

DAYS = 7


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def log(store: Store, at: int, count: int) -> list[str]:
    """Calls, each with a delivery, made at one moment."""
    uids = [new_uid(at) for _ in range(count)]

    def work(write: Write) -> None:
        for uid in uids:
            write.serving.keep_call(Call(uid, "p", "ADD", [], {}, at, at, f"key {uid}", b"print"))
            write.serving.log_delivery(Delivery("hook", f"msg_{uid}", "memory_add", "m", 1, 200, None, None, at))

    store.write(work).result()
    return uids


def known(store: Store, uids: list[str]) -> set[str]:
    with store.read() as read:
        return {uid for uid in uids if read.serving.call("p", uid) is not None}


def test_old_lines_go_and_new_ones_stay(store: Store) -> None:
    at = now()
    old = log(store, at - DAYS * 86_400_000_000 - 60_000_000, 1_200)
    new = log(store, at - DAYS * 86_400_000_000 + 60_000_000, 20)
    worker = Worker(store, {KIND: Retention(store, DAYS).forget})
    until(lambda: not known(store, old))
    worker.close()
    assert known(store, old) == set()
    assert known(store, new) == set(new)
    with store.read() as read:
        left = read.serving.deliveries("hook", 10_000)
    assert {delivery.message_id for delivery in left} == {f"msg_{uid}" for uid in new}


def test_there_is_one_such_job_however_often_a_server_starts(store: Store) -> None:
    for _ in range(3):
        Retention(store, DAYS)
    leased = [
        store.write(lambda write: write.jobs.lease(now(), now() + 10**9, Wanted([KIND]))).result() for _ in range(2)
    ]
    assert [job is not None and job.kind == KIND for job in leased] == [True, False]


def test_ids_are_told_apart_by_their_moment() -> None:
    at = 1_767_225_600_000_000
    assert new_uid(at - 1000) < first_uid(at) < new_uid(at)
