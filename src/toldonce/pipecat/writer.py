"""Storing what was said: in order, in the background, and to the end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from operator import attrgetter
from typing import Any, TypeAlias

from loguru import logger

from toldonce.errors import InvalidInput, StoreError

Ids: TypeAlias = Mapping[str, str]
"""Mem0's entity ids."""

_MOST_AT_ONCE = 100
_A_MOMENT = 0.03
"""Seconds after which a write that keeps its order is no longer waited for."""

_FIRST_PAUSE = 0.25
_HANGS_AFTER = 30.0
"""Seconds after which a write that does not answer counts as failed."""

_LONGEST_PAUSE = 10.0


@dataclass(slots=True, eq=False)
class Owner:
    """Whose something is."""

    ids: Ids | None = None
    """None while it is asked who the user is; what is theirs is held until then."""


@dataclass(slots=True)
class Entry:
    """One thing said, on its way to the memory."""

    conversation_id: str
    place: int
    role: str
    text: str
    name: str | None
    said_at: datetime
    metadata: dict[str, Any] = field(default_factory=dict)
    owner: Owner = field(default_factory=Owner)
    found: bool = False
    """Whether the context already held it when it was first seen: an earlier call may have stored it."""
    part: int = 0
    """Which part of what stands at that place it is, where several people said it."""
    number: int = 0
    """Its place in the queue."""
    alone: bool = False
    """Whether it was in a batch that cannot be stored: by itself it shows whether it is the one."""

    @property
    def ids(self) -> Ids | None:
        """Whose it is. None while that is not known yet."""
        return self.owner.ids

    def goes_with(self, other: Entry) -> bool:
        """Whether both can be stored in one call."""
        return self is other or (self._kind == other._kind and not self.alone and not other.alone)

    @property
    def _id(self) -> str:
        return f"{self.place}.{self.part}" if self.part else str(self.place)

    @property
    def _kind(self) -> tuple[object, ...]:
        return self.conversation_id, self.ids, self.metadata, self.found

    def as_message(self) -> dict[str, Any]:
        """As ``AsyncMemory.add`` takes it. Its place is its id: offered twice, it is stored once."""
        message = {"role": self.role, "content": self.text, "id": self._id, "timestamp": self.said_at}
        return message if self.name is None else message | {"name": self.name}


Store: TypeAlias = Callable[[Sequence[Entry]], Awaitable[None]]


class Writer:
    """A queue and the task that empties it, in order.

    A failed write is tried again, after a pause that grows, before anything that is not on its way to the disk yet.
    """

    def __init__(
        self,
        store: Store,
        report: Callable[[str, Exception], Awaitable[None]],
        quiet: Callable[[], Awaitable[None]],
        keeps_order: Callable[[], bool],
    ) -> None:
        self._store = store
        self._report = report
        self._quiet = quiet
        self._keeps_order = keeps_order
        """Whether the memory stores calls in the order in which they begin. Then a slow one need not be waited for:
        what it waits for after writing to disk (the vectors of a batch) would keep the next words from the disk."""
        self._queue: deque[Entry] = deque()
        self._count = 0
        self._backoff = _FIRST_PAUSE
        self._late_error: Exception | None = None
        """Of a write that was not waited for any more, until it was reported."""
        self._under_way: dict[asyncio.Future[None], Sequence[Entry]] = {}
        """Writes that are not waited for any more, and what they write."""
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = asyncio.Event()

    def __len__(self) -> int:
        """How many entries are not acknowledged yet."""
        return len(self._queue) + sum(map(len, self._under_way.values()))

    def put(self, entry: Entry) -> None:
        """Queue an entry; returns at once."""
        self._count += 1
        entry.number = self._count
        self._queue.append(entry)
        self._update()

    def owners_known(self) -> None:
        """Whose the held entries are may be known now."""
        self._update()

    async def run(self) -> None:
        """Store what is queued, until cancelled."""
        while True:
            await self._work.wait()
            if not self._closing.is_set():
                await self._quiet()
            if self._late_error is not None:
                error, self._late_error = self._late_error, None
                await self._failed(error)
            await self._write(self._next_batch())

    async def flush(self, within: float | None = None) -> bool:
        """Wait until all that is queued, and whose owner is known, is stored; whether it is."""
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def finish(self, within: float) -> int:
        """Flush for the last time. How many entries were not acknowledged."""
        self._closing.set()
        await self.flush(within)
        return len(self)

    def _update(self) -> None:
        ready = bool(self._queue) and self._queue[0].ids is not None
        for event, true in ((self._work, ready), (self._idle, not ready and not self._under_way)):
            event.set() if true else event.clear()

    def _next_batch(self) -> list[Entry]:
        head = self._queue[0]
        alike = takewhile(head.goes_with, islice(self._queue, _MOST_AT_ONCE))
        return list(alike)

    async def _write(self, batch: Sequence[Entry]) -> None:
        try:
            await self._stored(batch)
        except InvalidInput as error:
            if _can_be_split(batch, error):
                return
        except Exception as error:  # Whatever a backend raises, what was said is kept for the next try.
            await self._failed(error)
            return
        self._leave_out(batch)
        self._update()

    async def _failed(self, error: Exception) -> None:
        await self._report("storing", error)
        await self._pause(self._backoff)
        self._backoff = min(2 * self._backoff, _LONGEST_PAUSE)

    def _leave_out(self, batch: Sequence[Entry]) -> None:
        # By identity: a write that failed late may have put older entries in front meanwhile.
        done = set(map(id, batch))
        self._queue = deque(entry for entry in self._queue if id(entry) not in done)

    async def _stored(self, batch: Sequence[Entry]) -> None:
        """Store a batch, or, where order is kept for us, begin to and go on after a moment."""
        if not self._keeps_order():
            try:
                async with asyncio.timeout(_HANGS_AFTER):
                    await self._store(batch)
            except TimeoutError as error:
                raise StoreError(f"no acknowledgement within {_HANGS_AFTER:.0f} s; it is tried again") from error
            self._backoff = _FIRST_PAUSE
            return
        write = asyncio.ensure_future(self._store(batch))
        done, _ = await asyncio.wait({write}, timeout=_A_MOMENT)
        if done:
            write.result()
            self._backoff = _FIRST_PAUSE
        else:
            self._under_way[write] = batch
            write.add_done_callback(self._landed)

    def _landed(self, write: asyncio.Future[None]) -> None:
        batch = self._under_way.pop(write)
        error = None if write.cancelled() else write.exception()
        if error is None:
            self._backoff = _FIRST_PAUSE
        elif not isinstance(error, InvalidInput) or _can_be_split(batch, error):
            logger.warning(f"{len(batch)} messages are stored again: {error!r}")
            # Known by their places: those that did land are not doubled.
            self._queue = deque(sorted((*batch, *self._queue), key=attrgetter("number")))
            if isinstance(error, Exception) and not isinstance(error, InvalidInput):
                self._late_error = error
        self._update()

    async def _pause(self, seconds: float) -> None:
        """Wait before the next try: cut short when the call ends, so that the last tries fall before its end."""
        if self._closing.is_set():
            await asyncio.sleep(_FIRST_PAUSE)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()


def _can_be_split(batch: Sequence[Entry], error: InvalidInput) -> bool:
    """Whether a batch that cannot be stored goes on entry by entry: one of them is the cause, the others pass."""
    if len(batch) == 1:
        logger.error(f"A {batch[0].role} message cannot be stored and is left out: {error}")
        return False
    for entry in batch:
        entry.alone = True
    return True
