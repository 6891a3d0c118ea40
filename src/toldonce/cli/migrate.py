"""``toldonce migrate``: the tables of a store, as this version has them."""

from __future__ import annotations

import json

import typer

from toldonce.stores.opening import migrate_store

from .options import Data, Json
from .target import require_memories


def migrate(data: Data = None, as_json: Json = False) -> None:
    """Finish an upgrade of a database, once no older version has it open any more.

    A newer version adds what it needs when it opens a database, and older ones go on meanwhile. What only those needed
    goes here. A folder needs no such step.

    Example: toldonce migrate --store postgresql://ann@db.example.org/memory
    """
    place = require_memories(data)
    steps = migrate_store(place)
    if as_json:
        typer.echo(json.dumps({"store": str(place), "steps": steps}))
    elif steps:
        typer.echo(f"{place} is up to date: {len(steps)} steps were made.")
    else:
        typer.echo(f"{place} is up to date: there was nothing to do.")
