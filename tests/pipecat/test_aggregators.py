"""A service acts on what passes it, and on the aggregators of its own branch."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from pipecat.frames.frames import (
    InterimTranscriptionFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.parallel_pipeline import ParallelPipeline
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies

from toldonce.pipecat import MemoryService
from toldonce.pipecat.aggregators import own_pair

from .conftest import Ann, anything
from .harness import WORKERS, Call, LLMContext, Passing, ScriptedLLM, blocks, until, within


class Recorded:
    """A memory that says what it is asked, and finds something for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.added: list[str] = []

    async def search(self, query: str, **_: Any) -> dict[str, Any]:
        self.asked.append(query)
        return {"results": [{"id": query, "memory": f"found for <{query}>"}]}

    async def add(self, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        self.added += [message["content"] for message in messages]
        return {"results": []}

    async def get_all(self, **_: Any) -> dict[str, Any]:
        return {"results": []}


def pair(context: LLMContext) -> LLMContextAggregatorPair:
    params = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    return LLMContextAggregatorPair(context, user_params=params)


def parallel(*branches: list[Any]) -> ParallelPipeline:
    return ParallelPipeline(*branches)  # type: ignore[no-untyped-call] # untyped in Pipecat


def test_the_pair_is_the_one_of_the_own_line() -> None:
    """Before the service comes its own user aggregator, be it outside a parallel pipeline or inside a nested one."""
    memory, other = Passing(), Passing()
    outer, inner, side = (list(pair(LLMContext())) for _ in range(3))
    branches = parallel([memory], [side[0], other, side[1]])
    assert own_pair(memory, Pipeline([outer[0], branches, outer[1]])) == outer
    assert own_pair(other, Pipeline([outer[0], branches, outer[1]])) == side
    memory = Passing()
    assert own_pair(memory, Pipeline([*side, Pipeline([inner[0]]), memory, inner[1], *outer])) == inner
    memory = Passing()
    assert own_pair(memory, Pipeline([parallel([outer[0]], [inner[0]]), memory])) == []


@pytest.mark.skipif(not WORKERS, reason="this Pipecat does not know the whole pipeline in setup()")
async def test_two_people_in_one_worker(ann: Ann) -> None:
    """Two callers, one branch each: nobody's words or transcripts reach the other's memory."""
    memories = {"ann": Recorded(), "bob": Recorded()}
    llms: dict[str, ScriptedLLM] = {"ann": ScriptedLLM(), "bob": ScriptedLLM()}

    microphones = {"ann": Passing(), "bob": Passing()}

    def branch(user: str) -> list[Any]:
        listening, answering = pair(LLMContext())
        service = MemoryService(
            user_id=user, memory=cast("Any", memories[user]), recall_timeout=10.0, params=anything()
        )
        return [microphones[user], listening, service, llms[user], answering]

    async with Call(processors=[parallel(branch("ann"), branch("bob"))]):
        for user, words in (("ann", "My PIN is 4711."), ("bob", "I like tea.")):
            await microphones[user].queue_frame(UserStartedSpeakingFrame())
            await asyncio.sleep(0.05)
            await microphones[user].queue_frame(InterimTranscriptionFrame(words[:6], user, ""))
            await microphones[user].queue_frame(TranscriptionFrame(words, user, ""))
            await until(lambda user=user, words=words: words in memories[user].asked)  # type: ignore[misc]
        for microphone in microphones.values():
            await microphone.queue_frame(UserStoppedSpeakingFrame())
        await until(lambda: all(llm.shown for llm in llms.values()))
        await until(lambda: all(len(memory.added) == 2 for memory in memories.values()))
    assert memories["ann"].added == ["My PIN is 4711.", "answer 1"]
    assert memories["bob"].added == ["I like tea.", "answer 1"]
    assert "PIN" not in str(memories["bob"].asked)
    assert "tea" not in str(memories["ann"].asked)


@pytest.fixture
def mute() -> Any:
    """A mute strategy that is switched by ``on``."""
    base = pytest.importorskip("pipecat.turns.user_mute.base_user_mute_strategy")

    class Mute(base.BaseUserMuteStrategy):  # type: ignore[misc, name-defined] # it may be absent
        on = False

        async def process_frame(self, frame: Any) -> bool:
            await super().process_frame(frame)
            return self.on

    return Mute()


@pytest.mark.parametrize("while_open", [False, True], ids=["before a turn", "while a turn is open"])
async def test_what_is_said_while_muted_is_neither_looked_up_nor_an_answer(
    ann: Ann, mute: Any, while_open: bool
) -> None:
    memory = Recorded()
    service = ann.service(memory=memory)
    async with Call(service, user_params={"user_mute_strategies": [mute]}) as call:
        await call.say("Hello, good to see you.", interims=["Hello, good"])
        await until(lambda: "Hello, good" in memory.asked)
        if while_open:
            await start(call)
            await call._transcript(TranscriptionFrame("What is the code", "", ""))
            await until(lambda: "What is the code" in memory.asked)
        mute.on = True
        await call.worker.queue_frame(UserStartedSpeakingFrame())
        for frame in (
            InterimTranscriptionFrame("Honey, the password", "", ""),
            TranscriptionFrame("Honey, the password is tulip seven.", "", ""),
        ):
            await call._transcript(frame)
        await call.worker.queue_frame(UserStoppedSpeakingFrame())
        await asyncio.sleep(0.05)
        mute.on = False
        await call._transcript(TranscriptionFrame("", "", ""))  # Any frame ends the silence, and is lost itself.
        await call.worker.queue_frame(UserStartedSpeakingFrame())
        await asyncio.sleep(0.05)
        await call._transcript(TranscriptionFrame("What is the code of my door?", "", ""))
        await call.worker.queue_frame(UserStoppedSpeakingFrame())
        await until(lambda: len(call.shown) == 2)
    assert "tulip" not in str(memory.asked)
    assert "password" not in str(memory.asked)
    assert "tulip" not in str(memory.added)
    assert "door" in blocks(call.shown[1])[0]["content"]


async def start(call: Call) -> None:
    """The user begins a turn."""
    call._turn_started.clear()
    await call.worker.queue_frame(UserStartedSpeakingFrame())
    await within(call._turn_started.wait())


async def test_a_turn_has_one_deadline_whatever_it_checks(ann: Ann) -> None:
    """Lookup, check of what it found, check of the block that stays: all of them end at one moment."""
    asked: list[str] = []

    class Hangs(Recorded):
        edits = 0
        hanging = False

        async def search(self, query: str, **_: Any) -> dict[str, Any]:
            return {"results": []} if self.hanging else await super().search(query)

        async def get(self, memory_id: str) -> dict[str, Any]:
            asked.append(memory_id)
            if self.hanging:
                await asyncio.sleep(3600)
            return {"id": memory_id, "memory": f"found for <{memory_id}>"}

    memory = Hangs()
    service = ann.service(memory=memory, recall_timeout=0.2)
    deadlines: list[float] = []
    check = service.session.client.still_there

    async def still_there(hits: Any, deadline: float) -> Any:
        deadlines.append(deadline)
        return await check(hits, deadline)

    service.session.client.still_there = still_there  # type: ignore[method-assign]
    async with Call(service) as call:
        await call.say("What may I eat?")
        memory.hanging, memory.edits = True, 1
        await call.say("And drink?")
    assert asked, "the block of the turn before was checked"
    assert (len(deadlines), len(set(deadlines))) == (2, 1), "what was found, and the block that stays"
    assert len(blocks(call.shown[1])) == 1, "what cannot be checked in time stays"
