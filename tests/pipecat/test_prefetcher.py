"""Lookups ahead of the turn: what a turn gets, and how long it waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from toldonce.pipecat import prefetcher as module
from toldonce.pipecat.lookups import merged
from toldonce.pipecat.prefetcher import Prefetcher

from .harness import until, within

LONG = 5.0
"""Seconds a turn would wait if it waited."""


class Backend:
    """Answers a query when it is told to."""

    def __init__(self, most: int | None = None) -> None:
        self.asked: list[str] = []
        self.under_way: list[str] = []
        self.reported: list[Exception] = []
        self._answers: dict[str, asyncio.Future[list[dict[str, Any]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.recall = Prefetcher(self._search, self._spawn, self._report, most=most)

    async def _search(self, query: str) -> list[dict[str, Any]]:
        self.asked.append(query)
        self.under_way.append(query)
        self._answers[query] = asyncio.get_running_loop().create_future()
        try:
            return await self._answers[query]
        finally:
            self.under_way.remove(query)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _report(self, what: str, error: Exception) -> None:
        self.reported.append(error)

    async def ahead(self, *transcripts: str, final: bool = False) -> None:
        for transcript in transcripts:
            self.recall.ahead(transcript, final=final)
            await asyncio.sleep(0)

    async def answer(self, query: str, *memories: str) -> None:
        await until(lambda: query in self._answers)
        self._answers[query].set_result([{"id": memory, "memory": memory} for memory in memories or (query,)])
        await asyncio.sleep(0.01)

    async def finish_all(self) -> None:
        """Whatever is under way is answered."""
        await asyncio.sleep(0)
        for query, answer in self._answers.items():
            if not answer.done():
                answer.set_result([{"id": query, "memory": query}])
        await asyncio.sleep(0.001)

    async def fail(self, query: str) -> None:
        await until(lambda: query in self._answers)
        self._answers.pop(query).set_exception(ConnectionError("down"))
        await asyncio.sleep(0.01)

    async def turn(self, query: str, patience: float = LONG) -> list[str]:
        answer = await within(self.recall.at_turn(query, patience))
        return [hit["memory"] for hit in merged(answer.hits, answer.overdue, 10)]

    async def is_slow(self) -> None:
        """Let the backend be known for taking its time."""
        await self.ahead("slow")
        await asyncio.sleep(0.03)
        await self.answer("slow")
        await self.turn("slow")
        self.asked.clear()


@pytest.fixture
async def backend() -> Backend:
    return Backend()


async def test_a_turn_finds_ready_what_its_final_transcript_asked_for(backend: Backend) -> None:
    await backend.ahead("where do I live", final=True)
    await backend.answer("where do I live", "Oslo")
    assert await backend.turn("Where do I live?") == ["Oslo"], "a capital and a question mark are no other words"
    assert backend.asked == ["where do I live"]


async def test_a_lookup_called_off_before_it_begins_is_not_under_way(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transcripts that arrive in one burst, while the loop is busy: each newer one calls the one before off."""
    monkeypatch.setattr(module, "_QUICK", LONG)  # On a busy machine too the backend is a quick one.
    for burst in range(3):
        for words in ("I have a question", "about my dog", "it has been limping", "and it does not eat"):
            backend.recall.ahead(f"{burst} {words}", final=True)
        turn = asyncio.create_task(backend.turn(f"{burst} who is my vet"))
        await backend.answer(f"{burst} who is my vet", "Hansen")
        assert await within(turn) == ["Hansen"]
    assert not backend.recall._late
    assert backend.recall.tally.without_lookup == 0


async def test_turns_without_a_lookup_are_counted(backend: Backend) -> None:
    for n in range(8):
        await backend.turn(f"question {n}", patience=0.001)
    assert (len(backend.asked), backend.recall.tally.without_lookup) == (6, 2), "the breaker is open"
    backend.recall._breaker.succeeded()
    await backend.turn("question 8", patience=0.001)
    assert backend.recall.tally.without_lookup == 0


async def test_without_a_transcript_a_turn_asks_and_waits(backend: Backend) -> None:
    turn = asyncio.create_task(backend.turn("where do I live"))
    await backend.answer("where do I live", "Oslo")
    assert await within(turn) == ["Oslo"]


async def test_the_same_words_again_are_looked_up_again(backend: Backend) -> None:
    for memory in ("Oslo", "Bergen"):
        await backend.ahead("where do I live", final=True)
        await backend.answer("where do I live", memory)
        assert await backend.turn("where do I live") == [memory]


async def test_a_quick_backend_is_asked_for_every_word(backend: Backend) -> None:
    for transcript in ("where", "where do", "where do I"):
        await backend.ahead(transcript)
        await backend.answer(transcript)
    await backend.ahead("where do I live", final=True)
    await backend.answer("where do I live", "Oslo")
    assert await backend.turn("where do I live") == ["Oslo"]


async def test_a_growing_transcript_waits_for_the_lookup_under_way(backend: Backend) -> None:
    await backend.ahead("one", "one two", "one two three", "one two three four")
    assert backend.asked == ["one"]
    await backend.answer("one")
    assert backend.asked == ["one", "one two three four"]


async def test_a_lookup_with_all_that_the_turn_says_is_its_answer(backend: Backend) -> None:
    """What follows says nothing that could find anything else."""
    await backend.is_slow()
    await backend.ahead("the name of my sister in Lisbon")
    await backend.ahead("the name of my sister in Lisbon, what is it?", final=True)
    await backend.answer("the name of my sister in Lisbon", "Eva")
    assert await backend.turn("The name of my sister in Lisbon, what is it?") == ["Eva"]
    assert len(backend.asked) == 1


async def test_the_last_word_may_decide(backend: Backend) -> None:
    """A slow backend that can still make it is waited for, though there is a lookup without the last word."""
    await backend.is_slow()
    backend.recall._usual = LONG  # On a busy machine too the turn waits for one that can still make it.
    await backend.ahead("when is the birthday of my")
    await backend.ahead("when is the birthday of my little")
    await backend.answer("when is the birthday of my little", "in May")
    await backend.ahead("when is the birthday of my little sister", final=True)
    turn = asyncio.create_task(backend.turn("When is the birthday of my little sister?"))
    await backend.answer("when is the birthday of my little sister", "in June")
    assert await within(turn) == ["in June"]


async def test_a_lookup_that_cannot_make_it_is_not_waited_for(backend: Backend) -> None:
    """It serves the turn after; this one takes what is ready, if that has half of what it says."""
    await backend.is_slow()
    backend.recall._took.extend([3.0, 3.0, 3.0, 3.0])
    await backend.ahead("the birthday of my little")
    await backend.answer("the birthday of my little", "in May")
    assert await backend.turn("the birthday of my little sister", patience=2.0) == ["in May"]
    await backend.answer("the birthday of my little sister", "in June")
    assert backend.recall.tally.late == 0
    turn = asyncio.create_task(backend.turn("thanks"))
    await backend.answer("thanks", "nothing")
    assert await within(turn) == ["nothing", "in June"]


async def test_few_lookups_are_spent_where_they_cover_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has twice the telling words of the one before; final words and the turn itself get theirs whatever came."""
    monkeypatch.setattr(module, "_QUICK", LONG)  # The turn waits on a busy machine too.
    backend = Backend(most=4)
    words = "my brother Tom sold his old car to Eva Lund from Bergen last summer for nine hundred crowns".split()
    for n in range(1, len(words)):
        await backend.ahead(" ".join(words[:n]))
        await backend.finish_all()
    assert backend.asked == ["my brother Tom", "my brother Tom sold his old"]
    await backend.ahead(" ".join(words), final=True)
    await backend.finish_all()
    said = " ".join([*words, "when exactly was that sale"])
    turn = asyncio.create_task(backend.turn(said))
    await backend.answer(said, "in June")
    assert await within(turn) == ["in June"]
    assert backend.asked[2:] == [" ".join(words), said]


async def test_of_few_lookups_one_is_under_way(backend: Backend) -> None:
    backend.recall.most = 4
    await backend.ahead("my brother Tom", "my brother Tom sold his old car")
    await backend.ahead("my brother Tom sold his old car to Eva", final=True)
    assert backend.asked == ["my brother Tom"], "it is all the turn has so far"
    await backend.answer("my brother Tom")
    assert backend.asked[1:] == ["my brother Tom sold his old car to Eva"]
    turn = asyncio.create_task(backend.turn("my brother Tom sold his old car to Eva Lund"))
    await backend.answer("my brother Tom sold his old car to Eva", "in May")
    assert await within(turn) == ["in May"], "nearly all of what the turn says, and nothing else is ready"
    for n in range(5):
        await backend.turn(f"question number {n}", patience=0.001)
        assert len(backend.under_way) <= 3, "those of turns before are under way as well, but no more than three"


async def test_past_its_time_a_turn_goes_on_and_the_next_gets_what_came(backend: Backend) -> None:
    assert await backend.turn("where do I live", patience=0.01) == []
    await backend.answer("where do I live", "Oslo")
    turn = asyncio.create_task(backend.turn("and my sister"))
    await backend.answer("and my sister", "Lisbon")
    assert await within(turn) == ["Lisbon", "Oslo"]
    turn = asyncio.create_task(backend.turn("and my brother"))
    await backend.answer("and my brother", "Peru")
    assert await within(turn) == ["Peru"], "late results serve one turn"


async def test_what_comes_late_is_no_error(backend: Backend) -> None:
    for n in range(6):
        assert not [
            memory for memory in await backend.turn(f"question {n}", patience=0.01) if memory == f"question {n}"
        ]
        await backend.answer(f"question {n}")
    assert backend.reported == []
    assert backend.recall.tally.opened == 0
    assert backend.recall.tally.late == 6


async def test_an_interrupted_turn_leaves_its_lookup_to_the_next(backend: Backend) -> None:
    turn = asyncio.create_task(backend.turn("where do I live"))
    await until(lambda: bool(backend.asked))
    turn.cancel()
    await asyncio.wait({turn})
    await backend.answer("where do I live", "Oslo")
    assert await backend.turn("where do I live") == ["Oslo"]
    assert len(backend.asked) == 1


async def test_what_is_said_next_takes_no_lookup_from_a_turn_that_waits(backend: Backend) -> None:
    """Another turn begins, or the user is muted, and nothing interrupts the answer."""
    await backend.ahead("where do", final=True)
    await backend.answer("where do")
    turn = asyncio.create_task(backend.turn("where do I live"))
    await until(lambda: "where do I live" in backend.asked)
    backend.recall.forget_turn()
    await backend.ahead("and my sister", final=True)
    await backend.answer("where do I live", "Oslo")
    assert await within(turn) == ["Oslo"]
    await backend.answer("and my sister", "Lisbon")
    assert await backend.turn("and my sister") == ["Lisbon"]
    assert backend.asked.count("and my sister") == 1


async def test_a_turn_that_was_spoken_over_leaves_nothing(backend: Backend) -> None:
    turn = asyncio.create_task(backend.turn("where do I live"))
    await until(lambda: bool(backend.asked))
    backend.recall.forget_turn()
    turn.cancel()
    await asyncio.wait({turn})
    await asyncio.sleep(0)
    assert not backend.under_way
    assert not backend.recall._current


async def test_what_is_forgotten_reaches_no_turn_that_waits(backend: Backend) -> None:
    """Somebody else is there now."""
    await backend.ahead("my pin", final=True)
    await backend.answer("my pin", "4711")
    turn = asyncio.create_task(backend.turn("my pin for the bank", patience=0.5))
    await until(lambda: "my pin for the bank" in backend.asked)
    backend.recall.forget()
    assert await within(turn) == []


async def test_an_interrupted_turn_uses_up_no_lookups_of_the_next() -> None:
    backend = Backend(most=1)
    turn = asyncio.create_task(backend.turn("where do I live"))
    await until(lambda: bool(backend.asked))
    turn.cancel()
    await asyncio.wait({turn})
    turn = asyncio.create_task(backend.turn("and when is the birthday of Eva"))
    await backend.answer("and when is the birthday of Eva", "in June")
    assert await within(turn) == ["in June"]


async def test_a_failed_lookup_is_not_done(backend: Backend) -> None:
    await backend.ahead("where do I live", final=True)
    await backend.fail("where do I live")
    turn = asyncio.create_task(backend.turn("where do I live"))
    await backend.answer("where do I live", "Oslo")
    assert await within(turn) == ["Oslo"]


async def test_failures_in_a_row_open_the_breaker_and_are_reported_once(backend: Backend) -> None:
    for n in range(3):
        turn = asyncio.create_task(backend.turn(f"question {n}"))
        await backend.fail(f"question {n}")
        assert await within(turn) == []
    assert [str(error) for error in backend.reported] == ["down"]
    assert await backend.turn("question 4") == [], "not asked, so not waited for"
    assert backend.asked == ["question 0", "question 1", "question 2"]


async def test_a_backend_that_hangs_is_given_up_and_tried_again(backend: Backend, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "HANGS_AFTER", 0.02)
    for n in range(3):
        await backend.turn(f"question {n}", patience=0.001)
        await asyncio.sleep(0.05)
    assert backend.recall.tally.opened == 1
    backend.recall._breaker._open_until = 0.0
    assert await backend.turn("anybody there") == [], "a probe, for which nobody waits"
    assert backend.asked[3:] == ["anybody there"], "but it is out before the turn goes on"
    await backend.answer("anybody there")
    turn = asyncio.create_task(backend.turn("where do I live"))
    await backend.answer("where do I live", "Oslo")
    assert "Oslo" in await within(turn)


async def test_a_probe_that_nobody_needs_any_more_still_tells_that_the_memory_lives(backend: Backend) -> None:
    """Somebody else takes the microphone while it is under way; newer words of the same turn do not call it off."""
    for n in range(3):
        turn = asyncio.create_task(backend.turn(f"question {n}"))
        await backend.fail(f"question {n}")
        await within(turn)
    assert backend.recall.tally.opened == 1
    backend.recall._breaker._open_until = 0.0
    await backend.ahead("where", "where do", final=True)
    assert backend.asked[3:] == ["where"]
    backend.recall.forget()
    await backend.answer("where", "Oslo")
    assert not backend.recall.breaker_open
    turn = asyncio.create_task(backend.turn("where do I live"))
    await backend.answer("where do I live", "Bergen")
    assert await within(turn) == ["Bergen"]


async def test_unanswered_lookups_do_not_pile_up(backend: Backend) -> None:
    """Each turn has its own all the same, until so many were given up that the memory is left alone."""
    for n in range(10):
        await backend.turn(f"question {n}", patience=0.001)
        assert len(backend.under_way) <= 3
        assert len(backend.asked) == min(n + 1, 6)
    assert [str(error) for error in backend.reported] == ["lookups take longer than the turns that follow"]


async def test_forgetting_drops_what_is_ready_under_way_and_late(backend: Backend) -> None:
    await backend.turn("late", patience=0.001)
    await backend.answer("late")
    await backend.ahead("ready", final=True)
    await backend.answer("ready")
    backend.recall.forget()
    turn = asyncio.create_task(backend.turn("ready"))
    await until(lambda: backend.asked.count("ready") == 2)
    await backend.answer("ready", "anew")
    assert await within(turn) == ["anew"]


def test_a_third_of_the_room_is_kept_for_what_came_late() -> None:
    fresh, late = ([{"id": f"{kind}{n}"} for n in range(6)] for kind in ("fresh", "late"))
    assert [hit["id"] for hit in merged(fresh, late, 6)] == ["fresh0", "fresh1", "fresh2", "fresh3", "late0", "late1"]
    assert merged(fresh, [], 3) == fresh[:3]
    assert merged([], late, 3) == late[:3]
    assert merged(fresh[:1], fresh, 3) == fresh[:3]


async def test_a_lookup_takes_the_place_of_those_it_covers(backend: Backend) -> None:
    """And of no other: words that were taken back are covered by the lookup made with what was left."""
    for transcript in ("where does Eva", "where does Eva live", "where does Eva leave"):
        await backend.ahead(transcript, final=True)
        await backend.answer(transcript)
    assert [lookup.query for lookup in backend.recall._current] == ["where does Eva live", "where does Eva leave"]
    assert await backend.turn("where does Eva live") == ["where does Eva live"]
    assert len(backend.asked) == 3
