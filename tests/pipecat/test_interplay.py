"""The service beside what else a voice agent has: switched LLMs, typed text, functions, mutes, people who cut in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from toldonce.pipecat.compat import PIPECAT

from .conftest import Ann
from .harness import WORKERS, Call, ScriptedLLM, blocks, messages_of, until
from .llm import Calls, ServiceLLM

if not WORKERS or PIPECAT < (1, 13):
    pytest.skip("written for the pipelines of Pipecat 1.13 and newer", allow_module_level=True)

from pipecat.frames.frames import LLMMessagesTransformFrame, ManuallySwitchServiceFrame
from pipecat.pipeline.llm_switcher import LLMSwitcher
from pipecat.processors.frameworks.rtvi.models import SendTextData, SendTextOptions
from pipecat.turns.user_mute import AlwaysUserMuteStrategy

WHERE = "In which city do I live?"


@pytest.fixture
async def oslo(ann: Ann) -> Ann:
    await ann.told("I moved to Oslo in March.")
    return ann


async def speaks(call: Call, text: str, speaker: str = "") -> None:
    for frame in (
        UserStartedSpeakingFrame(),
        InterimTranscriptionFrame(text[:8], speaker, ""),
        TranscriptionFrame(text, speaker, ""),
        UserStoppedSpeakingFrame(),
    ):
        await call.worker.queue_frame(frame)
        await asyncio.sleep(0.05)  # System frames overtake transcripts.


async def test_llms_that_are_switched(oslo: Ann) -> None:
    """Whichever answers is shown the memories, and the talk is one."""
    llms = [ServiceLLM(lambda n: f"first {n}"), ServiceLLM(lambda n: f"second {n}")]
    service = oslo.service()
    async with Call(llm=llms[0], processors=[service, LLMSwitcher([*llms])]) as call:
        await call.say(WHERE)
        await call.worker.queue_frame(ManuallySwitchServiceFrame(service=llms[1]))
        await speaks(call, "And in which city did I say I live?")
        await until(lambda: messages_of(call.context)[-1].get("content") == "second 1")
    assert all("Oslo" in str(blocks(llm.shown[0])) for llm in llms)
    assert [text for _, text in (await oslo.said())[1:]] == [
        WHERE,
        "first 1",
        "And in which city did I say I live?",
        "second 1",
    ]


async def test_text_that_a_client_sends(oslo: Ann) -> None:
    """Over RTVI, answered at once or later; what an application puts into the context by a function is said too."""
    async with Call(oslo.service(), enable_rtvi=True) as call:
        rtvi = call.worker.rtvi
        for number, (text, at_once) in enumerate(((WHERE, True), ("I bought a bicycle.", False))):
            data = SendTextData(content=text, options=SendTextOptions(run_immediately=at_once))
            await rtvi._handle_send_text(data, f"message-{number}")
            await until(lambda: text in str(messages_of(call.context)))  # noqa: B023
        await until(lambda: len(call.shown) == 1)
        typed: Any = {"role": "user", "content": "I have a dog."}
        await call.worker.queue_frame(LLMMessagesTransformFrame(lambda messages: [*messages, typed], run_llm=True))
        await until(lambda: len(call.shown) == 2)
        await until(lambda: messages_of(call.context)[-1].get("content") == "answer 2")
    assert "Oslo" in str(blocks(call.shown[0]))
    said = await oslo.said()
    assert [text for role, text in said if role == "user"][1:] == [WHERE, "I bought a bicycle.", "I have a dog."]
    assert [text for role, text in said if role == "assistant"] == ["answer 1", "answer 2"]


async def test_a_function_that_is_called_in_the_middle_of_a_turn(oslo: Ann) -> None:
    """The LLM runs again with the result: the block still stands, once, and splits no call from its result."""
    llm = ServiceLLM(lambda n: Calls("look") if n in (1, 3) else f"answer {n}")

    async def look(params: Any) -> None:
        await asyncio.sleep(0.02)
        await params.result_callback({"weather": "rain in Paris"})

    llm.register_function("look", look)
    async with Call(oslo.service(), llm=llm) as call:
        for turn, text in enumerate((WHERE, "And is it raining where I live?"), 1):
            await call.hear(text)
            await until(lambda: messages_of(call.context)[-1].get("content") == f"answer {2 * turn}")  # noqa: B023
    for shown in llm.shown:
        assert [("Oslo" in block["content"]) for block in blocks(shown)] == [True]
        roles = [str(message["role"]) for message in shown]
        assert all(roles[place - 1] == "assistant" for place, role in enumerate(roles) if role == "tool")
    assert [text for _, text in (await oslo.said())[1:]] == [
        WHERE,
        "answer 2",
        "And is it raining where I live?",
        "answer 4",
    ]


class Slow(ScriptedLLM):
    """Answers word by word."""

    async def process_frame(self, frame: Any, direction: FrameDirection) -> None:
        await FrameProcessor.process_frame(self, frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        self.shown.append(messages_of(frame.context))
        number = len(self.shown)
        await self.push_frame(LLMFullResponseStartFrame())
        for word in ("answer", str(number), "goes", "on", "and", "on"):
            await self.push_frame(LLMTextFrame(f"{word} "))
            await asyncio.sleep(0.05)
        await self.push_frame(LLMFullResponseEndFrame())


async def test_somebody_else_in_the_room_cuts_in(oslo: Ann) -> None:
    """Ann's answer is cut short by Bob: it is hers as far as it was spoken, and he is shown nothing of hers."""
    llm = Slow()
    async with Call(oslo.service(speaker_ids=True), llm=llm) as call:
        await speaks(call, WHERE, "ann")
        await until(lambda: len(llm.shown) == 1)
        await speaks(call, "I am Bob. What do you know of me?", "bob")
        await until(lambda: len(llm.shown) == 2)
        await speaks(call, "And which city is mine?", "ann")
        await until(lambda: messages_of(call.context)[-1].get("content") == "answer 3 goes on and on")
    assert ["Oslo" in str(blocks(shown)) for shown in llm.shown] == [True, False, True]
    [asked, answered] = await oslo.said("bob")
    assert asked == ("user", "I am Bob. What do you know of me?")
    assert answered[1].startswith("answer 2")
    said = (await oslo.said())[1:]
    assert [text for role, text in said if role == "user"] == [WHERE, "And which city is mine?"]
    assert [text.split()[1] for role, text in said if role == "assistant"] == ["1", "3"]


async def test_the_user_is_muted_whenever_the_bot_speaks(oslo: Ann) -> None:
    asked: list[str] = []
    search = oslo.memory.search

    async def recorded(query: str, **options: Any) -> Any:
        asked.append(query)
        return await search(query, **options)

    oslo.memory.search = recorded  # type: ignore[method-assign] # to hear what it is asked
    mute: Any = AlwaysUserMuteStrategy()  # type: ignore[no-untyped-call] # untyped in Pipecat
    async with Call(oslo.service(), user_params={"user_mute_strategies": [mute]}) as call:
        for turn in (1, 2):
            await call.worker.queue_frame(BotStartedSpeakingFrame())
            await asyncio.sleep(0.05)
            await speaks(call, "Honey, the password is tulip.")
            await call.worker.queue_frame(BotStoppedSpeakingFrame())
            await asyncio.sleep(0.05)
            await speaks(call, f"{WHERE} I ask for the {turn}. time.")
            await until(lambda: len(call.shown) == turn)  # noqa: B023
    assert all("Oslo" in str(blocks(shown)) for shown in call.shown)
    assert any("city" in query for query in asked)
    assert "tulip" not in str(asked)
    assert "tulip" not in str(await oslo.said())
