"""The picture of the README shows what a run recalls now."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from tools import draw_picture

PICTURE = Path(__file__).parents[2] / "docs" / "picture.svg"


def _recalled(svg: str) -> str:
    """The lines in the colour of memory, joined."""
    return " ".join(unescape(row) for row in re.findall(r'fill="#c8553d">([^<]*)</tspan>', svg))


async def test_the_picture_shows_what_a_run_recalls(tmp_path: Path) -> None:
    done = await draw_picture.run(tmp_path)
    shown = _recalled(PICTURE.read_text("utf-8"))
    assert "peanuts" in shown
    assert shown == _recalled(draw_picture.picture(done))
