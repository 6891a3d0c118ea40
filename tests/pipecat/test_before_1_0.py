"""Frames that Pipecat had up to 0.0.108. Run by ``make test-compat``; newer versions have nothing to run here."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from toldonce.pipecat.compat import MESSAGES_FRAMES, OLD_CONTEXT_FRAMES

from .conftest import Ann
from .harness import Call, ScriptedLLM, blocks, until

pytestmark = pytest.mark.skipif(not MESSAGES_FRAMES, reason="this Pipecat has neither frame")

WHERE = "In which city do I live?"


class OldLLM(ScriptedLLM):
    """Takes the old frames too."""

    async def process_frame(self, frame: Any, direction: FrameDirection) -> None:
        is_list, is_context = isinstance(frame, MESSAGES_FRAMES), isinstance(frame, OLD_CONTEXT_FRAMES)
        if not is_list and not is_context:
            await super().process_frame(frame, direction)
            return
        await FrameProcessor.process_frame(self, frame, direction)
        messages = frame.messages if is_list else frame.context.get_messages()
        self.shown.append([dict(message) for message in messages])


async def test_lists_of_messages(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    said: list[dict[str, Any]] = [{"role": "system", "content": "Be nice."}, {"role": "user", "content": WHERE}]
    async with Call(ann.service(), llm=OldLLM()) as call:
        for n in range(3):
            await call.worker.queue_frame(MESSAGES_FRAMES[0]([dict(message) for message in said]))  # type: ignore[call-arg]
            await until(lambda n=n: len(call.shown) == n + 1)  # type: ignore[misc]
            said += [{"role": "assistant", "content": f"answer {n}"}, {"role": "user", "content": "yes"}]
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1, 1]
    assert [text for _, text in await ann.said()][1:] == [WHERE, "answer 0", "yes", "answer 1", "yes"]


async def test_a_list_that_starts_over_shows_nothing_of_the_talk_before(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    lists: list[list[dict[str, Any]]] = [[{"role": "user", "content": WHERE}], [{"role": "user", "content": "yes"}]]
    async with Call(ann.service(), llm=OldLLM()) as call:
        for n, said in enumerate(lists):
            await call.worker.queue_frame(MESSAGES_FRAMES[0](said))  # type: ignore[call-arg]
            await until(lambda n=n: len(call.shown) == n + 1)  # type: ignore[misc]
    assert [len(blocks(shown)) for shown in call.shown] == [1, 0]


async def test_old_contexts(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    module = importlib.import_module("pipecat.processors.aggregators.openai_llm_context")
    context = module.OpenAILLMContext([{"role": "user", "content": WHERE}])
    async with Call(ann.service(), llm=OldLLM()) as call:
        for n in range(2):
            await call.worker.queue_frame(OLD_CONTEXT_FRAMES[0](context))  # type: ignore[call-arg]
            await until(lambda n=n: len(call.shown) == n + 1)  # type: ignore[misc]
            context.add_message({"role": "assistant", "content": f"answer {n}"})
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1]
    assert [text for _, text in await ann.said()][1:] == [WHERE, "answer 0", "answer 1"]
