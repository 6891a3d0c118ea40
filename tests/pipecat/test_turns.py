"""Prefetcher before the LLM, storing after, in a real pipeline on the real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from toldonce.pipecat.compat import INSTRUCTION_ROLE

from .conftest import Ann, anything
from .harness import Call, LLMContext, ScriptedLLM, blocks, until


async def test_what_an_earlier_call_was_told_stands_in_the_prompt_of_a_later_one(ann: Ann) -> None:
    async with Call(ann.service()) as call:
        await call.say("I moved to Oslo in March.")
    async with Call(ann.service()) as call:
        await call.say("Do you remember where I live, in which city I moved?")
    (block,) = blocks(call.shown[0])
    assert block["role"] == INSTRUCTION_ROLE
    assert block["content"].startswith(
        "Based on previous conversations, I recall: \n\n1. I moved to Oslo in March. (Ann, "
    )
    assert call.shown[0].index(block) == 1


async def test_everything_said_is_stored_once_and_in_order(ann: Ann) -> None:
    replies = ["Hello Ann.", "That is far away.", "Noted.", "Noted.", "Noted.", "Noted.", "Bye."]
    async with Call(ann.service(), llm=ScriptedLLM(lambda n: replies[n - 1])) as call:
        said = ["Hi, I am Ann.", "My brother lives in Peru.", "yes", "yes", "yes", "yes", "Goodbye."]
        for text in said:
            await call.say(text)
    expected = [
        pair for turn in zip(said, replies, strict=True) for pair in (("user", turn[0]), ("assistant", turn[1]))
    ]
    assert await ann.said() == expected


@pytest.mark.parametrize("cancel", [False, True], ids=["EndFrame", "CancelFrame"])
async def test_the_last_turn_is_stored_when_the_call_ends(ann: Ann, cancel: bool) -> None:
    async with Call(ann.service(), cancel=cancel) as call:
        await call.hear("I moved to Oslo in March.")
    assert await ann.said() == [("user", "I moved to Oslo in March."), ("assistant", "answer 1")]


async def test_every_prompt_carries_one_block_or_none_and_the_context_gathers_none(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.", "My sister Eva plays the cello.", "I am allergic to peanuts.")
    async with Call(ann.service()) as call:
        for n in range(20):
            await call.say(("Where do I live, in Oslo?", "yes please", "What does my sister Eva play?")[n % 3])
    counts = {len(blocks(shown)) for shown in call.shown}
    assert counts == {1}
    assert len(call.context.get_messages()) == 1 + 1 + 2 * 20
    assert not [text for _, text in await ann.said() if "I recall" in text]


async def test_the_same_words_twice_are_recalled_twice(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    async with Call(ann.service()) as call:
        await call.say("In which city do I live?")
        call.context.set_messages([])
        await call.say("In which city do I live?")
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1]


async def test_a_follow_up_leans_on_the_turns_before_it(ann: Ann) -> None:
    await ann.told("My sister Eva plays the cello in Bergen.", "I am allergic to peanuts.")
    service = ann.service()
    async with Call(service) as call:
        await call.say("What does my sister Eva play?")
        service.session.prompt.clear_all()  # so that the block is not the one kept from the turn before
        # The turn itself is a memory now, and like nothing else what is asked next.
        await until(lambda: len(service.session.recall._earlier) == 2 and not len(service.session.writer))
        await call.say("And where?")
    assert "Bergen" in service.last_recall[0]["memory"]
    assert service.last_recall[0]["score"] > 0.1  # found, not merely part of what is known of her


async def test_without_memories_there_is_no_block(ann: Ann) -> None:
    async with Call(ann.service()) as call:
        await call.say("In which city do I live?")
    assert call.shown == [
        [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "In which city do I live?"}]
    ]


async def test_a_block_of_the_users_role_is_neither_stored_nor_searched_for(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    service = ann.service(params=anything(add_as_system_message=False, position=-1))
    async with Call(service) as call:
        await call.say("In which city do I live?")
        await call.say("And in which city did I live before Oslo?")
    for shown in call.shown:
        (block,) = blocks(shown)
        assert block["role"] == "user"
        assert shown.index(block) == len(shown) - 2
    assert service.last_query == "And in which city did I live before Oslo?"
    assert not [text for _, text in await ann.said() if "I recall" in text]


async def test_the_first_turn_may_carry_what_is_known_of_the_person(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.", "My sister Eva plays the cello.")
    strict = anything(search_threshold=1.0)
    async with Call(ann.service(profile_limit=1, params=strict)) as call:
        await call.say("Hello there!")
        for _ in range(4):
            await call.say("Right.")
    assert "1. My sister Eva" in blocks(call.shown[0])[0]["content"]
    assert "2. " not in blocks(call.shown[0])[0]["content"]
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1, 1, 1, 0], "and goes like any other block"


@pytest.mark.parametrize("told", [2, 3])
async def test_the_first_turn_carries_all_there_is_if_it_is_little(ann: Ann, told: int) -> None:
    """Two memories may be shown beside what is recalled; of three nothing is known of what was left out."""
    await ann.told(*("I moved to Oslo in March.", "My sister Eva plays the cello.", "I am allergic to nuts.")[:told])
    async with Call(ann.service(profile_limit=2, params=anything(search_limit=1))) as call:
        await call.say("In which city do I live?")
        await call.say("What does my sister play?")
    first, second = (blocks(shown)[0]["content"] for shown in call.shown)
    assert "1. I moved to Oslo" in first
    assert ("Eva" in first) == (told == 2)
    assert "2. " not in second


async def test_list_content_is_searched_and_stored_by_its_text(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    content: Any = [{"type": "text", "text": "Which city am I living in?"}, picture]
    context = LLMContext([{"role": "user", "content": content}])
    async with Call(ann.service(), context=context) as call:
        await call.say("Look at this.")
    assert ("user", "Which city am I living in?") in await ann.said()
    assert not [text for _, text in await ann.said() if "AAAA" in text]


class Hanging(AsyncMemory):
    """Loads ahead for ever."""

    async def warm(self, **ids: Any) -> int:
        await asyncio.Event().wait()
        return 0


async def test_no_task_is_left_when_the_call_ends(tmp_path: Path) -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return "ann"

    async with Hanging(folder=tmp_path) as memory:
        warming = Mem0MemoryService(memory=memory, user_id="ann", recall_timeout=0.1)
        asking = Mem0MemoryService(memory=memory, user_id=never, recall_timeout=0.1, shutdown_timeout=0.1)
        names = []
        async with Call(warming, asking):
            names += [task.get_name() for task in asyncio.all_tasks() if "MemoryService" in task.get_name()]
        left = [task.get_name() for task in asyncio.all_tasks() if "MemoryService" in task.get_name()]
    assert any(name.endswith("warm-up") for name in names)
    assert any(name.endswith("user-id") for name in names)
    assert left == []
