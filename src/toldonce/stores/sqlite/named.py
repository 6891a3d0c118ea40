"""SQL by name, from files beside this module."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def named_queries(text: str) -> dict[str, str]:
    """Split a file of ``-- name: <name>`` sections into statements."""
    parts = _NAME.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def migrations() -> list[tuple[int, str]]:
    """The schema's steps as (version, script), in order. ``pre`` ones run before new code reads the file."""
    folder = resources.files(__package__) / "migrations"
    files = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name.split("_", 1)[0]), script) for name, script in files]


SQL = named_queries((resources.files(__package__) / "queries.sql").read_text("utf-8"))
