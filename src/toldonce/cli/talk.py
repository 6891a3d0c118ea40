"""Talk at the keyboard: each line passes through a Pipecat pipeline with memory in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from threading import Thread
from typing import Any
from uuid import uuid4

from rich.markup import escape

from toldonce.errors import MemoryNotFound
from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from toldonce.stores.place import Place

from .answering import PATIENCE, RIGHT_BEFORE, Model, TurnRecall, greeting, make_responder, told
from .show import Screen, one_line
from .stage import NoAnswer, Stage
from .transcript import user_id_of

ASSISTANT_NAME = "Toldonce"
QUIT = "/quit"
HELP = """/list        what I remember of you, newest first
/forget N    forget memory number N of the last /list
/quit        end the talk; so does Ctrl-D"""
STORED_WITHIN = 1.0
"""Seconds that an answer waits for what was said before to be stored."""
SEARCHED = 3
"""Memories of this talk that are looked through for an answer."""
LISTED = 20
"""How many memories /list shows."""


async def talk(user_name: str, folder: Place | None, model: Model, screen: Screen) -> None:
    """Greet the person, then answer line after line until the input ends."""
    names = {"user": user_name, "assistant": ASSISTANT_NAME}
    async with AsyncMemory(folder=folder) as memory:
        service = Mem0MemoryService(
            user_id=user_id_of(user_name),
            run_id=f"chat-{uuid4()}",
            memory=memory,
            user_name=user_name,
            assistant_name=ASSISTANT_NAME,
            params=Mem0MemoryService.InputParams(position=RIGHT_BEFORE),
            recall_timeout=PATIENCE,
        )
        known = told(await service.get_memories())
        screen.greets(ASSISTANT_NAME, greeting(user_name, known), known)

        async def search(text: str) -> Mapping[str, Any]:
            await service.session.stored(STORED_WITHIN)
            return await memory.search(text, filters={"user_id": user_id_of(user_name)}, top_k=SEARCHED)

        recall = TurnRecall(service, search)
        screen.line(f"[dim]{QUIT} or Ctrl-D ends the talk. /help shows what else there is.[/]")
        commands = _Commands(memory, service, user_id_of(user_name), screen)
        async with Stage(service, make_responder(model, recall, user_name, ASSISTANT_NAME)) as stage:
            screen.prompt(user_name)
            async for line in typed_lines():
                if line == QUIT:
                    break
                if line.startswith("/"):  # never said to the agent, and so never remembered
                    screen.typed(user_name, line)
                    await commands.run(line)
                elif line:
                    screen.typed(user_name, line)
                    await _turn(line, stage, recall, names, screen)
                screen.prompt(user_name)
    screen.line("\n[dim]Goodbye.[/]")


class _Commands:
    """What can be done in a talk besides talking."""

    def __init__(self, memory: AsyncMemory, service: Mem0MemoryService, user_id: str, screen: Screen) -> None:
        self._memory = memory
        self._service = service
        self._user_id = user_id
        self._screen = screen
        self._listed: list[dict[str, Any]] = []

    async def run(self, line: str) -> None:
        """Do what a line that begins with a slash says."""
        name, _, rest = line.partition(" ")
        if name == "/list":
            await self._list()
        elif name == "/forget":
            await self._forget(rest.strip())
        else:
            if name != "/help":
                self._screen.line(f"[red]There is no command {escape(name)}.[/]")
            self._screen.line(HELP)

    async def _list(self) -> None:
        await self._service.session.stored(STORED_WITHIN)
        found = await self._memory.get_all(filters={"user_id": self._user_id}, top_k=LISTED)
        self._listed = found["results"]
        for number, row in enumerate(self._listed, 1):
            self._screen.line(f"{number:>3}. {escape(one_line(row['memory']))}")
        if not self._listed:
            self._screen.line("I remember nothing of you yet.")

    async def _forget(self, number: str) -> None:
        if not number.isdecimal() or not 1 <= int(number) <= len(self._listed):
            self._screen.line("[red]Name a number of the last /list, such as /forget 1.[/]")
            return
        row = self._listed[int(number) - 1]
        with suppress(MemoryNotFound):  # forgotten already
            await self._memory.delete(row["id"])
        self._screen.line(f"Forgotten: {escape(one_line(row['memory']))}")


async def _turn(line: str, stage: Stage, recall: TurnRecall, names: dict[str, str], screen: Screen) -> None:
    recall.next_turn()
    try:
        heard = await stage.hear(line, answered=True)
    except NoAnswer as error:
        screen.no_answer(str(error))
        return
    screen.says(ASSISTANT_NAME, heard.reply, agent=True)
    screen.recalled(recall.hits(), heard.added_ms, names)


async def typed_lines() -> AsyncIterator[str]:
    """The lines of standard input as they come, stripped, until it ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        # Unbuffered: this thread may still be waiting here when the program ends, and must then hold no lock.
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as raw:
            for line in raw:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode(errors="replace").strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line
