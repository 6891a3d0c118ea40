"""The official MCP client, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent, TextResourceContents

MODES = ("auto", "legacy")
"""The protocol of 2026, and the one with a handshake before it."""


@asynccontextmanager
async def over_http(port: int, key: str | None, *, mode: str = "auto", query: str = "") -> AsyncIterator[Client]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp{query}", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


async def tool(client: Client, name: str, **arguments: Any) -> Any:
    """The JSON a tool answers with."""
    found = await client.call_tool(name, arguments)
    [content] = found.content
    assert isinstance(content, TextContent)
    assert not found.is_error, content.text
    return json.loads(content.text)


async def refusal(client: Client, name: str, **arguments: Any) -> str:
    """What a tool says is wrong."""
    found = await client.call_tool(name, arguments)
    [content] = found.content
    assert isinstance(content, TextContent)
    assert found.is_error, content.text
    return content.text


async def resource(client: Client, address: str) -> str:
    """The text of a resource."""
    [content] = (await client.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    return content.text
