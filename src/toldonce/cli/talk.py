"""Talk at the keyboard: each line passes through a Pipecat pipeline with memory in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService

from .answering import PATIENCE, RIGHT_BEFORE, Model, TurnRecall, greeting, make_responder, told
from .show import Screen
from .stage import NoAnswer, Stage
from .transcript import user_id_of

ASSISTANT_NAME = "Toldonce"
QUIT = "/quit"


async def talk(user_name: str, folder: Path | None, model: Model, screen: Screen) -> None:
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
        recall = TurnRecall(service)
        screen.line(f"[dim]{QUIT} or Ctrl-D ends the talk.[/]")
        async with Stage(service, make_responder(model, recall, user_name, ASSISTANT_NAME)) as stage:
            screen.prompt(user_name)
            async for line in typed_lines():
                if line == QUIT:
                    break
                if line:
                    screen.typed(user_name, line)
                    await _turn(line, stage, recall, names, screen)
                screen.prompt(user_name)
    screen.line("\n[dim]Goodbye.[/]")


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
