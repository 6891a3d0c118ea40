"""One person's line in a worker: their voice, the aggregator pair, the service, and an LLM that can be cut short."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from pipecat.frames.frames import (
    ControlFrame,
    Frame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.turns.user_mute.base_user_mute_strategy import BaseUserMuteStrategy
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.utils.time import time_now_iso8601

from tests.pipecat.harness import Passing, messages_of, until, within

from .ledger import Ledger, Prompt, Turn, owners


class Muting(BaseUserMuteStrategy):
    """Mutes the user when told to."""

    on = False

    async def process_frame(self, frame: Frame) -> bool:
        await super().process_frame(frame)
        return self.on


class SaidContext(LLMContext):
    """A context that tells at once of each message the pipeline adds to it: that is what was said."""

    told: Callable[[Any], None] = staticmethod(lambda message: None)

    def add_message(self, message: Any) -> None:
        super().add_message(message)
        self.told(message)

    def add_messages(self, messages: list[Any]) -> None:
        super().add_messages(messages)
        for message in messages:
            self.told(message)


class StreamingLLM(LLMService):
    """Answers word by word. Every answer is one of its own, and says whom it was given to."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        words = self._line.prompted(messages_of(frame.context)).split(" ")
        await self.push_frame(LLMFullResponseStartFrame())
        for place, word in enumerate(words):
            await self.push_frame(LLMTextFrame(f" {word}" if place else word))
            await asyncio.sleep(self._line.pace)
        await self.push_frame(LLMFullResponseEndFrame())

    async def run_inference(self, context: LLMContext, *arguments: Any, **options: Any) -> str:
        await asyncio.sleep(0.01)
        self._line.ledger.summarised.append("\n".join(str(message["content"]) for message in messages_of(context)))
        return f"Summary {len(self._line.ledger.summarised)} of the talk so far, in a few words of the model's own."


class Line:
    """A branch of the worker. ``person`` is who is at the microphone; the service learns of it as ``identity`` says."""

    def __init__(self, number: int, person: str, ledger: Ledger, rng: random.Random) -> None:
        self.number = number
        self.person = person
        self.ledger = ledger
        self.rng = rng
        self.pace = rng.choice((0.0, 0.001, 0.004))
        """Seconds from word to word of an answer."""
        self.changing = False
        """Whether the service is just learning of somebody else."""
        self.service_knows = False
        """Whether the service, if it asks, has had its answer since the user last said something."""
        self.typing: str | None = None
        """What is being typed: the service is told of it before it is in the context, and asks then."""
        self.wants: str | None = None
        """The mark of the memory that the turn being spoken asks for."""
        self.wipes = False
        """Whether the application starts over as soon as the next thing said is in the context."""
        self.context = SaidContext()
        self.context.told = self._said
        self.muting = Muting()  # type: ignore[no-untyped-call] # untyped in Pipecat
        params = LLMUserAggregatorParams(
            user_turn_strategies=ExternalUserTurnStrategies(), user_mute_strategies=[self.muting]
        )
        self.user, self.assistant = LLMContextAggregatorPair(self.context, user_params=params)
        self.voice = Passing()
        self.llm = StreamingLLM(self)
        self.first = self._last = person
        """Who was there first, and who spoke last."""
        self._counted = 0
        self._began = 0.0
        self._turn: Turn | None = None
        self._turns = asyncio.Event()
        self._heard = asyncio.Event()
        self.received = asyncio.Event()
        self.answered = asyncio.Event()
        self._listen()

    def processors(self, service: FrameProcessor) -> list[FrameProcessor]:
        """The branch."""
        return [self.voice, self.user, service, self.llm, self.assistant]

    def mark(self, person: str | None = None) -> str:
        """A word that is in no other text and says whose the text is."""
        self._counted += 1
        return f"{person or self.person}{self.number}{self._counted:03}"

    async def push(self, frame: Frame) -> None:
        """Let a frame come from this person's end of the line."""
        await self.voice.push_frame(frame)

    async def start_speaking(self) -> None:
        """The user begins a turn."""
        self._began = asyncio.get_running_loop().time()
        self._turns.clear()
        await self.push(UserStartedSpeakingFrame())
        await within(self._turns.wait())

    async def transcribe(self, text: str, *, final: bool) -> None:
        """The recogniser has heard something; returns when the aggregator has dealt with it."""
        kind = TranscriptionFrame if final else InterimTranscriptionFrame
        self._heard.clear()
        await self.push(kind(text, self.person, time_now_iso8601()))
        await within(self._heard.wait())

    async def stop_speaking(self, *, answer: bool = True) -> None:
        """The user ends the turn; returns when the LLM was asked, if that is to be expected."""
        self.received.clear()
        self.answered.clear()
        await self.push(UserStoppedSpeakingFrame())
        if answer:
            await within(self.received.wait())

    async def mute(self, on: bool) -> None:
        """Mute or unmute; the strategy is asked with the next frame, whichever that is."""
        self.muting.on = on
        await self.push(ControlFrame())
        await until(lambda: self._is_muted is on)

    def prompted(self, messages: list[Any]) -> str:
        """The LLM was called: note what it was shown. What it answers."""
        asker = self._turn.user if self._turn is not None else self._last if self.ledger.words_tell else self.person
        at, present = asyncio.get_running_loop().time(), None if self.changing else self.person
        self.ledger.prompts.append(Prompt(self.number, asker, present, messages, self._turn, at))
        self._turn = None
        self.received.set()
        return f"{self.mark(asker)} is the number of this answer, which has a few words more."

    _is_muted = False

    def _said(self, message: Any) -> None:
        role, text = message.get("role"), str(message.get("content") or "").strip()
        if role not in ("user", "assistant") or not text:
            return
        # An answer may be in the context only when the next one is under way. It begins with whom it was given to.
        # Where transcripts say who speaks, so do the words.
        [whose] = owners([text]) if role == "assistant" or self.ledger.words_tell else [self.person]
        self.ledger.said[whose, role, text] += 1
        if role == "user":
            self.service_knows, self._last = self.service_knows and text == self.typing, whose
            self.typing = None
            self._turn = Turn(whose, text, self._began, self.wants)
        if self.wipes:
            self.wipes = False
            asyncio.get_running_loop().call_soon(self.context.set_messages, [])

    def _listen(self) -> None:
        def heard(_: object, frame: Frame) -> None:
            if isinstance(frame, (TranscriptionFrame, InterimTranscriptionFrame)):
                self._heard.set()

        async def muted(*_: object) -> None:
            self._is_muted = True

        async def unmuted(*_: object) -> None:
            self._is_muted = False

        async def turned(*_: object) -> None:
            self._turns.set()

        async def done(*_: object) -> None:
            self.answered.set()

        self.user.add_event_handler("on_after_process_frame", heard)
        self.user.add_event_handler("on_user_turn_started", turned)
        self.user.add_event_handler("on_user_mute_started", muted)
        self.user.add_event_handler("on_user_mute_stopped", unmuted)
        self.assistant.add_event_handler("on_assistant_turn_stopped", done)
