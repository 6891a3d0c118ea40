"""``toldonce copy``: a whole store into another, such as a folder into a database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from toldonce.stores.opening import copy_store
from toldonce.stores.place import place_of

from .options import Json
from .progress import progress


def copy(
    source: Annotated[
        Any, typer.Option("--from", metavar="DIR|URL", parser=place_of, help="The store that is copied, and stays.")
    ],
    target: Annotated[
        Any, typer.Option("--to", metavar="DIR|URL", parser=place_of, help="An empty place, or an earlier copy of it.")
    ],
    as_json: Json = False,
) -> None:
    """Copy everything, while it is in use: projects, keys, memories, vectors, history, webhooks, receipts, secrets.

    Run it again for what was written meanwhile, or after an interruption: it copies only who changed. Everything is
    read back and compared, by counts and by hashes. To switch over: copy, stop the server, copy again, and start it on
    the new store.

    Example: toldonce copy --from sqlite:///var/lib/toldonce --to postgresql://ann@db.example.org/memory
    """
    with progress("Copying", "memories") as done:
        told = copy_store(source, target, done)
    if as_json:
        typer.echo(json.dumps({"from": str(source), "to": str(target), **asdict(told)}))
        return
    rows = sum(told.rows.values())
    typer.echo(f"{told.memories:,} memories of {told.owners:,} owners copied to {target}: {rows:,} rows, all compared.")
    if told.removed:
        typer.echo(f"{told.removed:,} owners that are gone were removed.")
    if told.same:
        typer.echo("Both hold the same.")
    else:
        typer.echo("Much is being written: run it again for the rest, at the latest once nothing writes any more.")
