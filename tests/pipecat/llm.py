"""An LLM service as Pipecat's are, with a script instead of a model: it calls functions and writes summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipecat.frames.frames import (
    Frame,
    FunctionCallFromLLM,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService

from .harness import Message, messages_of


@dataclass
class Calls:
    """A reply that calls a function."""

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)


class ServiceLLM(LLMService):
    """Answers each context frame with ``reply(n)``, a text or a function call."""

    def __init__(self, reply: Callable[[int], str | Calls] = lambda n: f"answer {n}") -> None:
        super().__init__()
        self._reply = reply
        self.shown: list[list[Message]] = []
        self.received = asyncio.Event()
        self.summarised: list[str] = []
        """What there was to summarise, each time a summary was asked for."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        self.shown.append(messages_of(frame.context))
        reply = self._reply(len(self.shown))
        await self.push_frame(LLMFullResponseStartFrame())
        if isinstance(reply, Calls):
            call = FunctionCallFromLLM(
                context=frame.context,
                tool_call_id=f"call-{len(self.shown)}",
                function_name=reply.function,
                arguments=reply.arguments,
            )
            await self.run_function_calls([call])
        elif reply:
            await self.push_frame(LLMTextFrame(reply))
        await self.push_frame(LLMFullResponseEndFrame())
        self.received.set()

    async def run_inference(self, context: LLMContext, *arguments: Any, **options: Any) -> str:
        await asyncio.sleep(0.02)
        self.summarised.append("\n".join(str(message["content"]) for message in messages_of(context)))
        return f"the talk so far, part {len(self.summarised)}"
