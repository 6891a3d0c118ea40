"""Draws the picture of the README from a real run: two calls through a Pipecat pipeline, six weeks apart.

Run ``python tools/draw_picture.py docs/picture.svg``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from pipecat.frames.frames import Frame, LLMContextFrame
from pipecat.processors.frame_processor import FrameDirection

from toldonce.cli.responders import Speaker
from toldonce.cli.stage import Stage
from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService

FIRST_CALL = datetime.fromisoformat("2026-05-08T18:40:00+02:00")
SAID = (
    ("assistant", "Is there any food you can't eat?"),
    ("user", "Yes, peanuts. And I hate coriander."),
    ("user", "My sister Eva moved to Oslo in March, I fly there a lot."),
)
SECOND_CALL = datetime.fromisoformat("2026-06-19T12:05:00+02:00")
ASKED = "Eva cooks for me tonight. Which food can't I eat?"

WIDTH, LINE, CARD = 920, 21, 430
"""Pixels: of the picture, between two lines, of each half."""
COLUMNS = 52
"""Characters in a line of a card."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the LLM was handed in the second call."""

    prompt: list[dict[str, Any]]
    """Messages in the form of OpenAI's API."""
    waited_ms: float
    """What the memory added to the turn."""


class Reader(Speaker):
    """Stands for the LLM and keeps what it was given."""

    prompt: list[dict[str, Any]]

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the messages down before they change."""
        if isinstance(frame, LLMContextFrame):
            self.prompt = [dict(message) for message in frame.context.get_messages() if isinstance(message, dict)]
        await super().process_frame(frame, direction)


async def run(folder: Path) -> Run:
    """Hold both calls; each opens the memory folder anew."""
    moment = FIRST_CALL
    async with AsyncMemory(folder=folder) as memory:
        service = Mem0MemoryService(user_id="ann", run_id="may", memory=memory, user_name="Ann", now=lambda: moment)
        async with Stage(service, speaker := Reader()) as stage:
            for role, text in SAID:
                moment += timedelta(seconds=20)
                await (stage.say(text) if role == "assistant" else stage.hear(text, answered=False))
    async with AsyncMemory(folder=folder) as memory:
        service = Mem0MemoryService(
            user_id="ann", run_id="june", memory=memory, user_name="Ann", now=lambda: SECOND_CALL, recall_timeout=5.0
        )
        async with Stage(service, speaker := Reader()) as stage:
            heard = await stage.hear(ASKED, answered=False)
    return Run(speaker.prompt, heard.added_ms)


def picture(done: Run) -> str:
    """The run as SVG."""
    told = [("Agent" if role == "assistant" else "Ann", text) for role, text in SAID]
    read = [
        ("memory" if message["role"] in ("system", "developer") else message["role"], str(message["content"]))
        for message in done.prompt
    ]
    left = _card(20, f"{FIRST_CALL:%-d %B}: Ann tells an agent", told)
    right = _card(20 + CARD + 20, f"{SECOND_CALL:%-d %B}, six weeks later: what the LLM reads", read)
    height = 40 + LINE * max(left.count("<tspan"), right.count("<tspan")) + 40
    note = "Told once, remembered. No key, no server, no download."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="What a person told an agent in May is in front of its LLM in June" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="12" fill="#fbfaf7"/>\n'
        f"{left}{right}"
        f'<text x="{WIDTH / 2}" y="{height - 14}" text-anchor="middle" fill="#6b6b6b">{note}</text>\n</svg>\n'
    )


def _card(x: int, title: str, messages: list[tuple[str, str]]) -> str:
    rows = [f'<tspan x="{x + 14}" dy="{LINE}" font-weight="bold" fill="#1a6f93">{escape(title)}</tspan>']
    for who, text in messages:
        colour = "#c8553d" if who == "memory" else "#222222"
        lines = [row for part in f"{who}: {text}".splitlines() for row in textwrap.wrap(part, COLUMNS)]
        rows += [f'<tspan x="{x + 14}" dy="{LINE}" fill="{colour}">{escape(row)}</tspan>' for row in lines]
    height = LINE * len(rows) + 24
    box = f'<rect x="{x}" y="20" width="{CARD}" height="{height}" rx="8" fill="#ffffff" stroke="#d9d4c7"/>'
    body = "\n".join(rows)
    return f'{box}\n<text y="24" xml:space="preserve">\n{body}\n</text>\n'


def main() -> None:
    """Draw into the file named on the command line."""
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(run(Path(folder)))
    Path(sys.argv[1]).write_text(picture(done), "utf-8")
    print(f"the memory added {done.waited_ms:.1f} ms to the turn")


if __name__ == "__main__":
    main()
