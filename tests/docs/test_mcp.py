"""The configurations of docs/mcp.md, used as an assistant uses them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.cli.command import environment
from tests.server.mcp.speaking import tool
from tests.server.running import serving

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text("utf-8")
CONFIGURED: list[dict[str, Any]] = [
    json.loads(block)["mcpServers"]["toldonce"] for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S)
]
TOOLS = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M))


async def test_what_starts_the_command_gives_the_tools_that_are_listed(tmp_path: Path) -> None:
    local = [one for one in CONFIGURED if one.get("command") == "toldonce"]
    assert len(local) == 2
    for one in local:
        started = StdioServerParameters(
            command=sys.executable, args=["-m", "toldonce", *one["args"]], env=environment(tmp_path)
        )
        async with Client(started) as client:
            assert {found.name for found in (await client.list_tools()).tools} == TOOLS
            await tool(client, "add_memory", text="I keep bees.")
            assert (await tool(client, "get_memories"))["count"] == 1


async def test_what_names_an_address_reaches_a_server(tmp_path: Path) -> None:
    [remote] = [one for one in CONFIGURED if "url" in one]
    bridged = [one for one in CONFIGURED if one.get("command") == "npx"]
    [header] = [one["env"]["TOLDONCE_KEY"] for one in bridged]
    with serving(tmp_path) as running:
        key = running.client().key
        for address, authorization in (
            (remote["url"], remote["headers"]["Authorization"]),
            (bridged[0]["args"][1], header),
        ):
            parts = urlsplit(address)
            sent = {"Authorization": authorization.replace("told_...", key)}
            here = parts._replace(scheme="http", netloc=f"127.0.0.1:{running.port}").geturl()
            async with (
                httpx2.AsyncClient(headers=sent, timeout=60) as http,
                Client(streamable_http_client(here, http_client=http)) as client,
            ):
                await tool(client, "add_memory", text="I keep bees.")
        assert running.client().all(user_id="ann") == ["I keep bees."]
