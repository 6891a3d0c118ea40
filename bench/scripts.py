"""Benchmarks that print JSON of their own, taken as they are: their words first, then a table of what they printed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.report import Cell, Part, Table

ROOT = Path(__file__).parents[1]


def exists(module: str) -> bool:
    """Whether ``bench`` has this module."""
    return (ROOT / "bench" / f"{module}.py").exists()


def measure(module: str, arguments: Sequence[str]) -> Part:
    """Run ``python -m bench.MODULE`` and read what it printed."""
    command = [sys.executable, "-m", f"bench.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    title, rest = described(module)
    rows: list[list[Cell]] = [[name, value] for name, value in flat(json.loads(done.stdout))]
    return Part(title, rest, tables=[Table("", ("", "measured"), rows)])


def described(module: str) -> tuple[str, str]:
    """A module's own title and explanation; the lines on how to run it are left out."""
    source = (ROOT / "bench" / f"{module}.py").read_text("utf-8")
    title, *paragraphs = (ast.get_docstring(ast.parse(source)) or module).split("\n\n")
    told = [" ".join(text.split()) for text in paragraphs if not text.startswith(" ")]
    return title.rstrip("."), " ".join(told).replace("``", "`")


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Cell]]:
    """Nested dicts and lists as (path, leaf)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}, {key}" if path else str(key))
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, value
