"""Storing in order: toldonce.pipecat.writer over a memory that hangs, fails and recovers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from toldonce.pipecat.writer import Entry, Writer


def entry(text: str) -> Entry:
    return Entry(f"talk of {text}", 0, "user", text, None, datetime.now(UTC), {}, {"user_id": "ann"})


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
