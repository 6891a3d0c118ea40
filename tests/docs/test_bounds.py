"""The table of bounds in ARCHITECTURE.md says what the source does."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = {"": 1, "s": 1, "MiB": 1 << 20, "GiB": 1 << 30, "days": 86_400_000_000}
ROW = re.compile(r"^\| [^|]+ \| ([\d,.]+) ?(\w*) \| `([\w.]+)\.(\w+)` \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str, str]]:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    table = page.partition("## Bounds\n")[2].partition("\n## ")[0]
    found: list[tuple[str, str, str, str]] = ROW.findall(table)
    assert len(found) == table.count("\n| ") - 1, "a row of another form"
    return found


@pytest.mark.parametrize(("number", "unit", "module", "name"), rows())
def test_a_bound_is_as_the_table_says(number: str, unit: str, module: str, name: str) -> None:
    if module.startswith("toldonce.server"):
        pytest.importorskip("fastapi")
    assert getattr(import_module(module), name) == float(number.replace(",", "")) * UNITS[unit]


def test_there_are_bounds() -> None:
    assert len(rows()) >= 20
