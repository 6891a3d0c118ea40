"""A durable queue in front of a host: what was put in is on disk, and leaves only when the host has acknowledged it.

It sends from a thread of its own, with a loop of its own, so that a slow host never delays whoever talks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from toldonce.engine.refcounted import RefCounted
from toldonce.remote.outbox.file import Entry, OutboxFile
from toldonce.remote.outbox.sender import Deliver, Sender
from toldonce.times import now

__all__ = ["Deliver", "Entry", "Opens", "Outbox", "open_outbox"]

Opens = Callable[[], AbstractAsyncContextManager[Deliver]]
"""Opens, in the sender's loop, what hands entries over."""

_POLL = 0.01
_STOPS_WITHIN = 10.0


class Outbox:
    """One outbox of this process. Get one with ``open_outbox``."""

    def __init__(self, path: Path, opens: Opens, destination: str) -> None:
        self.file = OutboxFile(path, destination)
        self._opens = opens
        self._writing = ThreadPoolExecutor(1, "toldonce-outbox")
        self._sender: Sender | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="toldonce-sender", daemon=True)
        self._thread.start()

    def put(self, key: str, conversation: str, payload: str) -> Future[bool]:
        """Keep an entry; the future is done once it is on disk, and says whether it was new."""
        return self._writing.submit(self._put, key, conversation, payload)

    def withdraw(self, unwanted: Callable[[Entry], bool]) -> Future[set[int]]:
        """Take out what waits, or was put aside, and is not wanted any more; the future has the ids.

        Those among ``sending`` are on their way all the same.
        """

        def work() -> set[int]:
            entries = {entry.id for entry in (*self.file.waiting(), *self.file.parked()) if unwanted(entry)}
            self.file.drop(entries)
            self.file.fold()
            return entries

        return self._writing.submit(work)

    @property
    def sending(self) -> frozenset[int]:
        """The ids of entries that this process is just handing over."""
        return frozenset() if self._sender is None else frozenset(self._sender.under_way)

    def nudge(self) -> None:
        """The host was seen alive."""
        if self._sender is not None and self._sender.paused:
            self._sender.nudge()

    def flush(self, within: float) -> bool:
        """Wait until nothing waits and nothing is left of what was sent, or the host cannot be reached. Blocks.

        Returns whether nothing waits.
        """
        ends = time.monotonic() + within
        while self.file.filling().waiting or not self.file.folded:
            if time.monotonic() >= ends or (self._sender is not None and self._sender.paused):
                return False
            time.sleep(_POLL)
        return True

    def close(self) -> None:
        """Stop sending; what waits is sent by whoever opens the outbox next. Blocks."""
        self._started.wait(_STOPS_WITHIN)
        if self._sender is not None:
            self._sender.stop()
        self._thread.join(_STOPS_WITHIN)
        self._writing.shutdown()
        self.file.close()

    def _put(self, key: str, conversation: str, payload: str) -> bool:
        new = self.file.put(key, conversation, payload, now())
        if self._sender is not None:
            self._sender.wake()
        return new

    def _run(self) -> None:
        asyncio.run(self._send())

    async def _send(self) -> None:
        try:
            async with self._opens() as deliver:
                self._sender = Sender(self.file, deliver)
                self._started.set()
                await self._sender.run()
        finally:
            self._started.set()


_OUTBOXES: RefCounted[Outbox] = RefCounted()


def open_outbox(path: Path, opens: Opens, destination: str) -> tuple[Outbox, Callable[[], None]]:
    """The outbox of a file, shared by all who open it in this process, and the call that lets go of it. Blocks.

    ``destination``: where it sends to, for people to read.
    """
    return _OUTBOXES.open(path.resolve(), lambda: Outbox(path, opens, destination))
