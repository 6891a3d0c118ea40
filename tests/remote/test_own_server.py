"""Toldonce's own server as the host: what is said arrives once, and an agent's own memories are reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from toldonce.errors import AuthenticationFailed, MemoryNotFound
from toldonce.remote.account import account
from toldonce.remote.client import Mem0Client
from toldonce.remote.memory import RemoteMemory

from .server import KEY, Server

ANN: dict[str, Any] = {"user_id": "ann"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
async def memory(server: Server) -> AsyncIterator[RemoteMemory]:
    async with RemoteMemory(api_key=KEY, host=server.url) as opened:
        yield opened
        for user in ("ann", "bob"):
            await opened.delete_all(user_id=user)


async def test_a_user_and_an_agent_and_nobody_else(memory: RemoteMemory) -> None:
    await memory.add("I live in Oslo.", **ANN, agent_id="guide")
    await memory.add("I live in Rome.", user_id="bob", agent_id="guide")
    await memory.add("The guide lives in the office.", agent_id="guide")
    assert await memory.flush()
    seen = {"OR": [ANN, {"AND": [{"agent_id": "guide"}, {"NOT": [{"user_id": "*"}]}]}]}
    for warmed in (False, True):
        if warmed:
            await memory.warm(**ANN)
        found = await memory.search("Who lives where?", filters=seen)
        texts = {row["memory"] for row in found["results"]}
        assert texts == {"I live in Oslo."} | ({"The guide lives in the office."} if warmed else set())
    nobodys = {"AND": [{"agent_id": "guide"}, {"NOT": [{"user_id": "*"}]}]}
    listed = await memory.get_all(filters=nobodys)
    assert [row["memory"] for row in listed["results"]] == ["The guide lives in the office."]


async def test_the_same_request_twice_is_carried_out_once(server: Server, memory: RemoteMemory) -> None:
    async with Mem0Client(account(KEY, server.url)) as client:
        said = [{"role": "user", "content": "My cat is called Miso."}]
        await asyncio.gather(*(client.add(said, dict(ANN), idempotency_key="one") for _ in range(5)))
        assert len([row async for row in client.every(ANN)]) == 1


async def test_what_is_said_is_said_when_it_was_said(memory: RemoteMemory) -> None:
    await memory.add("I live in Oslo.", **ANN, timestamp="2025-03-01T09:30:00+00:00")
    assert await memory.flush()
    (row,) = (await memory.get_all(filters=ANN))["results"]
    assert row["said_at"] == "2025-03-01T09:30:00+00:00"
    await memory.delete(row["id"])
    with pytest.raises(MemoryNotFound):
        await memory.delete(row["id"])


async def test_a_wrong_key(server: Server) -> None:
    async with Mem0Client(account("rk-wrong-0123456789abcdef", server.url)) as client:
        with pytest.raises(AuthenticationFailed, match="MEM0_API_KEY"):
            await client.ping()
