"""What the LLM does with the memory by itself."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from toldonce.pipecat import Mem0MemoryService
from toldonce.pipecat.compat import PIPECAT
from toldonce.pipecat.forgetting import clearly_about

from .conftest import Ann
from .harness import Call, LLMContext, blocks, messages_of, until
from .llm import Calls, ServiceLLM


async def call_a_tool(ann: Ann, said: str, calls: Calls, service: Any = None) -> tuple[Call, str]:
    """One turn in which the LLM calls a tool; the call and the tool's result."""
    service = service or ann.service()
    llm = ServiceLLM(lambda n: calls if n == 1 else "It is done.")
    tools: Any = service.tools()
    if PIPECAT < (1, 4):
        from pipecat.adapters.schemas.tools_schema import ToolsSchema

        tools = ToolsSchema(standard_tools=tools)
    context: Any = LLMContext([], tools=tools)
    if PIPECAT < (1, 9):
        for tool in service.tools():
            llm.register_direct_function(tool)
    async with Call(service, llm=llm, context=context) as call:
        await call.say(said)
        await until(lambda: messages_of(context)[-1].get("content") == "It is done.")
        # Below Pipecat 1.14 a tool that outlives interruptions answers in a message of its own.
        result = [message["content"] for message in messages_of(context) if message["role"] in ("tool", "developer")]
    return call, str([text for text in result if "I recall" not in text])


async def test_search(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    _, result = await call_a_tool(ann, "Where do I live?", Calls("search_memory", {"query": "my city"}))
    assert "I moved to Oslo in March." in result


async def test_list(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    _, result = await call_a_tool(ann, "What do you know?", Calls("list_memories"))
    assert "I moved to Oslo in March." in result


async def test_remember(ann: Ann) -> None:
    await call_a_tool(ann, "Keep that in mind!", Calls("remember", {"fact": "My sister Eva plays the cello."}))
    memories = await ann.service().get_memories()
    assert "My sister Eva plays the cello." in [memory["memory"] for memory in memories]


async def test_forget_takes_the_words_the_request_the_block_and_what_is_queued(ann: Ann) -> None:
    await ann.told("My job at the harbour bores me.", "I moved to Oslo in March.")
    request = "Please forget what I said about my job."
    call, result = await call_a_tool(ann, request, Calls("forget", {"query": "my job"}))
    assert "harbour" in result
    before, after = (str(blocks(shown)) for shown in call.shown)
    assert "harbour" in before
    assert "harbour" not in after
    assert "Oslo" in after
    left = [memory["memory"] for memory in await ann.service().get_memories()]
    assert left == ["I moved to Oslo in March."]


async def test_forget_by_id(ann: Ann) -> None:
    await ann.told("I am a nurse in Bergen.", "I moved to Oslo in March.")
    ids = [memory["id"] for memory in await ann.service().get_memories() if "nurse" in memory["memory"]]
    await call_a_tool(ann, "That too.", Calls("forget", {"query": "my job", "ids": ids}))
    assert "nurse" not in str(await ann.service().get_memories())
    assert "Oslo" in str(await ann.service().get_memories())


async def test_nobody_forgets_for_another(ann: Ann) -> None:
    await ann.told("My job at the harbour bores me.", user_id="bob", agent_id="clerk")
    await ann.memory.add("The job of the shop is to sell.", agent_id="clerk")
    await call_a_tool(ann, "Forget my job.", Calls("forget", {"query": "job"}), ann.service(agent_id="clerk"))
    assert len((await ann.memory.get_all(filters={"agent_id": "clerk"}))["results"]) >= 1
    assert "harbour" in str(await ann.memory.get_all(filters={"user_id": "bob"}))


@pytest.mark.parametrize(
    ("query", "memory", "clear"),
    [
        ("my job", "I got a new job last week.", True),
        ("the old jobs", "My old job bored me.", True),
        ("my old job", "I got a new job last week.", False),
        ("my job", "I work as a nurse.", False),
        ("that", "I work as a nurse.", False),
        ("", "I work as a nurse.", False),
    ],
)
def test_only_what_clearly_speaks_of_it_is_destroyed(query: str, memory: str, clear: bool) -> None:
    hit = {"memory": memory}
    assert clearly_about(query, [hit]) == (([hit], []) if clear else ([], [hit]))


async def test_a_memory_that_hangs_is_told_to_the_llm(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs:
        async def search(self, **_: Any) -> Any:
            await asyncio.Event().wait()

        get_all = add = delete = search

    class Params:
        context = None
        told: ClassVar[list[Any]] = []

        async def result_callback(self, result: Any) -> None:
            self.told.append(result)

    monkeypatch.setattr("toldonce.pipecat.tools.PATIENCE", 0.05)
    monkeypatch.setattr("toldonce.pipecat.session.GREETING_WAITS", 0.02)
    memory: Any = Hangs()
    service = Mem0MemoryService(user_id="ann", memory=memory, shutdown_timeout=0)
    search, remember, forget, listing = service.tools()
    await search(Params(), "my dog")
    await remember(Params(), "My dog is called Rex.")
    await forget(Params(), "my dog")
    await listing(Params())
    assert ["error" in told for told in Params.told] == [True, True, True, False]
    assert Params.told[-1] == {"memories": []}


async def test_a_memory_that_fails_is_told_to_the_llm() -> None:
    class Fails:
        async def search(self, **_: Any) -> Any:
            raise ConnectionError("the line is dead")

        get_all = add = delete = search

    class Params:
        context = None

        def __init__(self) -> None:
            self.told: list[Any] = []

        async def result_callback(self, result: Any) -> None:
            self.told.append(result)

    service = Mem0MemoryService(user_id="ann", memory=Fails())  # type: ignore[arg-type] # a stand-in
    search_memory, remember, *_ = service.tools()
    for tool, argument in ((search_memory, "tea"), (remember, "I like tea.")):
        params = Params()
        await tool(params, argument)
        assert "the line is dead" in params.told[0]["error"]
