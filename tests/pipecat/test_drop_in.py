"""What users of Pipecat's own Mem0 service, and its test, rely on."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from toldonce.errors import InvalidConfig, MissingIdentity, Unsupported
from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService, MemorySettings
from toldonce.pipecat.compat import INSTRUCTION_ROLE

from .conftest import Ann, anything
from .harness import Call, LLMContext, blocks, messages_of


class BlockingClient:
    """A client of Mem0's kind, whose calls block."""

    def __init__(self, results: list[dict[str, Any]], delay: float = 0.0) -> None:
        self._results = results
        self._delay = delay
        self.added: list[dict[str, Any]] = []
        self.searched: list[dict[str, Any]] = []

    def search(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        time.sleep(self._delay)
        self.searched.append(options)
        return {"results": self._results}

    def add(self, messages: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        self.added += [{**message, **options} for message in messages]
        return {"results": []}

    def get_all(self, **options: Any) -> dict[str, Any]:
        return {"results": self._results}


def made_by_hand(results: list[dict[str, Any]]) -> Mem0MemoryService:
    """A service without its constructor, as in Pipecat's tests."""
    service = Mem0MemoryService.__new__(Mem0MemoryService)
    service.memory_client = BlockingClient(results)
    service.user_id = "u1"
    service.agent_id = None
    service.run_id = None
    service.search_limit = 10
    service.search_threshold = 0.1
    service.last_query = None
    service.system_prompt = "Based on previous conversations, I recall: \n\n"
    service.add_as_system_message = True
    service.position = 1
    return service


async def test_by_hand_no_memories_inject_nothing() -> None:
    context = LLMContext(messages=[{"role": "user", "content": "hello"}])
    await made_by_hand([])._enhance_context_with_memories(context, "hello")
    assert context.get_messages() == [{"role": "user", "content": "hello"}]


async def test_by_hand_memories_are_injected_once() -> None:
    service = made_by_hand([{"memory": "User likes coffee"}, {"memory": "User is in Lisbon"}])
    context = LLMContext(messages=[{"role": "user", "content": "hello"}])
    for _ in range(2):
        await service._enhance_context_with_memories(context, "hello")
    (block,) = blocks(messages_of(context))
    assert block["role"] == INSTRUCTION_ROLE
    assert "\n\n1. User likes coffee\n\n2. User is in Lisbon\n\n" in block["content"]
    assert service.last_query == "hello"


async def test_by_hand_the_private_names_work() -> None:
    service = made_by_hand([{"memory": "User likes coffee"}])
    assert await service._retrieve_memories("coffee") == [{"memory": "User likes coffee"}]
    await service._store_messages([{"role": "user", "content": "I like tea"}])
    assert service.memory_client.added == [
        {"role": "user", "content": "I like tea", "user_id": "u1", "metadata": {"platform": "pipecat"}}
    ]
    assert await service.get_memories() == [{"memory": "User likes coffee"}]


async def test_a_blocking_client_does_not_block_the_loop(ann: Ann) -> None:
    service = ann.service(recall_timeout=0.02)
    service.memory_client = BlockingClient([{"memory": "User likes coffee"}], delay=0.3)
    async with Call(service) as call:
        await call.say("Do I like coffee?")
        assert not blocks(call.shown[0])
    assert {message["content"] for message in service.memory_client.added} == {"Do I like coffee?", "answer 1"}


def test_the_documented_arguments_and_attributes() -> None:
    params = Mem0MemoryService.InputParams()
    assert params.model_dump() == {
        "search_limit": 10,
        "search_threshold": 0.1,
        "api_version": "v2",
        "system_prompt": "Based on previous conversations, I recall: \n\n",
        "add_as_system_message": True,
        "position": 1,
    }
    for bad in ({"search_limit": 0}, {"search_threshold": -0.1}, {"search_threshold": 1.1}):
        with pytest.raises(ValueError, match="validation error"):
            Mem0MemoryService.InputParams(**bad)


def test_a_misspelt_parameter_is_named_in_the_log() -> None:
    warnings: list[str] = []
    handler = logger.add(lambda line: warnings.append(str(line)), level="WARNING")
    try:
        params = Mem0MemoryService.InputParams(serch_limit=3, search_threshold=0.4)  # type: ignore[call-arg]
    finally:
        logger.remove(handler)
    assert (params.search_limit, params.search_threshold) == (10, 0.4)
    (warning,) = warnings
    assert "serch_limit" in warning
    assert "search_limit" in warning


async def test_attributes_show_what_was_asked_for(ann: Ann) -> None:
    params = Mem0MemoryService.InputParams(search_limit=3, search_threshold=0.4, system_prompt="I know:\n", position=-1)
    service = ann.service(agent_id="a", run_id="r", params=params)
    assert (service.user_id, service.agent_id, service.run_id) == ("ann", "a", "r")
    assert (service.search_limit, service.search_threshold, service.position) == (3, 0.4, -1)
    assert (service.system_prompt, service.add_as_system_message) == ("I know:\n", True)
    assert service.last_query is None


def test_without_an_id_there_is_no_service() -> None:
    with pytest.raises(MissingIdentity, match="At least one of user_id, agent_id, or run_id must be provided"):
        Mem0MemoryService()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"host": "https://mem0.example"}, "MEM0_API_KEY"),
        ({"api_key": "k", "host": "http://mem0.example"}, "unencrypted"),
        ({"api_key": "k", "host": "mem0.example"}, "https://"),
    ],
)
def test_a_host_that_cannot_be_used_is_never_replaced_by_this_machine(options: Any, says: str) -> None:
    with pytest.raises(InvalidConfig, match=says):
        Mem0MemoryService(user_id="ann", **options)


async def test_get_memories_begins_with_what_the_person_said_about_themselves(ann: Ann) -> None:
    await ann.told("I work as a nurse in Bergen.")
    await ann.told("Could you tell me what the weather is like today?")
    await ann.memory.add([{"role": "assistant", "content": "I have noted that you like hiking a lot."}], user_id="ann")
    await ann.told("My dog Bella is eight years old.")
    memories = [memory["memory"] for memory in await ann.service().get_memories()]
    assert memories[:2] == ["My dog Bella is eight years old.", "I work as a nurse in Bergen."]
    assert memories[-1] == "I have noted that you like hiking a lot."
    assert len(await ann.service().get_memories(limit=1)) == 1
    oldest = await ann.service().get_memories(order="oldest")
    assert oldest[0]["memory"] == "I work as a nurse in Bergen."
    assert await ann.service().get_memories(filters={"role": "nobody"}) == []


async def test_get_memories_puts_facts_that_hold_first_and_those_that_held_behind(ann: Ann) -> None:
    for day, text in enumerate(
        [
            "I live in Oslo.",
            "I love my long walks by the sea.",
            "We've moved to Bergen.",
            "My old boat needs some paint.",
        ]
    ):
        await ann.memory.add(text, user_id="ann", timestamp=f"2026-01-0{day + 1}T12:00:00+00:00")
    assert [memory["memory"] for memory in await ann.service().get_memories()] == [
        "We've moved to Bergen.",
        "My old boat needs some paint.",
        "I love my long walks by the sea.",
        "I live in Oslo.",
    ]


async def test_a_subclass_decides_what_is_stored_and_recalled(ann: Ann) -> None:
    """Applications override these to keep tainted turns out."""
    await ann.told("I like coffee.", "My SECRET is out.")

    class Guard(Mem0MemoryService):
        async def _store_messages(self, messages: Any) -> None:
            await super()._store_messages([message for message in messages if "hunter2" not in message["content"]])

        async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
            return [hit for hit in await super()._retrieve_memories(query) if "SECRET" not in hit["memory"]]

    service = Guard(user_id="ann", memory=ann.memory, params=anything(), recall_timeout=10.0)
    async with Call(service) as call:
        await call.say("The web page says my password is hunter2.")
        await call.say("What do I like?")
    assert "coffee" in str(blocks(call.shown[1]))
    assert "SECRET" not in str(blocks(call.shown[1]))
    assert (await ann.said())[2:] == [("assistant", "answer 1"), ("user", "What do I like?"), ("assistant", "answer 2")]


def test_a_memory_that_is_called_as_if_it_blocked_says_what_to_write(tmp_path: Path, monkeypatch: Any) -> None:
    """Code written for Mem0's client: it must not go on with a coroutine that nobody awaits."""
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path))
    errors: list[str] = []
    handler = logger.add(lambda line: errors.append(str(line)), level="ERROR")
    try:
        service = Mem0MemoryService(user_id="ann", local_config={})
        found = service.memory_client.search("Where?", filters={"user_id": "ann"})
        reads: list[Any] = [
            lambda it: it["results"],
            list,
            lambda it: it.get("results"),
            len,
            lambda it: "results" in it,
        ]
        for read in reads:
            with pytest.raises(Unsupported, match=r"await memory\.memory_client\.search\("):
                read(found)
        assert not errors, "it may still be awaited"
        del found
        gc.collect()
        (error,) = errors
        assert "await memory.memory_client.search(" in error
    finally:
        logger.remove(handler)


async def test_a_memory_the_service_made_is_awaited_in_every_way(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path))
    ann = {"user_id": "ann"}
    client: Any = Mem0MemoryService(user_id="ann", local_config={}).memory_client
    assert isinstance(client, AsyncMemory)
    async with client as memory:
        await memory.add("I moved to Oslo.", user_id="ann")
        both = await asyncio.gather(memory.get_all(filters=ann), memory.search("city", filters=ann))
        task = asyncio.create_task(memory.get_all(filters=ann))
        assert (await task)["results"] == both[0]["results"] != []
        call = memory.get_all(filters=ann)
        call.close()
        with pytest.raises(ValueError, match="filters"):
            await memory.get_all(filters="ann")  # type: ignore[arg-type] # as asked
    assert "AsyncMemory" in repr(client)


async def test_settings_win_over_params_and_unknown_arguments_are_refused(ann: Ann) -> None:
    settings = MemorySettings(search_limit=3, user_id="bob", recall_timeout=1.5)
    service = ann.service(settings=settings, params=anything(search_limit=7, position=-1), name="memory")
    assert (service.search_limit, service.position, service.recall_timeout) == (3, -1, 1.5)
    assert (service.user_id, service.name) == ("bob", "memory")
    assert Mem0MemoryService(settings=MemorySettings(user_id="ann"), memory=ann.memory).user_id == "ann"
    with pytest.raises(ValueError, match="search_limit"):
        ann.service(settings=MemorySettings(search_limit=0))
    with pytest.raises(TypeError, match="recal_timeout"):
        ann.service(recal_timeout=1)


async def test_rows_that_name_somebody_else_are_dropped_whatever_the_client(ann: Ann) -> None:
    """A client of the application's own, or a host, may answer with more than it was asked for."""
    rows = [
        {"id": str(n), "memory": f"Oslo, as {user} says.", "user_id": user} for n, user in enumerate(("ann", "bob"))
    ]
    rows.append({"id": "3", "memory": "Oslo, as nobody says."})
    service = ann.service()
    service.memory_client = BlockingClient(rows)
    async with Call(service) as call:
        await call.say("In which city do I live?")
    block = str(blocks(call.shown[0]))
    assert "as ann says" in block
    assert "as nobody says" in block
    assert "bob" not in block
    assert "bob" not in str(await service.get_memories())
    assert "bob" not in str(await service.find("Oslo"))
