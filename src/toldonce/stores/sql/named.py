"""SQL by name, from the files of a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TypeAlias

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)

Statements: TypeAlias = Mapping[str, Mapping[str, str]]
"""By the name of their file, without its ending, and their own."""


def named_queries(text: str) -> dict[str, str]:
    """Split a file of ``-- name: <name>`` sections into statements."""
    parts = _NAME.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def statements(package: str) -> Statements:
    """Every statement in the ``.sql`` files of a package."""
    files = [entry for entry in resources.files(package).iterdir() if entry.name.endswith(".sql")]
    return {entry.name.removesuffix(".sql"): named_queries(entry.read_text("utf-8")) for entry in files}


@cache
def migrations(package: str) -> list[tuple[int, str]]:
    """The steps of a package's schema as (version, script), in order. ``pre`` ones run before new code reads a store,
    ``post`` ones once no old code does."""
    folder = resources.files(package) / "migrations"
    files = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name.split("_", 1)[0]), script) for name, script in files]
