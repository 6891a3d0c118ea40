"""A call without a microphone, on whatever Pipecat is installed: no key, no audio, no model of a provider.

    transcripts -> user aggregator -> the processors under test -> a scripted LLM -> assistant aggregator

Every step waits until the pipeline says that the one before it has happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from pipecat.frames.frames import (
    EndFrame,
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
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMAssistantAggregatorParams,
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.utils.time import time_now_iso8601

try:
    from pipecat.pipeline.worker import PipelineParams, PipelineWorker
    from pipecat.workers.runner import WorkerRunner

    WORKERS = True
except ImportError:  # Below Pipecat 1.3
    from pipecat.pipeline.runner import PipelineRunner as WorkerRunner
    from pipecat.pipeline.task import PipelineParams
    from pipecat.pipeline.task import PipelineTask as PipelineWorker

    WORKERS = False

HANG = 20.0
"""Seconds after which a step that never happens fails the test."""

Message = dict[str, Any]
Reply = Callable[[int], str]


class Passing(FrameProcessor):
    """Passes everything on: what one more processor costs."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class ScriptedLLM(FrameProcessor):
    """Answers each context frame with ``reply(n)``, and remembers what it was shown. ``""`` is no answer."""

    def __init__(self, reply: Reply = lambda n: f"answer {n}") -> None:
        super().__init__()
        self._reply = reply
        self.shown: list[list[Message]] = []
        self.frames: list[LLMContextFrame] = []
        self.received = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        self.frames.append(frame)
        self.shown.append(messages_of(frame.context))
        text = self._reply(len(self.shown))
        await self.push_frame(LLMFullResponseStartFrame())
        if text:
            await self.push_frame(LLMTextFrame(text))
        await self.push_frame(LLMFullResponseEndFrame())
        self.received.set()


class Call:
    """A running pipeline; an async context manager. Leaving it ends the call as an ``EndFrame`` does."""

    def __init__(
        self,
        *services: FrameProcessor,
        llm: Any = None,
        context: LLMContext | None = None,
        before: Sequence[FrameProcessor] = (),
        processors: Sequence[FrameProcessor] | None = None,
        assistant_params: LLMAssistantAggregatorParams | None = None,
        strategies: Any = None,
        user_params: dict[str, Any] | None = None,
        cancel: bool = False,
        **worker_options: Any,
    ) -> None:
        self.context = LLMContext([{"role": "system", "content": "You are terse."}]) if context is None else context
        self.llm = ScriptedLLM() if llm is None else llm
        self.errors: list[str] = []
        self._cancel = cancel
        self.user, self.assistant = LLMContextAggregatorPair(
            self.context,
            user_params=LLMUserAggregatorParams(
                user_turn_strategies=strategies or ExternalUserTurnStrategies(), **(user_params or {})
            ),
            assistant_params=assistant_params or LLMAssistantAggregatorParams(),
        )
        between = list(processors) if processors is not None else [*services, self.llm]
        observers = [] if WORKERS else [observer for s in services if (observer := getattr(s, "observer", None))]
        self.worker = PipelineWorker(
            Pipeline([*before, self.user, *between, self.assistant]),
            observers=[*observers, *worker_options.pop("observers", [])],
            cancel_on_idle_timeout=False,
            enable_turn_tracking=worker_options.pop("enable_turn_tracking", False),
            enable_rtvi=worker_options.pop("enable_rtvi", False),
            **worker_options,
        )
        self._started = asyncio.Event()
        self._turn_started = asyncio.Event()
        self._transcribed = asyncio.Event()
        self._answered = asyncio.Event()
        self._listen()

    async def __aenter__(self) -> Self:
        runner = WorkerRunner(handle_sigint=False)
        if WORKERS:
            await runner.add_workers(self.worker)
            self._running = asyncio.create_task(runner.run())
        else:
            self._running = asyncio.create_task(runner.run(self.worker))
        await within(self._started.wait())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._cancel or kind is not None:
            await self.worker.cancel()
        else:
            await self.worker.queue_frame(EndFrame())
        await within(self._running)

    @property
    def shown(self) -> list[list[Message]]:
        """The messages of each call of the LLM."""
        return self.llm.shown

    async def say(self, text: str, *, interims: Sequence[str] = (), gap: float = 0.0, lead: float = 0.0) -> None:
        """The user says ``text``; returns when the assistant has answered.

        ``gap``: seconds after each interim transcript; ``lead``: seconds from the final one to the end of the turn.
        """
        self._answered.clear()
        await self.hear(text, interims=interims, gap=gap, lead=lead)
        await within(self._answered.wait())

    async def hear(self, text: str, *, interims: Sequence[str] = (), gap: float = 0.0, lead: float = 0.0) -> None:
        """The user says ``text``; returns when the LLM was called."""
        self._turn_started.clear()
        await self.worker.queue_frame(UserStartedSpeakingFrame())
        await within(self._turn_started.wait())
        for interim in interims:
            await self._transcript(InterimTranscriptionFrame(interim, "", time_now_iso8601()))
            await asyncio.sleep(gap)
        await self._transcript(TranscriptionFrame(text, "", time_now_iso8601()))
        await asyncio.sleep(lead)
        self.llm.received.clear()
        await self.worker.queue_frame(UserStoppedSpeakingFrame())
        await within(self.llm.received.wait())

    async def _transcript(self, frame: Frame) -> None:
        """A system frame overtakes a data frame: the turn must not end before its words have landed."""
        self._transcribed.clear()
        await self.worker.queue_frame(frame)
        await within(self._transcribed.wait())

    def _listen(self) -> None:
        async def transcribed(_: object, frame: Frame) -> None:
            if isinstance(frame, (TranscriptionFrame, InterimTranscriptionFrame)):
                self._transcribed.set()

        async def failed(_: object, frame: Any) -> None:
            self.errors.append(frame.error)

        for source, event, handler in (
            (self.worker, "on_pipeline_started", _sets(self._started)),
            (self.worker, "on_pipeline_error", failed),
            (self.user, "on_user_turn_started", _sets(self._turn_started)),
            (self.user, "on_after_process_frame", transcribed),
            (self.assistant, "on_assistant_turn_stopped", _sets(self._answered)),
        ):
            source.add_event_handler(event, handler)


def messages_of(context: LLMContext) -> list[Message]:
    """The messages of a context, as plain dicts."""
    messages: list[Any] = list(context.get_messages())
    return [dict(message) for message in messages]


async def within(what: Any, seconds: float = HANG) -> Any:
    """Wait, but not forever."""
    return await asyncio.wait_for(what, seconds)


async def until(condition: Callable[[], bool], seconds: float = HANG) -> None:
    """Wait for a condition that nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of things that raise no event
            await asyncio.sleep(0.005)


def _sets(event: asyncio.Event) -> Any:
    async def handler(*_: object) -> None:
        event.set()

    return handler


def blocks(messages: Sequence[Message], prompt: str = "Based on previous conversations") -> list[Message]:
    """The recall blocks among messages as the LLM was shown them."""
    return [message for message in messages if str(message.get("content")).startswith(prompt)]


__all__ = [
    "HANG",
    "WORKERS",
    "Call",
    "LLMContext",
    "Passing",
    "PipelineParams",
    "ScriptedLLM",
    "blocks",
    "messages_of",
    "until",
    "within",
]
