"""``toldonce mcp``: memory over stdin and stdout, without a server and without a key."""

from __future__ import annotations

import sys
from pathlib import Path

from mcp import Client, StdioServerParameters

from tests.cli.command import environment, run
from tests.server.mcp.speaking import refusal, resource, tool


def started(home: Path, *options: str, **variables: str) -> Client:
    command = ["-m", "toldonce", "mcp", "--data", str(home / "memory"), *options]
    return Client(StdioServerParameters(command=sys.executable, args=command, env={**environment(home), **variables}))


async def test_what_an_assistant_was_told_is_there_in_its_next_session(tmp_path: Path) -> None:
    async with started(tmp_path) as first:
        assert first.server_info is not None
        assert first.server_info.name == "toldonce"
        await tool(first, "add_memory", text="I am allergic to peanuts.")
    async with started(tmp_path) as second:
        found = await tool(second, "search_memories", query="What can I not eat?")
        assert [one["memory"] for one in found["results"]] == ["I am allergic to peanuts."]
        assert "peanuts" in await resource(second, "toldonce://profile")
        assert "valid UUID" in await refusal(second, "get_memory", memory_id="1")
        await tool(second, "delete_memory", memory_id=found["results"][0]["id"])
        assert (await tool(second, "get_memories"))["count"] == 0


async def test_the_user_is_that_of_the_option_or_of_mem0s_variable_and_else_the_chats(tmp_path: Path) -> None:
    for options, variables, user in (
        ((), {}, "you"),
        ((), {"MEM0_DEFAULT_USER_ID": "mem0-mcp"}, "mem0-mcp"),
        (("--user", "Ann Lee"), {"MEM0_DEFAULT_USER_ID": "mem0-mcp"}, "Ann Lee"),
    ):
        async with started(tmp_path, *options, **variables) as client:
            await tool(client, "add_memory", text=f"My id is {user}.")
    listed = run("list", "--user", "Ann Lee", "--data", tmp_path / "memory", home=tmp_path)
    assert "My id is Ann Lee." in listed.stdout
    users = run("users", "--data", tmp_path / "memory", home=tmp_path).stdout
    assert [line.split(maxsplit=2)[2] for line in users.splitlines()] == ["Ann Lee", "mem0-mcp", "you"]


def test_a_user_that_can_have_no_memories_is_refused(tmp_path: Path) -> None:
    refused = run("mcp", "--user", " ", "--data", tmp_path / "memory", home=tmp_path)
    assert refused.returncode == 2
    assert "must not be empty" in refused.stderr
    assert refused.stdout == ""


def test_it_ends_when_its_input_ends(tmp_path: Path) -> None:
    ended = run("mcp", "--data", tmp_path / "memory", home=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "")
