"""An operator's day and a hobbyist's, from the documents' own commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.cli.command import environment, run
from tests.cli.terminal import terminal
from tests.conformance.environments import node
from tests.docs.ports import free_port
from tests.server.mcp.speaking import resource, tool

DOCS = Path(__file__).parents[2] / "docs"
OLD_FOLDER = Path(__file__).parent / "folder_of_9465ea2.tar.gz"


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next of its level."""
    text = (DOCS / page).read_text("utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None
    return found.group(1)


def script_of(title: str) -> str:
    """The commands of a section, its blocks apart, on a port of their own."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section("operating.md", title), re.M | re.S)
    assert len(blocks) >= 4
    return "\necho == done ==\n".join(blocks).replace("8765", str(free_port()))


@contextmanager
def bash(script: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A script whose `toldonce` is the source these tests run; what it leaves running is ended."""
    command = home / "bin" / "toldonce"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m toldonce "$@"\n')
    command.chmod(0o755)
    variables = {**environment(home), "PATH": f"{command.parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=home,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the document's commands need curl")
def test_an_operators_day(tmp_path: Path) -> None:
    with bash(script_of("A first day"), tmp_path) as day:
        out, err = day.communicate(timeout=240)
    assert day.returncode == 0, f"{out}\n{err}\n{(tmp_path / 'serve.log').read_text()}"
    said = out.split("== done ==\n")
    assert "support" in said[1]
    assert "ann" in said[3]
    assert "I moved to Oslo in March." in said[3]
    assert json.loads(said[3][said[3].index("{") :])["memories"] == 1, "the project default has one"
    assert "I moved to Bergen in March." in said[4]
    assert 'route="/v3/memories/add"' in said[5]
    assert "user" in said[6]
    assert "I keep two goats." in said[7], "after the crash"
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
    taken = (tmp_path / "ann.jsonl").read_text()
    assert "Bergen" in taken
    assert "goats" not in taken
    left = b"".join(path.read_bytes() for path in (tmp_path / "memory").rglob("*") if path.is_file())
    assert b"two goats" in left
    assert b"Bergen" not in left, "what was erased is nowhere in the folder"


def in_place_of(command: str, script: str, home: Path) -> None:
    """A command that is not run: what it would fetch is here."""
    path = home / "bin" / command
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("npm") is None, reason="it needs curl and npm")
def test_an_operators_second_day(tmp_path: Path) -> None:
    """With a folder as commit 9465ea2 has left it."""
    with tarfile.open(OLD_FOLDER) as packed:
        packed.extractall(tmp_path / "memory", filter="data")
    in_place_of("pip", ":", tmp_path)
    in_place_of("npm", f"ln -s {node('mem0ai-js-3.3.1') / 'node_modules'} node_modules", tmp_path)
    with bash(script_of("A second day"), tmp_path) as day:
        out, err = day.communicate(timeout=240)
    assert day.returncode == 0, f"{out}\n{err}\n{(tmp_path / 'serve.log').read_text()}"
    upgraded, talked, kept, moved = out.split("== done ==\n")
    assert "Nothing is damaged." in upgraded
    assert "I moved to Oslo in March." in upgraded
    assert "My birthday is on May 7th." in upgraded
    assert "4711" not in upgraded, "it was deleted by the earlier version"
    assert talked.endswith("I sold my cello.\n")
    assert "Erased user eva: 1 memories" in kept
    [receipt] = json.loads((tmp_path / "receipts.json").read_text())
    assert receipt["erased"]["memories"] == 1
    assert "Erased user eva: 1 memories" in moved, "the backup was older"
    assert "dan" in moved
    assert "eva" not in moved.partition("Erased user eva")[2]
    assert "I bought a drum." in moved
    assert "toldonce_store_usable 1.0" in moved
    for folder in ("memory", "elsewhere"):
        bytes_ = b"".join(path.read_bytes() for path in (tmp_path / folder).rglob("*") if path.is_file())
        assert b"bought a drum" in bytes_
        assert b"sold my cello" not in bytes_
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


async def test_a_hobbyists_day(tmp_path: Path) -> None:
    page = (DOCS / "mcp.md").read_text("utf-8")
    for command in ("toldonce chat", "toldonce mcp", "toldonce list --user you", "toldonce delete"):
        assert f"`{command}" in page
    with terminal("chat", home=tmp_path) as chat:
        chat.until("You: ")
        chat.type("I am allergic to peanuts.")
        chat.until("I'll remember that.")
        chat.type("/quit")
        assert chat.ended() == 0

    configured = json.loads(re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)[0])["mcpServers"]["toldonce"]
    started = ["-m", "toldonce", *configured["args"]]
    assistant = StdioServerParameters(command=sys.executable, args=started, env=environment(tmp_path))
    async with Client(assistant) as talking:
        found = await tool(talking, "search_memories", query="What can I not eat?")
        assert [one["memory"] for one in found["results"]] == ["I am allergic to peanuts."], "what the chat was told"
        await tool(talking, "add_memory", text="I live in Oslo.")
        assert "I live in Oslo." in await resource(talking, "toldonce://profile")

    listed = json.loads(run("list", "--user", "you", "--json", home=tmp_path).stdout)
    assert [row["memory"] for row in listed] == ["I live in Oslo.", "I am allergic to peanuts."]
    assert run("delete", listed[0]["id"], home=tmp_path).returncode == 0
    with terminal("chat", home=tmp_path) as chat:
        chat.until("You: ")
        chat.type("/list")
        chat.until("1. I am allergic to peanuts.")
        chat.type("/forget 1")
        chat.until("Forgotten")
        chat.type("/quit")
        assert chat.ended() == 0
    assert json.loads(run("list", "--user", "you", "--json", home=tmp_path).stdout) == []
