"""Mem0's tools at /mcp, called by the official client."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from mcp.shared.exceptions import MCPError

from tests.server.mcp.speaking import MODES, over_http, refusal, resource, tool
from tests.server.running import Client, Running
from toldonce.server import app as application
from toldonce.server.mcp.tools import names_user

ANN = {"user_id": "ann"}
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("mode", MODES)
async def test_every_tool_does_what_mem0s_does(server: Running, client: Client, mode: str) -> None:
    async with over_http(server.port, client.key, mode=mode, query="?user_id=ann") as speaking:
        listed = {one.name: one for one in (await speaking.list_tools()).tools}
        assert set(listed) == {
            "add_memory",
            "search_memories",
            "get_memories",
            "get_memory",
            "update_memory",
            "delete_memory",
            "delete_all_memories",
            "delete_entities",
            "list_entities",
        }
        assert all(one.description and one.annotations for one in listed.values())
        added = await tool(speaking, "add_memory", text="My sister Rosa lives in Lisbon.", metadata={"by": "voice"})
        assert [one["memory"] for one in added["results"]] == ["My sister Rosa lives in Lisbon."]
        said = [{"role": "user", "content": "The agent is called Max."}]
        await tool(speaking, "add_memory", text="", messages=said, agent_id="a1", infer=False)
        found = (await tool(speaking, "search_memories", query="Where does Rosa live?", limit=1))["results"]
        assert [(one["memory"], one["metadata"]) for one in found] == [
            ("My sister Rosa lives in Lisbon.", {"by": "voice"})
        ]
        assert 0 < found[0]["score"] <= 1
        uid = found[0]["id"]
        page = await tool(speaking, "get_memories", page=2, page_size=1, enable_graph=True)
        assert (page["count"], len(page["results"])) == (2, 1)
        filtered = await tool(speaking, "get_memories", filters={"agent_id": "a1"})
        assert [one["memory"] for one in filtered["results"]] == ["The agent is called Max."]
        await tool(speaking, "update_memory", memory_id=uid, text="My sister Rosa lives in Porto.")
        assert (await tool(speaking, "get_memory", memory_id=uid))["memory"] == "My sister Rosa lives in Porto."
        entities = (await tool(speaking, "list_entities"))["results"]
        assert [(one["type"], one["name"]) for one in entities] == [("user", "ann"), ("agent", "a1")]
        await tool(speaking, "delete_memory", memory_id=uid)
        assert client.all(**ANN) == ["The agent is called Max."]
        await tool(speaking, "delete_entities", agent_id="a1")
        assert client.all(**ANN) == []


async def test_deleting_all_reaches_what_carries_every_id_and_no_more(server: Running, client: Client) -> None:
    client.add("ann with the agent", user_id="ann", agent_id="a1")
    client.add("ann alone", user_id="ann")
    client.add("bob with the agent", user_id="bob", agent_id="a1")
    async with over_http(server.port, client.key, query="?user_id=ann") as speaking:
        assert (await tool(speaking, "delete_all_memories", user_id="ann", agent_id="a1"))["count"] == 1
        assert (await tool(speaking, "delete_all_memories"))["count"] == 1
        assert client.all(user_id="bob") == ["bob with the agent"]
        assert (await tool(speaking, "delete_all_memories", agent_id="a1"))["count"] == 1


async def test_a_call_without_a_user_needs_one_in_the_address_or_in_its_arguments(
    server: Running, client: Client
) -> None:
    client.add("I keep bees.", **ANN)
    async with over_http(server.port, client.key) as speaking:
        for name, arguments in (
            ("add_memory", {"text": "I keep goats."}),
            ("search_memories", {"query": "bees"}),
            ("get_memories", {}),
            ("delete_all_memories", {}),
        ):
            assert "Name a user_id" in await refusal(speaking, name, **arguments)
        assert client.all(**ANN) == ["I keep bees."]
        found = await tool(speaking, "search_memories", query="bees", filters=ANN, top_k=5)
        assert [one["memory"] for one in found["results"]] == ["I keep bees."]
        with pytest.raises(MCPError, match="Nobody is the user of this connection"):
            await resource(speaking, "toldonce://profile")


async def test_filters_that_name_nobody_are_about_the_user_of_the_connection(server: Running, client: Client) -> None:
    guide = {"agent_id": "guide"}
    client.add("I keep bees.", user_id="ann", agent_id="guide")
    client.add("I keep goats.", user_id="bob", agent_id="guide")
    async with over_http(server.port, client.key, query="?user_id=ann") as speaking:
        for name, arguments in (("search_memories", {"query": "keep bees and goats"}), ("get_memories", {})):
            bobs = {"AND": [guide, {"user_id": "bob"}]}
            for filters, expected in ((guide, "I keep bees."), (bobs, "I keep goats.")):
                found = await tool(speaking, name, filters=filters, **arguments)
                assert [one["memory"] for one in found["results"]] == [expected]
    async with over_http(server.port, client.key) as speaking:
        assert "Name a user_id" in await refusal(speaking, "get_memories", filters=guide)


async def test_an_error_tells_the_model_what_to_do(server: Running, client: Client) -> None:
    async with over_http(server.port, client.key, query="?user_id=ann") as speaking:
        assert "should be a valid UUID" in await refusal(speaking, "get_memory", memory_id="mem_1")
        assert "not found" in await refusal(speaking, "get_memory", memory_id=NOWHERE)
        assert "nothing at this address" in await refusal(speaking, "delete_memory", memory_id="../v1/memories")
        assert "usr" in await refusal(speaking, "search_memories", query="x", filters={"usr": "ann"})
        assert "Name who is to be forgotten" in await refusal(speaking, "delete_entities")
        assert "messages is empty" in await refusal(speaking, "add_memory", text=" ")


async def test_a_profile_has_statements_about_the_person_first(server: Running, client: Client) -> None:
    client.add([{"role": "user", "content": "I am a nurse and I live in Oslo."}], **ANN)
    client.add([{"role": "assistant", "content": "Noted, you live in Oslo."}], **ANN)
    client.add([{"role": "user", "content": "Can you tell me the time?"}], **ANN)
    client.add("I live in Rome.", user_id="bob smith")
    async with over_http(server.port, client.key, query="?user_id=ann") as speaking:
        assert [str(one.uri) for one in (await speaking.list_resources()).resources] == ["toldonce://profile"]
        lines = (await resource(speaking, "toldonce://profile")).splitlines()
        assert lines[0].startswith("- I am a nurse and I live in Oslo. (said 20")
        assert len(lines) == 2, "what the assistant said is not about the person"
        assert "I live in Rome." in await resource(speaking, "toldonce://profile/bob%20smith")
        assert await resource(speaking, "toldonce://profile/carol") == "Nothing is known yet."


async def test_keys_and_scopes_hold_for_tools_too(server: Running) -> None:
    project = "spoken to"
    writer = server.client(project)
    writer.add("I keep bees.", **ANN)
    reader = server.client(project, "read")
    other = server.client("another project")
    async with over_http(server.port, reader.key, query="?user_id=ann") as speaking:
        assert (await tool(speaking, "get_memories"))["count"] == 1
        assert "scope write" in await refusal(speaking, "add_memory", text="I keep goats.")
        assert "scope admin" in await refusal(speaking, "list_entities")
    async with over_http(server.port, other.key, query="?user_id=ann") as speaking:
        assert (await tool(speaking, "get_memories"))["count"] == 0
    assert writer.all(**ANN) == ["I keep bees."]


async def test_connections_at_once_keep_their_users_apart(server: Running, client: Client) -> None:
    async def talk(number: int) -> list[str]:
        async with over_http(server.port, client.key, query=f"?user_id=u{number}") as speaking:
            await tool(speaking, "add_memory", text=f"My number is {number}.")
            return [one["memory"] for one in (await tool(speaking, "get_memories"))["results"]]

    found = await asyncio.gather(*map(talk, range(8)))
    assert found == [[f"My number is {number}."] for number in range(8)]


def test_a_refusal_is_plain_http(server: Running, client: Client) -> None:
    assert client.get("/mcp").status == 405
    assert client.send("DELETE", "/mcp").status == 405
    for key in (None, "told_wrong"):
        assert Client(server.port, key).post("/mcp", {}).status == 401
    assert client.post("/mcp", {}, Host="evil.example").status == 400


async def test_more_calls_at_once_than_a_project_may_have_all_end(server: Running, client: Client) -> None:
    async with httpx2.AsyncClient(timeout=60, headers={"Authorization": f"Bearer {client.key}"}) as http:
        call = {"name": "search_memories", "arguments": {"query": "bees"}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
        address = f"http://127.0.0.1:{server.port}/mcp?user_id=ann"
        answers = await asyncio.gather(*(http.post(address, json=body, headers=headers) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert json.loads(answers[0].json()["result"]["content"][0]["text"]) == {"results": []}


def test_a_server_without_the_extra_says_so(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.server.running import serving

    monkeypatch.setattr(application, "find_spec", lambda name: None)
    with serving(tmp_path_factory.mktemp("memory")) as running:
        answer = running.client().post("/mcp", {})
        assert (answer.status, "toldonce[mcp]" in answer.json["detail"]) == (501, True)


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"user_id": "ann"}, True),
        ({"userId": "ann"}, True),
        ({"OR": [{"agent_id": "a"}, {"NOT": [{"user_id": {"in": ["ann"]}}]}]}, True),
        ({"agent_id": "user_id"}, False),
        ({"AND": [{"metadata": {"k": "user_id"}}]}, False),
        ({}, False),
    ],
)
def test_a_filter_names_a_user_at_any_depth(filters: dict[str, object], named: bool) -> None:
    assert names_user(filters) is named
