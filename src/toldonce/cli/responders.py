"""What stands where the language model stands: a speaker of given lines, a quoter of memories, or the real thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor


class Speaker(FrameProcessor):
    """Says what it is told to, and leaves turns unanswered: the assistant of a played session."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Consume context frames, as a language model does; pass on everything else."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.answer(frame.context)
        else:
            await self.push_frame(frame, direction)

    async def answer(self, context: LLMContext) -> None:
        """Answer a turn of the user's: here, not at all."""

    async def say(self, text: str, *, remembered: bool = True) -> None:
        """Say ``text``; if not ``remembered``, without it entering the context."""
        words = LLMTextFrame(text)
        words.append_to_context = remembered
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(words)
        await self.push_frame(LLMFullResponseEndFrame())


class Quoter(Speaker):
    """Answers what was said with what ``reply(text)`` comes to.

    What was recalled is not something that was said, so the quotations never enter the context.
    """

    def __init__(self, reply: Callable[[str], Awaitable[str]]) -> None:
        super().__init__()
        self._reply = reply

    async def answer(self, context: LLMContext) -> None:
        """Quote."""
        said = [message for message in context.get_messages() if isinstance(message, Mapping)]
        last: Mapping[str, Any] = next((message for message in reversed(said) if message.get("role") == "user"), {})
        await self.say(await self._reply(str(last.get("content") or "")), remembered=False)
