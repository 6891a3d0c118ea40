"""A Pipecat pipeline without a microphone: what one says to it in text passes through it as speech would.

    text -> user aggregator -> memory service -> responder -> assistant aggregator

The user's turn is announced from outside (``ExternalUserTurnStrategies``), as a turn-taking speech service does it.
Everything is driven by the pipeline's own events: each step waits for the one before it, and nothing sleeps.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    LLMContextFrame,
    LLMTextFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from .responders import Speaker

STEP_SECONDS = 20.0
"""Longer than any step of the pipeline takes; past it the pipeline is stuck."""

ANSWER_SECONDS = 120.0
"""A language model of one's own may have to be loaded first."""


class NoAnswer(Exception):
    """The responder reported an error, or nothing at all, instead of an answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one thing the person said."""

    reply: str
    """What the responder answered; empty if it kept silent."""
    added_ms: float
    """From the user aggregator handing the turn on to the responder receiving it: the memory service and two hops."""


class Stage:
    """The running pipeline; an async context manager.

    On leaving it the pipeline ends as a call does, with an EndFrame, so that the memory service has stored everything.
    """

    def __init__(self, service: FrameProcessor, responder: FrameProcessor) -> None:
        self._user, self._assistant = LLMContextAggregatorPair(
            LLMContext(), user_params=LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
        )
        self._responder = responder
        self._worker = PipelineWorker(
            Pipeline([self._user, service, responder, self._assistant]),
            cancel_on_idle_timeout=False,
            enable_rtvi=False,
            enable_turn_tracking=False,
        )
        self._signals: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._handed_on = 0.0
        self._arrived = 0.0
        self._spoken: list[str] = []
        self._listen()

    async def __aenter__(self) -> Self:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        self._running = asyncio.create_task(runner.run())
        starting = asyncio.create_task(self._until("started"))
        try:
            # A pipeline can be stopped only once it runs: an interruption waits for that.
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await starting
            await self._abort()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            await self._abort()
            return
        await self._worker.queue_frame(EndFrame())
        await self._running

    async def hear(self, text: str, *, answered: bool) -> Heard:
        """The person says ``text``. Raises NoAnswer.

        Returns when the responder has received the turn and, if ``answered``, has answered it.
        """
        self._begin_turn()
        await self._worker.queue_frame(UserStartedSpeakingFrame())
        await self._until("user started")
        await self._worker.queue_frame(TranscriptionFrame(text, "", time_now_iso8601()))
        # A system frame overtakes a data frame, so the end of the turn waits until its words have landed.
        await self._until("transcribed")
        await self._worker.queue_frame(UserStoppedSpeakingFrame())
        await self._until("received")
        if answered:
            await self._until("assistant stopped", ANSWER_SECONDS)
        return Heard("".join(self._spoken).strip(), (self._arrived - self._handed_on) * 1000)

    async def say(self, text: str) -> None:
        """The assistant says ``text`` of its own accord."""
        assert isinstance(self._responder, Speaker)
        self._begin_turn()
        await self._responder.say(text)
        await self._until("assistant stopped")

    async def _abort(self) -> None:
        await self._worker.cancel()
        await self._running

    def _listen(self) -> None:
        """Turn the pipeline's events into signals."""

        async def started(*_: object) -> None:
            self._signal("started")

        async def responder_failed(_: object, frame: ErrorFrame) -> None:
            self._signal("error", frame.error)

        async def user_started(*_: object) -> None:
            self._signal("user started")

        async def user_processed(_: object, frame: Frame) -> None:
            if isinstance(frame, TranscriptionFrame):
                self._signal("transcribed")

        async def user_pushes(_: object, frame: Frame) -> None:
            if isinstance(frame, LLMContextFrame):
                self._handed_on = time.perf_counter()

        async def responder_receives(_: object, frame: Frame) -> None:
            if isinstance(frame, LLMContextFrame):
                self._arrived = time.perf_counter()
                self._signal("received")

        async def responder_pushes(_: object, frame: Frame) -> None:
            if isinstance(frame, LLMTextFrame):
                self._spoken.append(frame.text)

        async def assistant_stopped(*_: object) -> None:
            self._signal("assistant stopped")

        self._worker.add_event_handler("on_pipeline_started", started)
        self._user.add_event_handler("on_user_turn_started", user_started)
        self._user.add_event_handler("on_after_process_frame", user_processed)
        self._user.add_event_handler("on_before_push_frame", user_pushes)
        self._responder.add_event_handler("on_before_process_frame", responder_receives)
        self._responder.add_event_handler("on_before_push_frame", responder_pushes)
        self._responder.add_event_handler("on_error", responder_failed)
        self._assistant.add_event_handler("on_assistant_turn_stopped", assistant_stopped)

    def _begin_turn(self) -> None:
        self._spoken.clear()
        # What the turn before still had to tell is of no interest to this one.
        while not self._signals.empty():
            self._signals.get_nowait()

    def _signal(self, name: str, detail: object = None) -> None:
        self._signals.put_nowait((name, detail))

    async def _until(self, name: str, seconds: float = STEP_SECONDS) -> None:
        """Wait for the signal ``name``. Raises NoAnswer if an error comes first, or if nothing comes."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    signal, detail = await self._signals.get()
                    if signal == "error":
                        raise NoAnswer(str(detail))
                    if signal == name:
                        return
        except TimeoutError as error:
            raise NoAnswer(f"waited {seconds:.0f} s for '{name}'") from error
