"""ARCHITECTURE.md says where things are decided: the files it names are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_file_that_decides_something_is_there() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    table = page.partition("## Where is it decided?\n")[2].partition("\n## ")[0]
    named = re.findall(r"`([a-z0-9_/]+(?:\.py|\.sql|/))`", table)
    assert len(named) > 80
    places = (ROOT / "src" / "toldonce", ROOT)
    assert [path for path in named if not any((place / path).exists() for place in places)] == []
