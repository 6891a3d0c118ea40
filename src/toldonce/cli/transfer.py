"""``toldonce export`` and ``toldonce import``: memories out to a file, in from one, and in from Mem0."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from toldonce.config import read_config
from toldonce.engine import Engine, open_engine
from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidConfig, InvalidExport
from toldonce.remote.account import account
from toldonce.remote.client import Mem0Client
from toldonce.server.tenants import ensure
from toldonce.stores.place import Place
from toldonce.times import now
from toldonce.transfer.jsonl import begin, export, export_file, load
from toldonce.transfer.mem0 import (
    Report,
    import_account,
    import_library,
    open_library,
    require_account_memories,
)

from .options import Data, Json, Project
from .progress import progress
from .target import found_project, require_memories

_SHOWN = 10
"""Memories that are named one by one; the rest are counted."""


def export_memories(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; - is standard output.")],
    data: Data = None,
    project: Project = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="ID", help="Only what is kept of this user: a data access request.")
    ] = None,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With their vectors: larger, and faster to import.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write everything a memory folder holds to a JSONL file: messages, memories, versions, history.

    Example: toldonce export ann.jsonl --user ann
    """
    require_memories(data)
    with _engine(data) as engine, progress("Exporting", "memories") as done:
        found = found_project(engine, project or PROJECT)
        if str(target) == "-":
            tally = export(engine, found, sys.stdout, user=user, vectors=vectors, done=done)
        else:
            tally = export_file(engine, found, target, user=user, vectors=vectors, done=done)
    # Standard output is the export itself where it goes there.
    told = {"file": str(target), "memories": tally.memories, "messages": tally.messages}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False), err=str(target) == "-")
    else:
        typer.echo(f"{tally.memories} memories and {tally.messages} messages exported.", err=True)


def import_memories(
    source: Annotated[str, typer.Argument(metavar="FILE|mem0", help="A file of `toldonce export`, or mem0.")],
    data: Data = None,
    project: Project = None,
    host: Annotated[str | None, typer.Option(help="mem0: another host than Mem0's cloud.")] = None,
    api_key: Annotated[str | None, typer.Option(metavar="KEY", help="mem0: [default: MEM0_API_KEY]")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mem0: a JSON file with the local_config of a store of its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read memories from a file, or move in from Mem0: an account, or a store on this machine.

    What is there already is left as it is: after an interruption, start it again.

    Example: toldonce import mem0 --host https://mem0.example.org
    """
    if source != "mem0":
        _import_file(Path(source), data, project, as_json)
    elif config is not None:
        found = open_library(_read_config(config))
        with _engine(data) as engine, progress("Importing", "memories", len(found.rows)) as done:
            report = asyncio.run(import_library(engine, _made(engine, project), found, done=done))
        _tell(report, as_json)
    else:
        _tell(asyncio.run(_from_account(data, project, host, api_key)), as_json)


def _import_file(path: Path, data: Place | None, project: str | None, as_json: bool) -> None:
    try:
        size = path.stat().st_size
        with open(path, encoding="utf-8") as file:
            lines = begin(file)
            with _engine(data) as engine, progress("Importing", "characters", size) as done:
                tally = load(engine, _made(engine, project), lines, done=done)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExport(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if as_json:
        typer.echo(json.dumps(asdict(tally)))
        return
    typer.echo(f"{tally.memories} memories and {tally.messages} messages imported, {tally.there} were there already.")


async def _from_account(data: Place | None, project: str | None, host: str | None, api_key: str | None) -> Report:
    async with Mem0Client(account(api_key, host)) as client:
        await require_account_memories(client)
        with _engine(data) as engine, progress("Importing", "memories") as done:
            return await import_account(engine, _made(engine, project), client, done=done)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidConfig(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not isinstance(found, dict):
        raise InvalidConfig(f"{path} holds no object. It is to hold the local_config as JSON.")
    return found


def _tell(report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        typer.echo(f"{report.found} memories found: {report.imported} imported, {report.there} were there already.")
        _list(report.repaired, "repairs were made, as not everything can be kept as it was:")
        _list(report.left_out, "were left out, as they cannot be kept here:")
    if report.differing:
        shown = ", ".join(report.differing[:_SHOWN])
        raise InvalidExport(
            f"{len(report.differing)} memories are not here as they are there: {shown}"
            f"{' ...' if len(report.differing) > _SHOWN else ''}. They were changed meanwhile, here or there."
        )
    if report.found == len(report.left_out):
        raise InvalidExport("None of the memories could be kept: nothing was imported.")
    if as_json:
        return
    but = ", but for what is named above" if report.left_out or report.repaired else ""
    typer.echo(f"Verified: the same memories are here{but}, by count and by hash.")


def _list(told: Sequence[tuple[str, str]], what: str) -> None:
    if told:
        typer.echo(f"{len(told)} {what}")
        for uid, reason in told[:_SHOWN]:
            typer.echo(f"  {uid}  {reason}")
        if len(told) > _SHOWN:
            typer.echo(f"  ... and {len(told) - _SHOWN} more")


@contextmanager
def _engine(data: Place | None) -> Iterator[Engine]:
    engine, let_go = open_engine(read_config(None, data))
    try:
        yield engine
    finally:
        let_go()


def _made(engine: Engine, project: str | None) -> str:
    """The id of the project with this id or name; one of this name is made if there is none."""
    if project is None or project == PROJECT:
        return PROJECT
    return engine.store.write_now(lambda store: ensure(store, project, now())).id
