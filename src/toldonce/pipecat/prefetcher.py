"""Looking things up ahead of the turn, and taking what is ready when the turn comes.

A turn waits for at most ``recall_timeout``. A lookup that comes too late runs on and serves the turn after. No turn
goes on before its lookup went out, unless the breaker leaves the backend alone.

A quick memory is asked at every change of the transcript. One that takes its time, or has its price, is asked few times
a turn, one at a time, and where that covers the sentence: each time the words that say something have doubled, for the
final transcript, and for the turn itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from loguru import logger

from toldonce.errors import RemoteError

from .block import Hit
from .breaker import Breaker
from .lookups import Answer, Lookup, Tally, best_of, content_of, telling, words_of

Search: TypeAlias = Callable[[str], Awaitable[Sequence[Hit]]]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
Report: TypeAlias = Callable[[str, Exception], Awaitable[None]]

HANGS_AFTER = 2.0
"""Seconds after which a lookup counts as failed; longer if a turn is allowed to wait for longer than half of it."""

_MOST_IN_FLIGHT = 3
"""Unanswered lookups. For a newer one the oldest of an earlier turn is given up, as failed."""

_QUICK = 0.015
"""Seconds. A backend that answers within them is asked again at every change of the transcript, and waited for."""

_FIRST_AT = 2
"""Words that say something from which a transcript is looked up ahead, where lookups are few."""

_GOOD_ENOUGH = 0.5
"""The part of these words that a finished lookup must have to stand in for a newer one that is late."""

_RECENT = 4
"""Lookups from which it is told whether one can still make it."""

_LATE_SHARE = 0.2
_LATE_SAMPLE = 10


class Prefetcher:
    """The lookups of one session."""

    def __init__(
        self, search: Search, spawn: Spawn, report: Report, breaker: Breaker | None = None, most: int | None = None
    ) -> None:
        """``most``: lookups a turn, where each has its price."""
        self.most = most
        self._asked = 0
        """Lookups of this turn."""
        self._search = search
        self._spawn = spawn
        self._report = report
        self._breaker = breaker or Breaker()
        self._current: list[Lookup] = []
        """The lookups for the turn being spoken."""
        self._waited_for: list[Lookup] = []
        """The lookups for the turn that waits for memories. What is said next takes none of them."""
        self._spoken_over = False
        """Whether the user has begun another turn meanwhile."""
        self._late: list[Lookup] = []
        """Lookups of turns that went on without them."""
        self._next: tuple[str, bool] | None = None
        """A transcript to look up when the lookup under way is done, and whether it is final."""
        self._usual = 0.0
        """Seconds the backend usually takes."""
        self._took: deque[float] = deque(maxlen=_RECENT)
        """Seconds that the latest lookups took."""
        self._patience = HANGS_AFTER
        self._warned = False
        self.tally = Tally()

    def ahead(self, transcript: str, *, final: bool = False) -> None:
        """Look up a transcript that is still growing, unless a lookup answers it or it is not worth one yet.

        It waits for the lookup under way: by then it is the newest one that is looked up. Final words do not, unless
        the lookup under way is all that the turn would have.
        """
        words = words_of(transcript)
        content = content_of(words)
        if not words or self._answering(words, content) is not None:
            return
        if self._few and not self._worth_one(telling(words), final=final):
            return
        pending = self._pending()
        probing = any(lookup.probe for lookup in pending)
        if pending and (probing or not (final and (not self._few or self._stand_in(content) is not None))):
            self._next = transcript, final
            return
        self._next = None
        self._call_off(pending)
        self._start(transcript, words)

    async def at_turn(self, query: str, within: float) -> Answer:
        """The memories for a turn, after at most ``within`` seconds."""
        began = time.monotonic()
        self._patience = max(HANGS_AFTER, 2 * within)
        words = words_of(query)
        content = content_of(words)
        self._current = [lookup for lookup in self._current if not lookup.stale(began)]
        self._next = None
        spared = self._stand_in(content) is not None
        lookup = self._answering(words, content) or self._for_the_turn(query, words, content, spared=spared)
        asked, self._asked = self._asked > 0, 0
        lookups, self._current = self._current, []
        if lookup is not None and lookup.hits is None:  # mostly it has answered: the last transcript is what was said
            await self._wait(lookup, self._worth_waiting(lookup, within, spared=spared), lookups)
        return self._settle(lookups, words, content, asked=asked)

    async def quiet(self, within: float) -> None:
        """Wait until nothing is being looked up for a turn, but not for long."""
        tasks = {lookup.task for lookup in self._under_way() if lookup.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=within)

    def forget(self) -> None:
        """Drop all lookups: whose they were, or what they found, holds no longer."""
        self.forget_turn()
        self._call_off([*self._waited_for, *self._late])
        for lookup in self._waited_for:
            lookup.hits = None
        self._late.clear()

    def forget_turn(self) -> None:
        """Drop what was looked up for the turn being spoken: its words became no turn, or another begins."""
        self._call_off(self._current)
        self._current.clear()
        self._next = None
        self._asked = 0
        self._spoken_over = True

    @property
    def _slow(self) -> bool:
        """Whether the backend takes its time, as far as is known."""
        oldest = min((lookup.started for lookup in self._under_way()), default=None)
        return self._usual > _QUICK or (oldest is not None and time.monotonic() - oldest > _QUICK)

    @property
    def _few(self) -> bool:
        """Whether lookups are to be few."""
        return self.most is not None or self._slow

    def _pending(self) -> list[Lookup]:
        return [lookup for lookup in self._current if lookup.hits is None]

    def _under_way(self) -> list[Lookup]:
        return [lookup for lookup in (*self._current, *self._waited_for) if not lookup.over]

    def _worth_one(self, says: frozenset[str], *, final: bool) -> bool:
        """Whether one of few lookups is spent on a transcript. The last is kept for the turn itself, the one before
        it for final words."""
        if self.most is not None and self._asked >= self.most - (1 if final else 2):
            return False
        known = max((len(lookup.content) for lookup in self._current), default=0)
        return final or len(says) >= max(_FIRST_AT, 2 * known)

    def _for_the_turn(self, query: str, words: list[str], content: frozenset[str], *, spared: bool) -> Lookup | None:
        """A lookup for the turn itself, or the one under way if it is nearly that and the turn has nothing else."""
        pending = self._pending()
        if any(lookup.probe for lookup in pending):
            return pending[-1]
        if self._few and pending:
            nearly = pending[-1].coverage(content) >= _GOOD_ENOUGH
            if nearly and not spared:
                return pending[-1]
            self._call_off(pending)
        if self.most is not None and self._asked >= self.most:
            return None
        return self._start(query, words)

    def _worth_waiting(self, lookup: Lookup, within: float, *, spared: bool) -> float:
        """Seconds to wait for a lookup: none if it cannot make it, few if another one can stand in for it."""
        if not self._breaker.closed:
            return 0.0
        elapsed = time.monotonic() - lookup.started
        if len(self._took) > 1 and min(self._took) - elapsed > within:
            return 0.0
        return min(within, max(_QUICK, 2 * self._usual) - elapsed) if spared else within

    def _settle(self, lookups: list[Lookup], words: Sequence[str], content: frozenset[str], *, asked: bool) -> Answer:
        """Close the turn: if what was asked for it has not come, it may serve the next."""
        best = best_of(lookups, words, content)
        answered = best is not None and best.content == content
        pending = [lookup for lookup in lookups if not lookup.over]
        overdue = [hit for late in self._late for hit in late.hits or ()]
        self._late = [late for late in self._late if late.hits is None]
        self.tally.turns += 1
        self.tally.without_lookup = 0 if asked or best is not None else self.tally.without_lookup + 1
        if answered:
            self._call_off(pending)
        elif pending:
            self._late += pending
            if best is None or best.coverage(content) < _GOOD_ENOUGH:
                self.tally.late += 1
                self._warn_if_often_late()
        return Answer(best.hits or () if best else (), overdue)

    @property
    def breaker_open(self) -> bool:
        """Whether the backend is left alone, but for a probe now and then."""
        return not self._breaker.closed

    def _answering(self, words: Sequence[str], content: frozenset[str]) -> Lookup | None:
        """The lookup of this turn that needs no newer one beside it. A quick backend is asked for every word."""
        exact = next((lookup for lookup in reversed(self._current) if lookup.words == words), None)
        if exact is not None or not self._few:
            return exact
        return next((lookup for lookup in reversed(self._current) if lookup.content == content), None)

    def _stand_in(self, content: frozenset[str]) -> Lookup | None:
        """A lookup that has answered, with enough of the words to do if a newer one does not make it."""
        best = best_of(self._current, (), content)
        return best if best is not None and best.coverage(content) >= _GOOD_ENOUGH else None

    def _start(self, query: str, words: list[str]) -> Lookup | None:
        self._make_room()
        probe = not self._breaker.closed
        if not self._breaker.admits():
            return None
        lookup = Lookup(query, words, content_of(words), time.monotonic(), probe)
        self.tally.lookups += 1
        self._asked += 1
        self._current.append(lookup)
        lookup.task = self._spawn(self._run(lookup), "lookup")
        # Not in the task itself: one that is cancelled before it begins never runs a line of its own.
        lookup.task.add_done_callback(lambda _: self._end(lookup))
        return lookup

    def _make_room(self) -> None:
        """Give up the oldest lookup of an earlier turn if too many are unanswered: what is said now has need of one."""
        unanswered = [lookup for lookup in self._late if lookup.hits is None]
        if unanswered and len(unanswered) + len(self._under_way()) >= _MOST_IN_FLIGHT:
            self._call_off(unanswered[:1])
            self._spawn(self._failed(TimeoutError("lookups take longer than the turns that follow")), "given-up")

    def _call_off(self, lookups: Sequence[Lookup]) -> None:
        """Nobody needs their answers any more. A probe goes on: whether it is answered tells if the backend lives."""
        for lookup in list(lookups):
            self._end(lookup)
            if lookup.task is not None and not lookup.probe:
                lookup.task.cancel()

    def _end(self, lookup: Lookup) -> None:
        """A lookup without an answer is under way no more; the same words are looked up again."""
        if lookup.over:
            return
        self._drop(lookup)
        if lookup.probe:
            self._breaker.abandoned()

    async def _run(self, lookup: Lookup) -> None:
        try:
            async with asyncio.timeout(self._patience):
                hits = await self._search(lookup.query)
        except Exception as error:  # A memory that fails must never end a call.
            self._drop(lookup)
            await self._failed(error)
            return
        self._breaker.succeeded()
        if lookup.over:
            return  # It was called off: a probe, or one that answered in that instant.
        lookup.finished = time.monotonic()
        lookup.hits, lookup.over = hits, True
        took = lookup.finished - lookup.started
        self._usual = took if self._usual == 0 else 0.7 * self._usual + 0.3 * took
        self._took.append(took)
        if lookup not in self._current:
            return
        # Those it stands for go now, while the person speaks: to free some hundred memories takes a turn's time.
        known = set(lookup.words)
        self._current = [
            other
            for other in self._current
            if other is lookup or other.hits is None or not known.issuperset(other.words)
        ]
        if self._next is not None:
            (transcript, final), self._next = self._next, None
            self.ahead(transcript, final=final)

    def _drop(self, lookup: Lookup) -> None:
        """A failed lookup is not done: the same words are looked up again."""
        lookup.over = True
        for lookups in (self._current, self._waited_for, self._late):
            if lookup in lookups:
                lookups.remove(lookup)

    async def _failed(self, error: Exception) -> None:
        self.tally.failed += 1
        asked_for = error.retry_after if isinstance(error, RemoteError) else None
        if self._breaker.failed() if asked_for is None else self._breaker.rests(asked_for):
            self.tally.opened += 1
            await self._report("recall", error)
        else:
            logger.debug(f"A lookup failed: {error!r}")

    async def _wait(self, lookup: Lookup, seconds: float, lookups: Sequence[Lookup]) -> None:
        """Wait for one of the lookups of a turn. When the turn is interrupted, or its time is up, they go on."""
        self._waited_for += lookups
        self._spoken_over = False
        try:
            await asyncio.sleep(0)  # Its task begins here: the turn does not go on before its lookup went out.
            if lookup.task is not None and seconds > 0:
                await asyncio.wait({lookup.task}, timeout=seconds)
        except asyncio.CancelledError:  # What was said has not been answered yet, and may be with what is said next.
            if self._spoken_over:
                self._call_off(lookups)
            else:
                self._current[:0] = [one for one in lookups if one.hits is not None or not one.over]
            raise
        finally:
            self._waited_for = [one for one in self._waited_for if one not in lookups]

    def _warn_if_often_late(self) -> None:
        if self._warned or self.tally.turns < _LATE_SAMPLE or self.tally.late <= _LATE_SHARE * self.tally.turns:
            return
        self._warned = True
        logger.warning(
            f"Memories came too late for {self.tally.late} of {self.tally.turns} turns: the memory usually takes "
            f"{self._usual * 1000:.0f} ms. A longer recall_timeout waits for them; now each serves the turn after."
        )
