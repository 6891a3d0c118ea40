"""Pipelines as Pipecat's guides build them: flows, wake phrases, mutes, idle users, speech-to-speech, voicemail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMRunFrame,
    LLMTextFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.time import time_now_iso8601

from toldonce.pipecat.compat import PIPECAT

from .conftest import Ann
from .harness import WORKERS, Call, LLMContext, blocks, messages_of, until
from .llm import Calls, ServiceLLM

if not WORKERS or PIPECAT < (1, 13):
    pytest.skip("written for the pipelines of Pipecat 1.13 and newer", allow_module_level=True)

from pipecat.classifiers.base_classifier import BaseClassifier, ChoiceResult
from pipecat.extensions.voicemail.voicemail_detector import VoicemailDetector
from pipecat.flows import ContextStrategy, ContextStrategyConfig, FlowManager, NodeConfig
from pipecat.frames.frames import LLMServiceMetadataFrame
from pipecat.pipeline.parallel_pipeline import ParallelPipeline
from pipecat.turns.user_mute import FirstSpeechUserMuteStrategy
from pipecat.turns.user_start.transcription_user_turn_start_strategy import TranscriptionUserTurnStartStrategy
from pipecat.turns.user_start.wake_phrase_user_turn_start_strategy import WakePhraseUserTurnStartStrategy
from pipecat.turns.user_stop import ExternalUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

WHERE = "In which city do I live?"


def spoken(text: str) -> TranscriptionFrame:
    return TranscriptionFrame(text, "", time_now_iso8601())


async def settled(ann: Ann, count: int) -> list[tuple[str, str]]:
    """The journal, once it has so many messages, and a moment for one too many."""
    async with asyncio.timeout(20):
        while len(await ann.said()) < count:  # noqa: ASYNC110 - of things that raise no event
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    return await ann.said()


@pytest.mark.parametrize("strategy", [ContextStrategy.RESET, ContextStrategy.RESET_WITH_SUMMARY])
async def test_a_flow_that_resets_its_context(ann: Ann, strategy: ContextStrategy) -> None:
    """The next node has no block of the one before, and what was said before it is stored once."""
    await ann.told("I moved to Oslo in March.", "My sister Eva plays the cello.")
    llm = ServiceLLM(lambda n: Calls("go_on") if n == 2 else f"answer {n}")
    config = ContextStrategyConfig(strategy, "Sum it up." if strategy is ContextStrategy.RESET_WITH_SUMMARY else None)
    second: NodeConfig = {
        "name": "second",
        "task_messages": [{"role": "developer", "content": "Ask for the date."}],
        "context_strategy": config,
        "respond_immediately": False,
    }

    async def go_on(flow_manager: FlowManager) -> tuple[None, NodeConfig]:
        """Go on to the next part."""
        return None, second

    first: NodeConfig = {
        "name": "first",
        "role_message": "You are terse.",
        "task_messages": [{"role": "developer", "content": "Ask for the city."}],
        "functions": [go_on],
        "respond_immediately": False,
    }
    call = Call(ann.service(), llm=llm, context=LLMContext())
    aggregators: Any = _Pair(call)
    flow = FlowManager(llm=llm, context_aggregator=aggregators, worker=call.worker)
    async with call:
        await flow.initialize(first)
        await until(lambda: len(messages_of(call.context)) > 0)
        await call.say(WHERE)
        assert "Oslo" in blocks(call.shown[0])[0]["content"]  # There is a block to be left behind.
        await call.hear("Please go on.")
        await until(lambda: "Ask for the date." in str(messages_of(call.context)))
        await until(lambda: "Ask for the city." not in str(messages_of(call.context)))
        assert blocks(messages_of(call.context)) == []
        await call.say("What does my sister Eva play?")
    assert len(llm.summarised) == (strategy is ContextStrategy.RESET_WITH_SUMMARY)
    [block] = blocks(call.shown[-1])
    assert "cello" in block["content"]
    assert (await ann.said())[2:] == [
        ("user", WHERE),
        ("assistant", "answer 1"),
        ("user", "Please go on."),
        ("user", "What does my sister Eva play?"),
        ("assistant", f"answer {len(call.shown)}"),
    ]


class _Pair:
    """The aggregators of a call as ``FlowManager`` takes them."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def user(self) -> Any:
        return self._call.user

    def assistant(self) -> Any:
        return self._call.assistant


async def test_before_the_wake_phrase_nobody_listens(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    wake = WakePhraseUserTurnStartStrategy(phrases=["hey robot"], timeout=30.0)
    strategies = UserTurnStrategies(
        start=[wake, TranscriptionUserTurnStartStrategy()], stop=[ExternalUserTurnStopStrategy()]
    )
    service = ann.service()
    asked: list[str] = []
    search = ann.memory.search

    async def recorded(query: str, **options: Any) -> Any:
        asked.append(query)
        return await search(query, **options)

    ann.memory.search = recorded  # type: ignore[method-assign] # to hear what it is asked
    async with Call(service, strategies=strategies) as call:
        await call.worker.queue_frame(spoken("Honey, the password of the bank is tulip."))
        await asyncio.sleep(0.2)
        assert asked == []
        for text in ("Hey robot.", WHERE):
            await call.worker.queue_frame(spoken(text))
            await asyncio.sleep(0.1)
        await call.worker.queue_frame(UserStoppedSpeakingFrame())
        await until(lambda: len(call.shown) == 1)
        await until(lambda: messages_of(call.context)[-1]["role"] == "assistant")
    assert "Oslo" in blocks(call.shown[0])[0]["content"]
    assert any("city" in query for query in asked)
    assert not any("tulip" in query for query in asked)
    assert "tulip" not in str(await ann.said())


async def test_the_user_is_muted_while_the_bot_first_speaks(ann: Ann) -> None:
    params = {"user_mute_strategies": [FirstSpeechUserMuteStrategy()]}  # type: ignore[no-untyped-call] # untyped in Pipecat
    async with Call(ann.service(), user_params=params) as call:
        await call.worker.queue_frame(BotStartedSpeakingFrame())
        for frame in (UserStartedSpeakingFrame(), spoken("Tulip is the password."), UserStoppedSpeakingFrame()):
            await call.worker.queue_frame(frame)
            await asyncio.sleep(0.05)
        await call.worker.queue_frame(BotStoppedSpeakingFrame())
        await asyncio.sleep(0.05)
        await call.say("I moved to Oslo in March.")
    assert await ann.said() == [("user", "I moved to Oslo in March."), ("assistant", "answer 1")]


async def test_a_reminder_to_an_idle_user_is_not_theirs(ann: Ann) -> None:
    """What was recalled for the last turn stays in the prompt, and the agent's question is stored."""
    await ann.told("I moved to Oslo in March.")
    call = Call(ann.service(), user_params={"user_idle_timeout": 0.2})

    async def remind(_: object) -> None:
        if len(call.shown) == 1:
            call.context.add_message({"role": "developer", "content": "Ask whether the user is still there."})
            await call.worker.queue_frame(LLMRunFrame())

    call.user.add_event_handler("on_user_turn_idle", remind)
    async with call:
        await call.say(WHERE)
        await call.worker.queue_frame(BotStartedSpeakingFrame())
        await call.worker.queue_frame(BotStoppedSpeakingFrame())
        await until(lambda: len(call.shown) == 2)
        await until(lambda: messages_of(call.context)[-1].get("content") == "answer 2")
    assert "Oslo" in blocks(call.shown[1])[0]["content"]
    assert len(blocks(call.shown[1])) == 1
    assert (await ann.said())[1:] == [("user", WHERE), ("assistant", "answer 1"), ("assistant", "answer 2")]


class Realtime(FrameProcessor):
    """A speech-to-speech service: it hears by itself, and sees the context once, at the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[list[dict[str, Any]]] = []
        self.received = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            self.shown.append(messages_of(frame.context))
            self.received.set()
            return
        await self.push_frame(frame, direction)

    async def talk(self, heard: str, answer: str) -> None:
        await self.push_frame(spoken(heard), FrameDirection.UPSTREAM)
        await asyncio.sleep(0.05)
        for frame in (LLMFullResponseStartFrame(), LLMTextFrame(answer), LLMFullResponseEndFrame()):
            await self.push_frame(frame)


async def test_speech_to_speech(ann: Ann) -> None:
    """The first context has the profile; what is said on both sides is stored, once and in order."""
    await ann.told("I moved to Oslo in March.")
    llm = Realtime()
    call = Call(ann.service(profile_limit=5), llm=llm, context=LLMContext())
    async with call:
        for way in (FrameDirection.UPSTREAM, FrameDirection.DOWNSTREAM):
            await llm.push_frame(LLMServiceMetadataFrame("a realtime service", is_realtime_service=True), way)
        await call.worker.queue_frame(LLMRunFrame())
        await until(lambda: len(llm.shown) == 1)
        await llm.talk("My sister Eva plays the cello.", "How lovely.")
        await settled(ann, 3)
        await llm.talk("She lives in Rome.", "Far away.")
        await settled(ann, 5)
    assert "Oslo" in blocks(llm.shown[0])[0]["content"]
    assert (await ann.said())[1:] == [
        ("user", "My sister Eva plays the cello."),
        ("assistant", "How lovely."),
        ("user", "She lives in Rome."),
        ("assistant", "Far away."),
    ]


class Person(BaseClassifier):
    """Always says that a person answered."""

    async def _ask(self, state: Any, questions: Any, images: Any = ()) -> Any:
        sure = ChoiceResult(choice="conversation", probabilities={"conversation": 1.0}, confidence=1.0)
        return dict.fromkeys(questions, sure), None


async def test_an_outbound_call_that_a_person_answers(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    detector = VoicemailDetector(classifier=Person(), decision_timeout=0.05)  # type: ignore[no-untyped-call] # untyped in Pipecat
    answered = asyncio.Event()
    detector.add_event_handler("on_conversation_detected", lambda _: answered.set())
    service = ann.service()
    llm = ServiceLLM()
    call = Call(service, llm=llm, processors=[service, llm, detector.gate()], before=[detector.detector()])
    async with call:
        await call.say(WHERE)
        await asyncio.wait_for(answered.wait(), 10)
    assert "Oslo" in blocks(call.shown[0])[0]["content"]
    assert (await ann.said())[1:] == [("user", WHERE), ("assistant", "answer 1")]


async def test_two_agents_of_one_person(ann: Ann) -> None:
    """Two experts listen, each with a memory of its own, and each hears the person once."""
    await ann.told("I moved to Oslo in March.", agent_id="guide")
    await ann.told("I take aspirin.", agent_id="doctor")
    services = [ann.service(agent_id=agent, scope="user+agent") for agent in ("guide", "doctor")]
    llms = [ServiceLLM(), ServiceLLM(lambda n: "")]
    branches: Any = ParallelPipeline(*([service, llm] for service, llm in zip(services, llms, strict=True)))  # type: ignore[no-untyped-call] # untyped in Pipecat
    async with Call(llm=llms[0], processors=[branches]) as call:
        await call.say("What did I tell you about me?")
        await until(lambda: len(llms[1].shown) == 1)
    assert "Oslo" in str(blocks(llms[0].shown[0]))
    for agent in ("guide", "doctor"):
        journal = await ann.memory.messages(user_id="ann", agent_id=agent)
        assert [m["content"] for m in journal].count("What did I tell you about me?") == 1


async def test_the_greeting_of_pipecats_own_guide(ann: Ann) -> None:
    """As its page on memory writes it, word for word but for what it says."""
    await ann.told("I moved to Oslo in March.")
    memories = await ann.service().get_memories()
    greeting = "".join(f"{memory['memory']} " for memory in memories[:3])
    assert greeting == "I moved to Oslo in March. "
