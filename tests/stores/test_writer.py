"""Who writes next, and what is committed together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toldonce.stores.protocol import Write
from toldonce.stores.sqlite import SqliteStore, writer


def test_projects_and_their_owners_take_turns_to_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    begun, go_on, order = threading.Event(), threading.Event(), list[str]()

    def hold(write: Write) -> None:
        begun.set()
        go_on.wait(30)

    holding = store.write(hold)
    assert begun.wait(30)

    def note(name: str) -> Callable[[Write], None]:
        return lambda write: order.append(name)

    writes = [store.write(note(f"ann {n}"), ("shop", "ann")) for n in range(3)]
    writes.append(store.write(note("bo"), ("shop", "bo")))
    called_off = store.write(note("never"), ("club", None))
    writes.append(store.write(note("bank"), ("bank", None)))
    assert called_off.cancel()
    go_on.set()
    for write in (holding, *writes):
        write.result(30)
    assert order == ["ann 0", "bank", "bo", "ann 1", "ann 2"]
    store.close()


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_commit_is_not_held_up_by_much_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """What is done is acknowledged before the rest is begun, once a moment is over; before that, all in one commit."""
    monkeypatch.setattr(writer, "_BATCH_SECONDS", seconds)
    store = SqliteStore(tmp_path)
    begun, go_on = threading.Event(), threading.Event()
    acknowledged: list[bool] = []

    def hold(write: Write) -> None:
        begun.set()
        go_on.wait(30)

    holding = store.write(hold)
    assert begun.wait(30)
    first = store.write(lambda write: time.sleep(0.001))
    second = store.write(lambda write: acknowledged.append(first.done()))
    go_on.set()
    for write in (holding, first, second):
        write.result(30)
    assert acknowledged == [seconds == 0]
    store.close()
