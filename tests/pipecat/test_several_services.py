"""Several services and several lines in one worker, and services in places where they recall nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from loguru import logger
from pipecat.frames.frames import (
    Frame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.parallel_pipeline import ParallelPipeline

from .conftest import Ann
from .harness import WORKERS, Call, LLMContext, Passing, ScriptedLLM, blocks, until
from .test_aggregators import pair

if not WORKERS:
    pytest.skip("this Pipecat does not know the whole pipeline in setup()", allow_module_level=True)

WHERE = "In which city do I live?"


@pytest.fixture
async def both(ann: Ann) -> Ann:
    """Ann's memory, and Bob's."""
    await ann.told("I moved to Oslo in March.")
    await ann.told("My flat is in Rome.", user_id="bob")
    return ann


async def speaks(push: Callable[[Frame], Awaitable[None]], text: str, answered: Callable[[], bool]) -> None:
    await push(UserStartedSpeakingFrame())
    await asyncio.sleep(0.03)
    await push(TranscriptionFrame(text, "", ""))
    await asyncio.sleep(0.05)
    await push(UserStoppedSpeakingFrame())
    await until(answered)
    await asyncio.sleep(0.03)


def shown(llm: Any) -> list[str]:
    """The recall blocks of each prompt."""
    return ["\n".join(block["content"] for block in blocks(messages)) for messages in llm.shown]


async def test_two_callers_who_share_a_context(both: Ann) -> None:
    """An interpreter between them: each speaks on a line of their own, and both lines write to one context.

    What is typed on a line is of that line too. Whose the words and the answers are is told by the line alone.
    """
    context, people = LLMContext(), ("ann", "bob")
    lines = {person: Passing() for person in people}
    llms = {person: ScriptedLLM(lambda n, person=person: f"to {person}, {n}") for person in people}  # type: ignore[misc]
    branches: list[list[Any]] = []
    for person in people:
        user, assistant = pair(context)
        service = both.service(user_id=person, user_name=person)
        branches.append([lines[person], user, service, llms[person], assistant])
    async with Call(llm=llms["ann"], processors=[ParallelPipeline(*branches)]):  # type: ignore[no-untyped-call] # untyped in Pipecat
        for turn in (1, 2):
            for person in people:
                said = f"{WHERE} says {person} for the {turn}. time"
                await speaks(lines[person].queue_frame, said, lambda: len(llms[person].shown) == turn)  # noqa: B023
        typed: Any = {"role": "user", "content": "This was typed by Bob."}
        await lines["bob"].queue_frame(LLMMessagesAppendFrame([typed], run_llm=True))
        await until(lambda: len(llms["bob"].shown) == 3)
    for person, city, other in (("ann", "Oslo", "Rome"), ("bob", "Rome", "Oslo")):
        assert all(city in text and other not in text for text in shown(llms[person])[:2])
        asked = [("user", f"{WHERE} says {person} for the {turn}. time") for turn in (1, 2)]
        answers = [("assistant", f"to {person}, {turn}") for turn in (1, 2)]
        typed_too = [("user", "This was typed by Bob."), ("assistant", "to bob, 3")] if person == "bob" else []
        assert (await both.said(person))[1:] == [asked[0], answers[0], asked[1], answers[1], *typed_too]


async def test_a_context_that_another_line_without_memory_writes_to_is_stored(both: Ann) -> None:
    """One person who speaks on one line and types on another."""
    context = LLMContext()
    typing, llm = Passing(), ScriptedLLM(lambda n: f"answer {n}")
    user, assistant = pair(context)
    other_user, other_assistant = pair(context)
    voice = Passing()
    branches: Any = ParallelPipeline(  # type: ignore[no-untyped-call] # untyped in Pipecat
        [voice, user, both.service(), llm, assistant],
        [typing, other_user, ScriptedLLM(lambda n: f"written answer {n}"), other_assistant],
    )
    async with Call(llm=llm, processors=[branches]):
        message: Any = {"role": "user", "content": "I bought a bicycle."}
        await typing.queue_frame(LLMMessagesAppendFrame([message], run_llm=True))
        await until(lambda: len(context.get_messages()) == 2)
        await speaks(voice.queue_frame, WHERE, lambda: len(llm.shown) == 1)
    assert ("user", "I bought a bicycle.") in await both.said()
    assert "Oslo" in shown(llm)[0]


async def test_services_that_take_turns_in_a_switcher(both: Ann) -> None:
    """Only the one that is active hears, recalls and stores; its block goes with it."""
    module = pytest.importorskip("pipecat.pipeline.service_switcher")
    from pipecat.frames.frames import ManuallySwitchServiceFrame

    services = {person: both.service(user_id=person, user_name=person) for person in ("ann", "bob")}
    switcher = module.ServiceSwitcher(list(services.values()), module.ServiceSwitcherStrategyManual)
    llm = ScriptedLLM()
    async with Call(llm=llm, processors=[switcher, llm]) as call:
        for turn, person in enumerate(("ann", "bob", "ann"), 1):
            await call.worker.queue_frame(ManuallySwitchServiceFrame(service=services[person]))
            await until(lambda: switcher.strategy.active_service is services[person])  # noqa: B023
            await call.say(f"{WHERE} says {person} in turn {turn}.")
    assert ["Oslo" in text for text in shown(llm)] == [True, False, True]
    assert ["Rome" in text for text in shown(llm)] == [False, True, False]
    assert (await both.said("bob"))[1:] == [("user", f"{WHERE} says bob in turn 2."), ("assistant", "answer 2")]
    assert [text for _, text in await both.said()][1:] == [
        f"{WHERE} says ann in turn 1.",
        "answer 1",
        f"{WHERE} says ann in turn 3.",
        "answer 3",
    ]


async def test_the_memory_of_an_agent_and_that_of_a_user_in_a_row(both: Ann) -> None:
    """Each has its block, none takes the other's for something said or for a question, and each stores once."""
    await both.memory.add("Our shop closes at nine.", agent_id="clerk", timestamp="2023-05-08T12:00:00+00:00")
    said = [WHERE, "When does the shop close?", "Thanks, goodbye."]
    async with Call(both.service(user_id=None, agent_id="clerk"), both.service()) as call:
        for text in said:
            await call.say(text)
    assert [len(blocks(messages)) for messages in call.shown] == [2, 2, 2]
    assert all("Oslo" in text and "nine" in text for text in shown(call.llm))
    assert [text for role, text in await both.said() if role == "user"][1:] == said
    clerk = await both.memory.messages(agent_id="clerk")
    assert [message["content"] for message in clerk if message["role"] == "user"][1:] == said


@pytest.mark.parametrize("place", ["before the pair", "after the LLM"])
async def test_a_service_in_the_wrong_place_says_so_once_and_loses_nothing(both: Ann, place: str) -> None:
    warnings: list[str] = []
    handler = logger.add(lambda line: warnings.append(str(line)), level="WARNING")
    llm, service = ScriptedLLM(), both.service()
    before: list[Any] = [service] if place == "before the pair" else []
    between: list[Any] = [llm] if before else [llm, service]
    try:
        async with Call(llm=llm, before=before, processors=between) as call:
            await call.say(WHERE)
            await call.say("I bought a bicycle.")
        async with Call(right := both.service(run_id="right")) as call:
            await call.say(WHERE)
    finally:
        logger.remove(handler)
    assert right.last_recall
    assert sum("belongs between the user aggregator and the LLM" in line for line in warnings) == 1
    stored = [text for role, text in await both.said() if role == "user"][1:]
    assert stored == [WHERE, "I bought a bicycle.", WHERE]
