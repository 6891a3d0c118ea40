"""The conversation gathers no memory, whatever else is done to its context."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from loguru import logger
from pipecat.frames.frames import LLMContextFrame, LLMRunFrame, LLMSummarizeContextFrame
from pipecat.pipeline.parallel_pipeline import ParallelPipeline
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregatorParams
from pipecat.processors.frame_processor import FrameDirection
from pipecat.utils.context.llm_context_summarization import LLMAutoContextSummarizationConfig, LLMContextSummaryConfig

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService

from .conftest import Ann, anything
from .harness import Call, LLMContext, ScriptedLLM, blocks, messages_of, until
from .llm import Calls, ServiceLLM

WHERE = "In which city do I live?"


@pytest.fixture
async def oslo(ann: Ann) -> Ann:
    await ann.told("I moved to Oslo in March.", "My sister Eva plays the cello.")
    return ann


class Selective(AsyncMemory):
    """Finds nothing for what says nothing."""

    async def search(self, query: str, **options: Any) -> dict[str, Any]:
        return {"results": []} if query == "yes please" else await super().search(query, **options)


def at(position: int) -> Mem0MemoryService.InputParams:
    return anything(position=position)


async def test_the_run_after_a_function_call_carries_the_turns_block(oslo: Ann) -> None:
    llm = ServiceLLM(lambda n: Calls("get_time") if n == 1 else f"answer {n}")

    async def get_time(params: Any) -> None:
        await params.result_callback({"time": "ten"})

    llm.register_function("get_time", get_time)
    async with Call(oslo.service(params=at(-1)), llm=llm) as call:
        await call.say(WHERE)
        await until(lambda: len(call.shown) == 2)
        await until(lambda: messages_of(call.context)[-1].get("content") == "answer 2")
    first, again = call.shown
    assert [message["role"] for message in again[-3:]] == ["user", "assistant", "tool"]
    assert blocks(first) == blocks(again)
    assert len(blocks(first)) == 1
    assert (await oslo.said())[2:] == [("user", WHERE), ("assistant", "answer 2")]


@pytest.mark.parametrize("position", [1, -1])
@pytest.mark.parametrize("dedicated", [False, True], ids=["pipeline's LLM", "dedicated LLM"])
async def test_a_summariser_neither_reads_a_block_nor_loses_count_over_it(
    oslo: Ann, position: int, dedicated: bool
) -> None:
    llm, other = ServiceLLM(), ServiceLLM()
    config = LLMAutoContextSummarizationConfig(
        max_context_tokens=None,
        max_unsummarized_messages=8,
        summary_config=LLMContextSummaryConfig(min_messages_after_summary=3, llm=other if dedicated else None),
    )
    params = LLMAssistantAggregatorParams(
        enable_auto_context_summarization=True, auto_context_summarization_config=config
    )
    said = []
    async with Call(oslo.service(params=at(position)), llm=llm, assistant_params=params) as call:
        for n in range(16):
            said.append((WHERE, f"That was number {n}.", "yes please")[n % 3] + f" {n}")
            await call.say(said[-1])
            await asyncio.sleep(0.01 if n % 2 else 0.04)
        await asyncio.sleep(0.05)
        final = messages_of(call.context)
    summarised = (other if dedicated else llm).summarised
    assert len(summarised) >= 2
    assert not [text for text in summarised if "I recall" in text]
    assert {len(blocks(shown)) for shown in call.shown} == {1}
    remaining = [m["content"] for m in final if m["role"] in ("user", "assistant") and "part" not in m["content"]]
    expected = [text for n, words in enumerate(said, 1) for text in (words, f"answer {n}")]
    assert remaining == expected[-len(remaining) :], "nothing is lost or doubled in the rest"
    assert summarised[-1].count(said[0]) == 0, "the first turn was summarised once"
    covered = "\n".join(summarised)
    assert all(f": {text}" in covered or text in remaining for text in expected)
    assert [text for _, text in await oslo.said()][2:] == expected, "summaries are not stored"


async def test_a_summary_is_no_query(oslo: Ann) -> None:
    service = oslo.service()
    params = LLMAssistantAggregatorParams(
        auto_context_summarization_config=LLMAutoContextSummarizationConfig(
            summary_config=LLMContextSummaryConfig(min_messages_after_summary=0)
        )
    )
    async with Call(service, llm=ServiceLLM(), assistant_params=params) as call:
        await call.say("My violin needs new strings.")
        await call.worker.queue_frame(LLMSummarizeContextFrame())
        await until(lambda: "part 1" in str(messages_of(call.context)))
        call.llm.received.clear()
        await call.worker.queue_frame(LLMRunFrame())
        await until(call.llm.received.is_set)
    assert [message["role"] for message in messages_of(call.context) if not blocks([message])] == [
        "system",
        "user",
        "assistant",
    ]
    assert service.last_query == "My violin needs new strings."
    assert not [text for _, text in await oslo.said() if "part 1" in text]


async def test_a_turn_that_recalls_nothing_keeps_the_block_for_three_turns(oslo: Ann, tmp_path: Path) -> None:
    service = oslo.service(memory=Selective(folder=tmp_path / "memory"))
    async with Call(service) as call:
        await call.say(WHERE)
        assert service.last_recall
        for _ in range(5):
            await call.say("yes please")
    await service.memory_client.close()
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1, 1, 1, 0, 0]


async def test_a_memory_deleted_during_the_call_does_not_come_back(oslo: Ann, tmp_path: Path) -> None:
    service = oslo.service(memory=Selective(folder=tmp_path / "memory"))
    async with Call(service) as call:
        await call.say(WHERE)
        (block,) = blocks(call.shown[0])
        assert "Oslo" in block["content"]
        for hit in service.last_recall:
            if "Oslo" in hit["memory"]:
                await oslo.memory.delete(hit["id"])
        await call.say("yes please")
        await call.say("yes please")
    await service.memory_client.close()
    assert not [block for shown in call.shown[1:] for block in blocks(shown) if "Oslo" in block["content"]]


@pytest.mark.parametrize("edit", ["delete", "update"])
async def test_an_edit_while_the_person_speaks_is_seen_by_the_turn(oslo: Ann, edit: str) -> None:
    """What was looked up ahead of the turn is older than the edit."""
    service = oslo.service()
    async with Call(service) as call:
        await call.say("How are you today?")
        turn = asyncio.create_task(call.say(WHERE, lead=1.0))
        recall = service.session.prefetcher
        await until(lambda: any(lookup.hits for lookup in recall._current))
        for hit in (await oslo.memory.get_all(filters={"user_id": "ann"}))["results"]:
            if "Oslo" in hit["memory"]:
                if edit == "delete":
                    await oslo.memory.delete(hit["id"])
                else:
                    await oslo.memory.update(hit["id"], hit["memory"].replace("Oslo", "Bergen"))
        await turn
    shown = " ".join(block["content"] for block in blocks(call.shown[-1]))
    assert "Oslo" not in shown
    assert ("Bergen" in shown) == (edit == "update")


async def test_an_edited_long_memory_does_not_keep_its_old_passage(ann: Ann) -> None:
    filler = " ".join(f"We talked about topic number {n} for a while." for n in range(60))
    await ann.told(f"{filler} The code of the alarm is 4711. {filler}")
    service = ann.service()
    async with Call(service) as call:
        await call.say("What is the code of the alarm?")
        assert "4711" in blocks(call.shown[-1])[0]["content"]
        (memory,) = [hit for hit in service.last_recall if "4711" in hit["memory"]]
        turn = asyncio.create_task(call.say("And what is the code of the alarm again?", lead=1.0))
        recall = service.session.prefetcher
        await until(lambda: any(lookup.hits for lookup in recall._current))
        await ann.memory.update(memory["id"], "The code of the alarm is secret.")
        await turn
    assert "4711" not in " ".join(block["content"] for block in blocks(call.shown[-1]))


async def test_one_block_even_when_the_application_copies_the_list(oslo: Ann) -> None:
    async with Call(oslo.service()) as call:
        for _ in range(4):
            await call.say(WHERE)
            copies: Any = messages_of(call.context)
            call.context.set_messages(copies)
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1, 1, 1]
    assert len(await oslo.said()) == 2 + 8


async def test_two_services_keep_their_own_blocks_and_store_for_their_own_users(oslo: Ann) -> None:
    await oslo.memory.add("I live in Rome.", user_id="bob")
    ann, bob = oslo.service(), oslo.service(user_id="bob", user_name="Bob")
    async with Call(ann, bob) as call:
        for _ in range(3):
            await call.say(WHERE)
    for shown in call.shown:
        assert sorted("Oslo" in block["content"] for block in blocks(shown)) == [False, True]
    expected = [(role, text) for n in (1, 2, 3) for role, text in (("user", WHERE), ("assistant", f"answer {n}"))]
    assert (await oslo.said("ann"))[2:] == expected
    assert (await oslo.said("bob"))[1:] == expected


async def test_two_services_of_one_user_store_each_message_once(oslo: Ann) -> None:
    async with Call(oslo.service(), oslo.service()) as call:
        for _ in range(3):
            await call.say(WHERE)
    assert len(await oslo.said()) == 2 + 6


async def test_parallel_branches(oslo: Ann) -> None:
    left, right = oslo.service(), oslo.service()
    llm, quiet = ScriptedLLM(), ScriptedLLM(lambda n: "")
    branches = ParallelPipeline([left, llm], [right, quiet])  # type: ignore[no-untyped-call] # untyped in Pipecat
    async with Call(llm=llm, processors=[branches]) as call:
        for n in range(3):
            await call.say(WHERE)
            await until(lambda n=n: len(quiet.shown) == n + 1)  # type: ignore[misc]
    for shown in (*llm.shown[1:], *quiet.shown[1:]):
        assert len(blocks(shown)) == 2, "one of each branch's service"
    assert len(await oslo.said()) == 2 + 6


async def test_two_contexts_through_one_service(oslo: Ann) -> None:
    service = oslo.service()
    other = LLMContext([{"role": "user", "content": "What does my sister Eva play?"}])
    async with Call(service) as call:
        await call.say(WHERE)
        call.llm.received.clear()
        await call.user.push_frame(LLMContextFrame(other))
        await until(call.llm.received.is_set)
        await call.say(WHERE)
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1, 1]
    assert len(blocks(messages_of(other))) == 1
    told = await oslo.said()
    assert told.count(("user", "What does my sister Eva play?")) == 1
    assert told.count(("user", WHERE)) == 2


async def test_upstream_frames_stay_upstream(oslo: Ann) -> None:
    """Behind the LLM the service meets the runs after function calls, which travel upstream."""
    llm, service = ScriptedLLM(), oslo.service()
    async with Call(llm=llm, processors=[llm, service]) as call:
        call.context.add_message({"role": "user", "content": WHERE})
        await call.assistant.push_context_frame(FrameDirection.UPSTREAM)
        await until(lambda: len(llm.shown) == 1)
    assert len(blocks(llm.shown[0])) == 1


@pytest.mark.parametrize("as_system", [True, False])
async def test_a_block_from_a_saved_context_is_replaced_and_never_stored(oslo: Ann, as_system: bool) -> None:
    params = anything(add_as_system_message=as_system)
    async with Call(oslo.service(params=params)) as call:
        await call.say(WHERE)
        saved: Any = json.loads(json.dumps(messages_of(call.context)))
    assert len(blocks(saved)) == 1, "positive control"
    blocks(saved)[0]["content"] = blocks(saved)[0]["content"].replace("Oslo", "Bergen")  # as another process wrote it
    async with Call(oslo.service(params=params), context=LLMContext(saved)) as call:
        await call.say("What does Eva play?")
    assert len(blocks(call.shown[0])) == 1
    assert "Bergen" not in str(call.shown[0])
    assert "I recall" not in str(await oslo.said())


async def test_the_block_leaves_out_what_stands_in_the_prompt(ann: Ann) -> None:
    """The room is for earlier calls; what a rewrite took out of the prompt may be recalled again."""
    await ann.told("Nora is vegetarian, so the dinner needs a vegetarian dish.")
    dinner = [f"The dinner on Saturday needs dish number {n}." for n in range(6)]
    async with Call(ann.service(params=anything(search_limit=3))) as call:
        for text in dinner:
            await call.say(text)
        assert "Nora" in str(blocks(call.shown[-1]))
        assert not any(text in str(blocks(shown)) for shown in call.shown for text in dinner)
        call.context.set_messages([{"role": "system", "content": "You are terse."}])
        await call.say("Which dish number does the dinner on Saturday need?")
    assert any(text in str(blocks(call.shown[-1])) for text in dinner), "positive control"


@pytest.mark.parametrize("goes_on", [True, False], ids=["the same talk", "another talk"])
async def test_a_block_that_a_rewrite_left_out_comes_back_if_the_talk_goes_on(
    oslo: Ann, tmp_path: Path, goes_on: bool
) -> None:
    """An application may write its own messages and know nothing of ours."""
    service = oslo.service(memory=Selective(folder=tmp_path / "memory"))
    async with Call(service) as call:
        await call.say(WHERE)
        messages: Any = [message for message in messages_of(call.context) if not blocks([message])]
        call.context.set_messages(messages if goes_on else [{"role": "system", "content": "You are terse."}])
        await call.say("yes please")
    await service.memory_client.close()
    assert [len(blocks(shown)) for shown in call.shown] == [1, 1 if goes_on else 0]


async def test_a_summariser_whose_context_cannot_be_reached_is_said_so(oslo: Ann) -> None:
    """Pipecat has no public way to it; where a version keeps it elsewhere, nobody must find out by a summary."""
    errors: list[str] = []
    handler = logger.add(lambda line: errors.append(str(line)), level="ERROR")
    try:
        call = Call(oslo.service())
        if not hasattr(call.assistant, "_summarizer"):
            pytest.skip("this Pipecat has no summariser")
        async with call:
            await call.say(WHERE)
        assert not errors, "positive control"
        call = Call(oslo.service())
        summariser: Any = call.assistant._summarizer
        summariser._elsewhere = summariser._context
        del summariser._context
        async with call:
            await call.say(WHERE)
    finally:
        logger.remove(handler)
    assert len(blocks(call.shown[0])) == 1
    assert [error for error in errors if "summariser" in error]
