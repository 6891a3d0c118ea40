"""Sending: in order, once, by one process, and never given up but for a reason."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from toldonce.errors import (
    AuthenticationFailed,
    HostFailed,
    RateLimited,
    Rejected,
    RemoteError,
    StoreError,
    Unreachable,
)
from toldonce.remote.outbox import policy
from toldonce.remote.outbox import sender as sending
from toldonce.remote.outbox.file import Entry, OutboxFile
from toldonce.remote.outbox.sender import Sender
from toldonce.times import now


@pytest.fixture
def file(tmp_path: Path) -> Iterator[OutboxFile]:
    opened = OutboxFile(tmp_path / "outbox" / "host.db")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps, without the waiting."""
    monkeypatch.setattr(policy, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(policy, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(policy, "LONGEST_HOLD", 0.01)
    monkeypatch.setattr(sending, "_LOOK_AGAIN", 0.02)


class Destination:
    """What a host is for the sender; ``fails`` says what becomes of an entry."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.tried: list[str] = []
        self.fails: Callable[[Entry], Exception | None] = lambda entry: None
        self.under_way = 0
        self.most_under_way = 0
        self.takes = 0.0

    async def __call__(self, entry: Entry) -> None:
        self.tried.append(entry.payload)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            await asyncio.sleep(self.takes)
            error = self.fails(entry)
            if error is not None:
                raise error
            self.got.append(entry.payload)
        finally:
            self.under_way -= 1


@pytest.fixture
def destination() -> Destination:
    return Destination()


@asynccontextmanager
async def running(file: OutboxFile, deliver: Callable[[Entry], Awaitable[None]]) -> AsyncIterator[Sender]:
    sender = Sender(file, deliver)
    task = asyncio.create_task(sender.run())
    yield sender
    sender.stop()
    await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.002)


def put(file: OutboxFile, count: int, conversations: int = 1) -> list[str]:
    for number in range(count):
        file.put(f"k{number}", f"c{number % conversations}", f"{number % conversations}.{number}", now=now())
    return [f"{number % conversations}.{number}" for number in range(count)]


async def test_nothing_that_was_sent_stays_in_the_log(file: OutboxFile, destination: Destination) -> None:
    for number in range(30):
        file.put(f"k{number}", f"c{number % 3}", f"secret word {number}", now())

    def found() -> int:
        return sum(kept.read_bytes().count(b"secret word") for kept in file.path.parent.iterdir())

    assert found() >= 30
    async with running(file, destination):
        await until(lambda: len(destination.got) == 30)
        await until(lambda: file.folded and file.filling().waiting == 0)
        assert found() == 0
        # What was sent goes while others still wait for a host that fails on them.
        destination.fails = lambda entry: Rejected("no") if "kept" in entry.payload else None
        file.put("kept", "c0", "kept word", now())
        for number in range(5):
            file.put(f"more {number}", "c1", "secret word again", now())
        await until(lambda: len(destination.got) == 35 and file.folded)
        assert found() == 0


async def test_everything_is_sent_in_order_and_taken_out(file: OutboxFile, destination: Destination) -> None:
    said = put(file, 20)
    async with running(file, destination):
        await until(lambda: len(destination.got) == 20)
        file.put("late", "c0", "late", now=now())
        await until(lambda: file.filling().waiting == 0)
    assert destination.got == [*said, "late"]
    assert destination.most_under_way == 1


async def test_conversations_go_side_by_side_each_in_order(file: OutboxFile, destination: Destination) -> None:
    put(file, 60, conversations=6)
    destination.takes = 0.002
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert 1 < destination.most_under_way <= 4
    for name in range(6):
        mine = [int(text.split(".")[1]) for text in destination.got if text.startswith(f"{name}.")]
        assert mine == list(range(name, 60, 6))


async def test_a_host_that_is_away_costs_nothing_but_time(file: OutboxFile, destination: Destination) -> None:
    said = put(file, 5)
    destination.fails = lambda entry: Unreachable("gone") if len(destination.tried) <= 6 else None
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert destination.got == said
    assert destination.tried == [said[0]] * 6 + said


async def test_one_try_finds_out_whether_a_host_is_back(file: OutboxFile, destination: Destination) -> None:
    put(file, 40, conversations=8)
    destination.fails = lambda entry: Unreachable("gone") if len(destination.tried) < 20 else None
    async with running(file, destination) as sender:
        await until(lambda: sender.paused)
        destination.most_under_way = 0
        await until(lambda: len(destination.tried) >= 15)
        assert destination.most_under_way == 1
        await until(lambda: file.filling().waiting == 0)
    assert len(destination.got) == 40


async def test_retry_after_is_waited_for_and_a_nudge_ends_the_wait(file: OutboxFile, destination: Destination) -> None:
    put(file, 3)
    destination.fails = lambda entry: RateLimited("later", retry_after=600) if len(destination.tried) == 1 else None
    async with running(file, destination) as sender:
        await until(lambda: sender.paused)
        await asyncio.sleep(0.1)
        assert len(destination.tried) == 1
        sender.nudge()
        await until(lambda: file.filling().waiting == 0)


async def test_a_key_that_is_refused_holds_the_queue_until_it_is_accepted(
    file: OutboxFile, destination: Destination, caplog: pytest.LogCaptureFixture
) -> None:
    said = put(file, 3)
    accepted = False
    destination.fails = lambda entry: None if accepted else AuthenticationFailed("401, check api_key=")
    with caplog.at_level(logging.ERROR):
        async with running(file, destination) as sender:
            await until(lambda: len(destination.tried) >= 5)
            assert "401" in str(file.setting("held"))
            sender.nudge()  # that the host is alive does not make the key right
            accepted = True
            await until(lambda: file.filling().waiting == 0)
    assert destination.got == said
    assert file.setting("held") is None
    assert len(caplog.records) == 1
    assert not file.parked()


async def test_poison_is_put_aside_with_its_reason_and_the_rest_goes_on(
    file: OutboxFile, destination: Destination
) -> None:
    said = put(file, 5)
    destination.fails = lambda entry: Rejected("400, too odd") if entry.payload == said[1] else None
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert destination.got == [said[0], *said[2:]]
    (parked,) = file.parked()
    assert (parked.payload, parked.tries, parked.reason) == (said[1], 3, "Rejected: 400, too odd")


async def test_an_entry_that_breaks_the_host_does_not_hold_up_other_conversations(
    file: OutboxFile, destination: Destination
) -> None:
    said = put(file, 10, conversations=2)
    destination.fails = lambda entry: HostFailed("500") if entry.conversation == "c0" else None
    async with running(file, destination):
        await until(lambda: len(destination.got) == 5)
        await until(lambda: destination.tried.count(said[0]) >= 3)
    assert destination.got == said[1::2]
    assert not file.parked()
    assert file.waiting()[0].reason == "HostFailed: 500"


async def test_what_waited_for_too_long_is_put_aside_with_a_warning_before(
    file: OutboxFile, destination: Destination, caplog: pytest.LogCaptureFixture
) -> None:
    file.put("old", "c", "old", now=now() - sending.OLDEST - 1)
    file.put("aging", "d", "aging", now=now() - int(0.9 * sending.OLDEST))
    with caplog.at_level(logging.WARNING):
        async with running(file, destination):
            await until(lambda: file.filling().waiting == 0)
    assert destination.got == ["aging"]
    assert [entry.key for entry in file.parked()] == ["old"]
    assert "30 days" in caplog.text
    assert "soon" in caplog.text


async def test_a_clock_that_is_set_forward_puts_nothing_aside(
    file: OutboxFile, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while it sends, nor at the next start: what waits goes to the host when that is back."""
    file.put("young", "c", "young", now=now())
    down = [True]
    destination.fails = lambda entry: Unreachable("down") if down[0] else None
    monkeypatch.setattr(sending, "_UPKEEP_EVERY", 0.0)
    async with running(file, destination):
        await until(lambda: bool(destination.tried))
        monkeypatch.setattr("toldonce.times.time.time_ns", lambda: (now_before + 400 * 86_400_000_000) * 1000)
        await until(lambda: len(destination.tried) >= 2)
    assert file.filling().waiting == 1
    async with running(file, destination):
        await until(lambda: len(destination.tried) >= 3)
        assert not file.parked()
        down[0] = False
        await until(lambda: destination.got == ["young"])
    assert not file.parked()


now_before = now()


async def test_two_senders_on_one_outbox_never_send_twice(file: OutboxFile, destination: Destination) -> None:
    """Each has its own file handle and lease, as two processes have."""
    other = OutboxFile(file.path)
    said = put(file, 50)
    async with running(file, destination), running(other, destination):
        await until(lambda: file.filling().waiting == 0)
    assert destination.got == said
    other.close()


async def test_when_the_one_that_sends_ends_another_takes_over(file: OutboxFile, destination: Destination) -> None:
    other = OutboxFile(file.path)
    async with running(other, destination):
        async with running(file, destination):
            put(file, 1)
            await until(lambda: len(destination.got) == 1)
        file.put("later", "c0", "later", now=now())
        await until(lambda: len(destination.got) == 2)
    other.close()


async def test_what_was_sent_is_not_sent_again_while_the_disk_is_full(
    file: OutboxFile, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(file, 2)
    acknowledge, failures = file.acknowledged, 3

    def full(entry: Entry, at: int) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("the disk is full")
        acknowledge(entry, at)

    monkeypatch.setattr(file, "acknowledged", full)
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert destination.tried == ["0.0", "0.1"]


async def test_an_unreadable_outbox_is_tried_again(
    file: OutboxFile, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(file, 2)
    look, failures = file.after, 2

    def broken(entry_id: int) -> list[tuple[int, str]]:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("I/O error")
        return look(entry_id)

    monkeypatch.setattr(file, "after", broken)
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert len(destination.got) == 2


async def test_stopping_lets_what_is_under_way_end(file: OutboxFile, destination: Destination) -> None:
    put(file, 3)
    destination.takes = 0.05
    async with running(file, destination):
        await until(lambda: destination.under_way == 1)
    assert len(destination.got) == 1
    assert file.filling().waiting == 2


async def test_stopping_does_not_wait_for_ever(
    file: OutboxFile, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_LAST_WORDS", 0.02)
    put(file, 1)
    destination.takes = 60
    async with running(file, destination):
        await until(lambda: destination.under_way == 1)
    assert file.filling().waiting == 1


@pytest.mark.parametrize("error", [RemoteError("odd"), KeyError("a bug")])
async def test_whatever_goes_wrong_nothing_is_lost(
    file: OutboxFile, destination: Destination, error: Exception
) -> None:
    said = put(file, 4, conversations=2)
    destination.fails = lambda entry: error if len(destination.tried) <= 4 else None
    async with running(file, destination):
        await until(lambda: file.filling().waiting == 0)
    assert sorted(destination.got) == sorted(said)
