"""Storing in order: toldonce.pipecat.writer over a memory that hangs, fails and recovers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from toldonce.errors import InvalidInput
from toldonce.pipecat.writer import Entry, Owner, Writer


def entry(text: str) -> Entry:
    return Entry(f"talk of {text}", 0, "user", text, None, datetime.now(UTC), {}, Owner({"user_id": "ann"}))


async def test_a_write_that_hangs_keeps_nothing_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.pipecat.writer._HANGS_AFTER", 0.05)
    stored: list[str] = []
    reported: list[str] = []

    async def store(entries: Sequence[Entry]) -> None:
        if not reported:
            await asyncio.Event().wait()
        stored.extend(one.text for one in entries)

    async def report(what: str, error: Exception) -> None:
        reported.append(str(error))

    async def quiet() -> None: ...

    writer = Writer(store, report, quiet, lambda: False)
    running = asyncio.create_task(writer.run())
    writer.put(entry("first"))
    writer.put(entry("second"))
    assert await writer.flush(10)
    assert stored == ["first", "second"]
    assert len(reported) == 1
    assert "no acknowledgement" in reported[0]
    running.cancel()


async def test_a_write_that_fails_late_takes_the_place_of_no_other() -> None:
    """The first write is not waited for any more when it fails; by then the second is being waited for."""
    stored: list[str] = []
    second_begun, first_failed = asyncio.Event(), asyncio.Event()

    async def store(entries: Sequence[Entry]) -> None:
        texts = [one.text for one in entries]
        if texts == ["first"] and not first_failed.is_set():
            await second_begun.wait()
            first_failed.set()
            raise OSError("on purpose")
        second_begun.set()
        await first_failed.wait()
        await asyncio.sleep(0)  # the failure is heard of first
        stored.extend(texts)

    async def report(what: str, error: Exception) -> None: ...

    async def quiet() -> None: ...

    writer = Writer(store, report, quiet, lambda: True)
    running = asyncio.create_task(writer.run())
    writer.put(entry("first"))
    writer.put(entry("second"))
    assert await writer.flush(10)
    assert sorted(stored) == ["first", "second"]
    assert len(writer) == 0
    running.cancel()


class Late:
    """A memory that keeps its order and fails after the writer has gone on, until it is well."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[list[str]] = []
        self.reported: list[str] = []
        self.both = asyncio.Event()

    async def store(self, entries: Sequence[Entry]) -> None:
        self.calls.append([one.text for one in entries])
        if len(self.calls) == 2:
            self.both.set()
        if self.errors:
            error = self.errors.pop(0)
            await self.both.wait()
            await asyncio.sleep(0.05)
            raise error

    async def report(self, what: str, error: Exception) -> None:
        self.reported.append(str(error))

    async def quiet(self) -> None: ...


async def test_writes_that_fail_late_are_reported_and_stored_in_order() -> None:
    memory = Late(OSError("first"), OSError("second"))
    writer = Writer(memory.store, memory.report, memory.quiet, lambda: True)
    running = asyncio.create_task(writer.run())
    for text in ("a question", "its answer"):
        writer.put(entry(text))
    assert await writer.flush(10)
    assert memory.calls == [["a question"], ["its answer"], ["a question"], ["its answer"]]
    assert memory.reported
    running.cancel()


async def test_what_cannot_be_stored_and_shows_it_late_is_left_out_alone() -> None:
    stored: list[str] = []

    async def store(entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0.05)
        if any(one.text == "bad" for one in entries):
            raise InvalidInput("bad")
        stored.extend(one.text for one in entries)

    memory = Late()
    writer = Writer(store, memory.report, memory.quiet, lambda: True)
    owner, now = Owner(), datetime.now(UTC)
    talk = [Entry("talk", n, "user", text, None, now, owner=owner) for n, text in enumerate(["a", "bad", "b"])]
    for one in talk:
        writer.put(one)
    assert not writer._work.is_set(), "held until it is known whose it is"
    owner.ids = {"user_id": "ann"}
    writer.owners_known()
    running = asyncio.create_task(writer.run())
    assert await writer.flush(10)
    assert stored == ["a", "b"]
    running.cancel()
