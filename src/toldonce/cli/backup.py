"""``toldonce backup`` and ``toldonce restore``: a folder in one file, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from toldonce.config import read_config
from toldonce.stores.backup import Manifest
from toldonce.stores.opening import restore_store

from .options import Data, Json
from .target import found_project, opened_folder


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME|ID", help="One project only, with its keys.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write a memory folder to one file, while it is in use: memories, history, projects, keys and secrets.

    The copy is of one moment, and is checked. It is not encrypted: whoever has it can read the memories.

    Example: toldonce backup memory-monday.zip
    """
    with opened_folder(data) as verbs:
        wanted = None if project is None else found_project(verbs.engine, project)
        manifest = verbs.engine.store.back_up(target, wanted)
    _tell(manifest, f"Backed up to {target}", as_json)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `toldonce backup`.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a memory folder of a backup, in a place that is empty or not there yet. Keys and ids stay what they were.

    Example: toldonce restore memory-monday.zip --data /var/lib/toldonce
    """
    folder = read_config(None, data).place
    _tell(restore_store(source, folder), f"Restored to {folder}", as_json)


def _tell(manifest: Manifest, what: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(manifest), indent=2))
        return
    rows = manifest.rows
    typer.echo(
        f"{what} and checked: {rows['memory']:,} memories, {rows['message']:,} messages, {rows['project']:,} projects, "
        f"{rows['api_key']:,} keys."
    )
