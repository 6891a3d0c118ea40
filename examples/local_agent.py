"""An agent that remembers, at the keyboard, with no key and no model of a provider: it quotes what you told it.

    python examples/local_agent.py

Tell it a few things, stop it with an empty line, start it again, and ask.
"""

from __future__ import annotations

import asyncio

from loguru import logger
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from toldonce.pipecat import Mem0MemoryService


class Quoter(FrameProcessor):
    """Stands where the LLM stands, and quotes the best statement among the memories of the turn."""

    def __init__(self, memory: Mem0MemoryService) -> None:
        super().__init__()
        self._memory = memory

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer context frames, pass on the rest."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        told = [hit["memory"] for hit in self._memory.last_recall if hit["role"] == "user"]
        stated = [text for text in told if "?" not in text]
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(f"You told me: {stated[0]}" if stated else "That is new to me."))
        await self.push_frame(LLMFullResponseEndFrame())


async def main() -> None:
    """Talk until an empty line."""
    logger.remove()
    memory = Mem0MemoryService(
        user_id="you",
        params=Mem0MemoryService.InputParams(position=-1),
        recall_timeout=2.0,  # the first line is often there before the model is: whoever types can wait for it
    )
    user, assistant = LLMContextAggregatorPair(LLMContext())
    worker = PipelineWorker(Pipeline([user, memory, Quoter(memory), assistant]), enable_rtvi=False)
    answered: asyncio.Queue[str] = asyncio.Queue()

    async def answer(_: object, message: object) -> None:
        answered.put_nowait(getattr(message, "content", ""))

    async def talk(*_: object) -> None:
        while text := (await asyncio.to_thread(input, "you: ")).strip():
            await worker.queue_frame(LLMMessagesAppendFrame([{"role": "user", "content": text}], run_llm=True))
            print(f"agent: {await answered.get()}")
        await worker.queue_frame(EndFrame())

    assistant.add_event_handler("on_assistant_turn_stopped", answer)
    worker.add_event_handler("on_pipeline_started", talk)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main())
