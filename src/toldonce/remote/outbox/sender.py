"""Sending what waits: each conversation in its order, several conversations side by side."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from toldonce.errors import RemoteError, StoreError
from toldonce.remote.outbox.file import WARNS_AT, Entry, OutboxFile
from toldonce.remote.outbox.lease import Lease
from toldonce.remote.outbox.policy import backoff, judge
from toldonce.times import SteadyClock, now

_LOG = logging.getLogger(__name__)

Deliver = Callable[[Entry], Awaitable[None]]
"""Hand an entry over; returns once it is acknowledged."""

_AT_ONCE = 4
"""Conversations under way together: one host may take seconds for an add."""

_LOOK_AGAIN = 1.0
"""Seconds after which it is seen what other processes put in, or whether one that sent is gone."""

OLDEST = 30 * 86_400_000_000
"""Microseconds after which an entry is put aside instead of sent: nobody is on the telephone any more."""

_LAST_WORDS = 5.0
"""Seconds that what is under way has to end when sending stops."""

_UPKEEP_EVERY = 600.0

_AGED = "aged until"
"""The setting that keeps until when what waits has grown old."""

_FOLD_EVERY = 1.0
"""Seconds for which words that were sent may stay in the file's log while others are still being sent."""


def lease_of(path: Path) -> Lease:
    """Who holds it may send from this outbox."""
    return Lease(path.with_suffix(".lock"))


class Sender:
    """Empties one outbox. Runs in one event loop; only ``nudge`` and ``stop`` may be called from elsewhere."""

    def __init__(self, file: OutboxFile, deliver: Deliver) -> None:
        self._file = file
        self._deliver = deliver
        self._lease = lease_of(file.path)
        self._lines: dict[str, deque[int]] = {}
        """What waits, by conversation."""
        self._rests: dict[str, float] = {}
        """Until when a conversation is left alone (monotonic)."""
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.under_way: set[int] = set()
        """Ids of entries that are being handed over."""
        self._seen = 0
        self._paused_until = 0.0
        self._pauses = 0
        self._held: str | None = None
        self._upkeep_at = 0.0
        self._fold_at = 0.0
        self._clock = SteadyClock()
        """What waits grows old by it: a clock that is set forward must not put everything aside."""
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Whether everything that waits was sent, as far as this process knows."""
        return not self._busy and not self._lines

    @property
    def paused(self) -> bool:
        """Whether nothing is sent just now."""
        return self._pauses > 0

    def wake(self) -> None:
        """There may be something to send."""
        self._tell(self._woken.set)

    def nudge(self) -> None:
        """The host was seen alive: try again at once, unless it is the set-up that is wrong."""

        def resume() -> None:
            if self._held is None:
                self._paused_until = 0.0
                self._woken.set()

        self._tell(resume)

    def stop(self) -> None:
        """End ``run`` once what is under way has ended."""

        def end() -> None:
            self._stopping = True
            self._woken.set()

        self._tell(end)

    async def run(self) -> None:
        """Send until stopped."""
        try:
            while not self._stopping:
                self._woken.clear()
                try:
                    wait = self.step()
                except StoreError:  # A full disk, say: what waits is safe, and is sent when it can be read again.
                    _LOG.exception("The outbox %s cannot be read", self._file.path)
                    wait = _LOOK_AGAIN
                await _within(self._woken.wait(), wait)
            await self._finish()
        finally:
            self._lease.let_go()

    def step(self) -> float:
        """Start what can be started; returns the seconds after which to look again."""
        if not self._file.made:
            return _LOOK_AGAIN
        if not self._lease.held:
            if not self._lease.take():
                return _LOOK_AGAIN
            self._seen, self._lines = 0, {}
            self._held = self._file.setting("held")
            aged = self._file.setting(_AGED)
            self._clock = SteadyClock(int(aged) if aged and aged.isdecimal() else None)
        for entry_id, conversation in self._file.after(self._seen):
            self._lines.setdefault(conversation, deque()).append(entry_id)
            self._seen = entry_id
        moment = time.monotonic()
        if moment >= self._upkeep_at:
            self._upkeep_at = moment + _UPKEEP_EVERY
            self._keep_up()
        if not self._file.folded and (self.idle or moment >= self._fold_at):
            self._fold_at = moment + _FOLD_EVERY
            self._file.fold()
        if moment < self._paused_until:
            return min(_LOOK_AGAIN, self._paused_until - moment)
        # Where the last try found no host, one is enough to see whether it is back.
        free = (1 if self.paused else _AT_ONCE) - len(self._busy)
        ready = [name for name in self._lines if name not in self._busy and self._rests.get(name, 0.0) <= moment]
        for name in ready[: max(0, free)]:
            self._busy[name] = self._loop.create_task(self._empty(name))
        return min([_LOOK_AGAIN, *(until - moment for until in self._rests.values() if until > moment)])

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # The loop has ended: what waits is sent by the next.
            self._loop.call_soon_threadsafe(what)

    async def _empty(self, conversation: str) -> None:
        """Send a conversation's entries one after the other, until one cannot be."""
        line = self._lines[conversation]
        self._rests.pop(conversation, None)
        try:
            while line and not self._stopping and time.monotonic() >= self._paused_until:
                entry = self._file.waits(line[0])
                if entry is not None and not await self._send(entry):
                    break
                line.popleft()
        except StoreError:
            _LOG.exception("The outbox %s cannot be used", self._file.path)
            self._rests[conversation] = time.monotonic() + _LOOK_AGAIN
        finally:
            del self._busy[conversation]
            if not line:
                del self._lines[conversation]
            self._woken.set()

    async def _send(self, entry: Entry) -> bool:
        """Hand one entry over. Whether it is out of the way: acknowledged, or put aside."""
        self.under_way.add(entry.id)
        try:
            if not self._file.begin(entry):
                return True
            await self._deliver(entry)
        except StoreError:
            raise
        except Exception as error:  # Whatever it is, what was said is kept.
            if isinstance(error, RemoteError) and not error.unsure:
                self._file.not_done(entry)
            return self._failed(entry, error)
        finally:
            self.under_way.discard(entry.id)
        if self._held is not None:
            _LOG.warning("%s: sending again", self._file.path.stem)
        self._note_hold(None)
        if self._pauses:
            self._pauses = 0
            self._woken.set()  # the others may go on as well
        await self._forget(entry)
        return True

    async def _forget(self, entry: Entry) -> None:
        """Note that the host has it. Not being able to must not send it again."""
        times = 0
        while True:
            try:
                self._file.acknowledged(entry, now())
                return
            except StoreError as error:
                _LOG.error("What was sent cannot be taken out of the outbox yet: %s", error)
            if self._stopping:
                return
            await asyncio.sleep(backoff(times, _LOOK_AGAIN * 10))
            times += 1

    def _failed(self, entry: Entry, error: Exception) -> bool:
        at, tries = self._clock.now(), entry.tries + 1
        verdict = judge(error, tries=tries, failing_for=at - (entry.failing_since or at), pauses=self._pauses)
        reason = f"{type(error).__name__}: {error}"
        if verdict.counts:
            self._file.failed(entry, tries, reason, at)
        if verdict.what == "park":
            _LOG.error("Put aside after %d tries, see `toldonce outbox`: %s", tries, reason)
            self._file.park([entry.id], reason, now())
            return True
        if verdict.what == "again":
            self._rests[entry.conversation] = time.monotonic() + verdict.seconds
            _LOG.warning("An entry of the outbox was not taken, try %d: %s", tries, reason)
            return False
        moment = time.monotonic()
        if moment >= self._paused_until:  # several that were under way together fail together
            self._pauses += 1
            if self._pauses == 1 and verdict.what == "pause":
                _LOG.warning("What was said waits in the outbox: %s", reason)
        self._paused_until = max(self._paused_until, moment + verdict.seconds)
        if verdict.what == "hold":
            self._note_hold(reason)
        return False

    def _note_hold(self, reason: str | None) -> None:
        if reason != self._held:
            self._held = reason
            self._file.keep_setting("held", reason)
            if reason is not None:
                _LOG.error("What was said waits in the outbox until this is put right: %s", reason)

    def _keep_up(self) -> None:
        """Warn of what grows old, put aside what is too old, and leave nothing of what is gone."""
        at = self._clock.now()
        self._file.keep_setting(_AGED, str(at))
        if self.idle:
            self._file.tidy(at)
        old = self._file.too_old(at - OLDEST)
        if old:
            self._file.park(old, "too old: it waited for 30 days", now())
            _LOG.error("%d entries of the outbox waited for 30 days and were put aside: toldonce outbox", len(old))
        filling = self._file.filling()
        if filling.oldest is not None and at - filling.oldest > WARNS_AT * OLDEST:
            _LOG.warning("The oldest of %d entries of the outbox will soon be put aside", filling.waiting)

    async def _finish(self) -> None:
        if self._busy:
            _, left = await asyncio.wait(list(self._busy.values()), timeout=_LAST_WORDS)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)
        if self.idle and self._lease.held:
            self._file.tidy(self._clock.now())


async def _within(what: Awaitable[object], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await what
    except TimeoutError:
        return
