"""``toldonce doctor``: whether a folder is whole, and what to do about what is not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from toldonce.config import read_config
from toldonce.errors import InvalidInput
from toldonce.stores.examining import Examination, Finding
from toldonce.stores.opening import open_store
from toldonce.stores.place import folder_of, place_of
from toldonce.stores.remains import remains

from .options import Json
from .target import require_memories

DAMAGED = 1
"""The command's status where something was damaged and was dealt with, or would be."""
BEYOND_REPAIR = 3
"""Where something was damaged about which nothing can be done."""

_DONE = {"set aside": "set aside", "made anew": "made anew", "none": "left: it cannot be repaired"}
_WOULD = {"set aside": "would be set aside", "made anew": "would be made anew", "none": "cannot be repaired"}


def doctor(
    path: Annotated[
        Any,
        typer.Argument(metavar="PATH", parser=place_of, help="The memory folder. [default: TOLDONCE_HOME or your own]"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only name what is damaged, and change nothing.")] = False,
    prove_erased: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Only look whether a text of this file, one a line, is in the folder's files."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at every row of a memory folder, and set aside what is damaged. Others can be read and written again.

    Status: 0 nothing is damaged, 1 what is was dealt with, 2 the folder cannot be opened, 3 something is beyond repair.

    With --prove-erased: 0 nothing of the texts is there, 1 something is. Words that others said too are found as well.

    Example: toldonce doctor ~/memories --check
    """
    require_memories(path)
    if prove_erased is not None:
        _prove(folder_of(read_config(None, path).place), prove_erased, as_json)
        return
    store = open_store(read_config(None, path).place)
    try:
        found = store.examine(set_aside=not check)
    finally:
        store.close()
    if as_json:
        kept_in = None if found.kept_in is None else str(found.kept_in)
        typer.echo(json.dumps({"findings": [asdict(one) for one in found.findings], "kept_in": kept_in}, indent=2))
    else:
        _show(found, _WOULD if check else _DONE)
    if found.findings:
        raise typer.Exit(BEYOND_REPAIR if any(one.action == "none" for one in found.findings) else DAMAGED)


def _prove(folder: Path, texts: Path, as_json: bool) -> None:
    """Say which of these texts, or pieces of them, stand in a file of the folder."""
    try:
        lines = texts.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{texts} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    found = remains(folder, lines)
    if as_json:
        typer.echo(json.dumps([{"line": one.line, "file": str(one.file), "piece": one.piece} for one in found]))
    else:
        for one in found:
            typer.echo(f"line {one.line}: {one.piece!r} stands in {one.file}")
        if not found:
            typer.echo(f"Nothing of the {len(lines)} texts is in {folder}.")
    if found:
        raise typer.Exit(DAMAGED)


def _show(found: Examination, what: dict[str, str]) -> None:
    for one in found.findings:
        typer.echo(f"{_named(one)}: {one.why} ({what[one.action]})")
    if not found.findings:
        typer.echo("Nothing is damaged.")
    if found.kept_in is not None:
        typer.echo(f"What was set aside is in {found.kept_in}. It holds words of memories: erasing does not reach it.")
    if any(one.action == "none" for one in found.findings):
        typer.echo("Restore the folder from a backup for what cannot be repaired.", err=True)


def _named(one: Finding) -> str:
    if not one.table:
        return "The file"
    of_memory = f", memory {one.memory}" if one.memory else ""
    return f"{one.table} {one.row}{of_memory}"
