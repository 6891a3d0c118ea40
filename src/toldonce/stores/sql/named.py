"""SQL by name, from the files of a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple, TypeAlias

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


class Step(NamedTuple):
    """One change of a schema, from a file ``NUMBER_pre_NAME.sql`` or ``NUMBER_post_NAME.sql``."""

    number: int
    script: str
    post: bool = False
    """It is run once no older version uses the store any more. The others are run while older versions still do."""


@cache
def migrations(package: str) -> list[Step]:
    """The steps of a package's schema, in order."""
    folder = resources.files(package) / "migrations"
    files = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [_step(name, script) for name, script in files]


def _step(name: str, script: str) -> Step:
    number, when = name.split("_", 2)[:2]
    return Step(int(number), script, when == "post")
