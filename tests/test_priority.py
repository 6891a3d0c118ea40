"""Long work gives way to quick work, and is done some time all the same."""

from __future__ import annotations

import threading
import time

import pytest

from toldonce import priority
from toldonce.priority import give_way, giving_way, long, quick


@pytest.fixture(autouse=True)
def willing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "RATIO", 1e9)
    monkeypatch.setattr(priority, "LONGEST_REST", 30.0)


class Elsewhere:
    """Quick work in another thread, for as long as it is let."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self.begun.wait(30)

    def _run(self) -> None:
        with quick(), quick():
            self.begun.set()
            self.end.wait(30)


def test_long_work_rests_until_quick_work_is_done() -> None:
    elsewhere, went_on = Elsewhere(), threading.Event()

    def work() -> None:
        with long():
            assert list(giving_way(["a piece"])) == ["a piece"]
        went_on.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert not went_on.wait(0.05)
    elsewhere.end.set()
    assert went_on.wait(30)
    worker.join()
    elsewhere.thread.join()


def test_other_work_rests_for_nobody() -> None:
    elsewhere = Elsewhere()
    give_way()
    with quick():
        give_way()
    with long():
        pass
    give_way()
    elsewhere.end.set()
    elsewhere.thread.join()


def test_long_work_rests_no_longer_than_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "RATIO", 0.0)
    elsewhere = Elsewhere()
    with long():
        give_way()
    monkeypatch.setattr(priority, "RATIO", 1e9)
    monkeypatch.setattr(priority, "LONGEST_REST", 0.001)
    with long():
        time.sleep(0.001)
        give_way()
        give_way()
    elsewhere.end.set()
    elsewhere.thread.join()
