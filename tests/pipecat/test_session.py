"""The session of a service: another framework than Pipecat can hold one too."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from toldonce.memory import AsyncMemory
from toldonce.pipecat import session as module
from toldonce.pipecat.block import Hit
from toldonce.pipecat.options import Options
from toldonce.pipecat.session import Session
from toldonce.pipecat.writer import Entry

from .harness import blocks, until

FOLDER = Path(module.__file__).parent

_IMPORTS = """
import importlib, sys, types
package = types.ModuleType("toldonce.pipecat")
package.__path__ = [{folder!r}]  # the package without its __init__, which imports the service
sys.modules["toldonce.pipecat"] = package
importlib.import_module("toldonce.pipecat.{name}")
print(any(name.split(".")[0] == "pipecat" for name in sys.modules))
"""


@pytest.mark.parametrize(("name", "needs_pipecat"), [("session", "False"), ("service", "True")])
def test_the_session_and_its_parts_import_no_pipecat(name: str, needs_pipecat: str) -> None:
    code = _IMPORTS.format(folder=str(FOLDER), name=name)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == needs_pipecat


class PlainContext:
    """A conversation of no framework."""

    def __init__(self) -> None:
        self._messages: list[Any] = []

    def get_messages(self) -> list[Any]:
        return self._messages

    def set_messages(self, messages: list[Any]) -> None:
        self._messages[:] = messages


class PlainFramework:
    """asyncio, and no service to be subclassed. Stands for its telemetry too."""

    def __init__(self, memory: AsyncMemory) -> None:
        self.errors: list[Exception] = []
        self.count = 0
        self.session = Session(self, self, memory, Options(user_name="Ann", recall_timeout=10.0))

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return asyncio.create_task(work, name=name)

    async def report(self, what: str, error: Exception) -> None:
        self.errors.append(error)

    async def retrieve(self, query: str) -> Sequence[Hit]:
        return await self.session.recall.look_up(query)

    async def store(self, entries: Sequence[Entry]) -> None:
        await self.session.send(entries)

    async def enhance(self, context: Any, query: str) -> None:
        await self.session.recall.recall(context, query)

    async def stored(self, entries: Sequence[Entry]) -> None:
        self.count += len(entries)


async def test_a_session_recalls_and_stores_without_pipecat(memory: AsyncMemory) -> None:
    await memory.add("I moved to Oslo in March.", user_id="ann")
    framework, context = PlainFramework(memory), PlainContext()
    session = framework.session
    session.identity.user.set("ann")
    await session.begin()
    session.hear("In which city do", final=False)
    context.get_messages().append({"role": "user", "content": "In which city do I live?"})
    await session.answer(context)
    assert "Oslo" in blocks(context.get_messages())[0]["content"]
    assert await session.stored(10), "at once, and not a moment later, when the turn has gone by"
    assert framework.count == 1
    answer = {"role": "assistant", "content": "In Oslo."}
    context.get_messages().append(answer)
    session.log.assistant_turn_added(context, "In Oslo.", interrupted=False)
    await until(lambda: framework.count == 2)
    for task in await session.end():
        task.cancel()
    said = [(message["role"], message["content"]) for message in await memory.messages(user_id="ann")]
    assert said[1:] == [("user", "In which city do I live?"), ("assistant", "In Oslo.")]
    assert framework.errors == []
