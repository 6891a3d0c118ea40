"""``toldonce outbox``: what waits for a Mem0 host, what was put aside, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from toldonce.config import default_folder, files_beside
from toldonce.errors import InvalidInput
from toldonce.remote.account import account
from toldonce.remote.delivery import outbox_path
from toldonce.remote.outbox.file import Entry, OutboxFile
from toldonce.remote.outbox.states import FOLDER
from toldonce.remote.payload import unpack
from toldonce.times import as_datetime, iso, now

from .options import Data, Json

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Of parked messages, as listed.")]

_SHOWN = 60
_NAME = 8
"""Characters of an entry's key that name it."""

app = typer.Typer(invoke_without_command=True)


@app.callback()
def outbox(context: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """List what waits to be sent to a Mem0 host, and what was put aside with its reason.

    Example: toldonce outbox --json
    """
    context.obj = default_folder() if data is None else files_beside(data)
    if context.invoked_subcommand is None:
        console = Console(highlight=False, soft_wrap=True)
        with _files(context.obj) as files:
            if as_json:
                typer.echo(json.dumps([_row(file) for file in files], ensure_ascii=False))
                return
            if not files:
                console.print("Nothing waits: nothing was ever said to a Mem0 host.")
            for file in files:
                _show(console, file)


@app.command()
def retry(context: typer.Context, names: Names = None, as_json: Json = False) -> None:
    """Let parked messages wait again, behind all others; without a NAME all of them.

    Example: toldonce outbox retry 0f3a91c2
    """
    with _files(context.obj) as files:
        count = 0
        for file, entries in _chosen(files, names):
            file.retry(entries)
            count += len(entries)
    typer.echo(json.dumps({"sent_again": count}) if as_json else f"{count} will be sent again.")


@app.command()
def drop(
    context: typer.Context,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="All.")] = False,
    as_json: Json = False,
) -> None:
    """Throw parked messages away for good: a NAME each, or --all.

    Example: toldonce outbox drop 0f3a91c2
    """
    if not names and not every:
        raise InvalidInput("Say which messages to throw away, or --all.")
    with _files(context.obj) as files:
        count = 0
        for file, entries in _chosen(files, names):
            file.drop(entry.id for entry in entries)
            file.tidy(now())
            count += len(entries)
    typer.echo(json.dumps({"thrown_away": count}) if as_json else f"{count} thrown away.")


@app.command()
def move(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="OUTBOX", help="The outbox, as listed.")],
    api_key: Annotated[str | None, typer.Option(metavar="KEY", help="[default: MEM0_API_KEY]")] = None,
    as_json: Json = False,
) -> None:
    """Give what waits under one key to another key of the same host, when a key was replaced.

    Example: toldonce outbox move api.mem0.ai-1b2c3d4e5f60 --api-key m0-NEW
    """
    with _files(context.obj) as files:
        old = next((file for file in files if file.path.stem == source), None)
        if old is None:
            raise InvalidInput(f"There is no outbox {source!r}; see: toldonce outbox")
        path = outbox_path(account(api_key, old.setting("destination"), allow_plain_http=True), context.obj)
        if path == old.path:
            raise InvalidInput("That is the key this outbox has already.")
        new = OutboxFile(path, old.setting("destination"))
        try:
            entries = old.waiting()
            for entry in entries:  # one that is in both is sent once: both name it by its key
                new.put(entry.key, entry.conversation, entry.payload, entry.put_at)
            old.drop(entry.id for entry in entries)
            old.keep_setting("held", None)
            old.fold()
        finally:
            new.close()
    if as_json:
        typer.echo(json.dumps({"moved": len(entries), "outbox": path.stem}))
    else:
        typer.echo(f"{len(entries)} moved to {path.stem}; they are sent when a memory with that key is next open.")


@contextmanager
def _files(folder: Path) -> Iterator[list[OutboxFile]]:
    files = [OutboxFile(path) for path in sorted((folder / FOLDER).glob("*.db"))]
    try:
        yield files
    finally:
        for file in files:
            file.close()


def _chosen(files: list[OutboxFile], names: list[str] | None) -> list[tuple[OutboxFile, list[Entry]]]:
    found = [(file, [entry for entry in file.parked() if not names or entry.key[:_NAME] in names]) for file in files]
    known = {entry.key[:_NAME] for _, entries in found for entry in entries}
    for name in names or ():
        if name not in known:
            raise InvalidInput(f"No parked message is called {name!r}; see: toldonce outbox")
    return found


def _row(file: OutboxFile) -> dict[str, Any]:
    filling = file.filling()
    return {
        "outbox": file.path.stem,
        "destination": file.setting("destination"),
        "waiting": filling.waiting,
        "oldest": None if filling.oldest is None else iso(filling.oldest),
        "full": round(filling.share, 4),
        "held": file.setting("held"),
        "parked": [
            {"name": entry.key[:_NAME], "messages": unpack(entry.payload)[0], "reason": entry.reason}
            for entry in file.parked()
        ],
    }


def _show(console: Console, file: OutboxFile) -> None:
    filling, parked, held = file.filling(), file.parked(), file.setting("held")
    waiting = f"{filling.waiting} waiting"
    if filling.oldest is not None:
        waiting += f" since {as_datetime(filling.oldest):%Y-%m-%d %H:%M} UTC"
    console.print(f"[bold]{escape(file.path.stem)}[/]  {escape(str(file.setting('destination')))}")
    console.print(f"  {waiting}, {len(parked)} parked, {filling.share:.0%} full")
    if held:
        console.print(f"  [red]held:[/] {escape(held)}")
    if file.repeated:
        console.print(f"  {file.repeated} sent again after an answer was lost; a host that ignores keys may have both")
    for entry in parked:
        said = " / ".join(message["content"] for message in unpack(entry.payload)[0])
        console.print(f"  {entry.key[:_NAME]}  {escape(' '.join(said.split())[:_SHOWN])}")
        console.print(f"  {' ' * _NAME}  [red]{escape(str(entry.reason))}[/]")
