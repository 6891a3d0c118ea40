"""The command line: what it is called, its commands, and how errors and Ctrl-C leave it."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from toldonce.errors import ToldonceError

from .backup import backup, restore
from .chat import chat
from .copy import copy
from .demo import demo
from .doctor import doctor
from .erase import erase, receipts
from .inspect import delete, edit, facts, history, list_memories, projects, search, show, stats, users, where
from .keys import app as keys
from .mcp import mcp
from .migrate import migrate
from .outbox import app as outbox
from .rebuild import rebuild
from .retry import retry
from .serve import serve
from .transfer import export_memories, import_memories

app = typer.Typer(
    name="toldonce",
    help="Long-term memory for conversational agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(chat)
app.command()(serve)
app.command()(mcp)
app.add_typer(keys, name="keys")
app.add_typer(outbox, name="outbox")
app.command("export")(export_memories)
app.command("import")(import_memories)
app.command()(rebuild)
app.command()(migrate)
app.command()(copy)
app.command()(retry)
app.command()(doctor)
for command in (
    search,
    show,
    facts,
    edit,
    delete,
    history,
    users,
    projects,
    stats,
    where,
    erase,
    receipts,
    backup,
    restore,
):
    app.command()(command)
app.command("list")(list_memories)


_TYPED = tuple(
    (re.compile(said), typed)
    for said, typed in (
        (r"\bapi_key=", "--api-key or MEM0_API_KEY"),
        (r"\bhost=|\Ahost\b", "--host"),
        (r"\bfolder=", "--data"),
        (r"\btop_k\b", "--limit"),
        (r"\bthreshold\b", "--threshold"),
        (r"\b(user|agent|app|run)_id\b", r"--\1"),
        (r"\bget_all\(\)", "toldonce list"),
        (r"\bdelete_all\(\)", "toldonce delete"),
    )
)
"""What an error of the library names, and what a person at a terminal types instead."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toldonce {version('toldonce')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Long-term memory for conversational agents."""


def in_options(message: str) -> str:
    """A message of the library in the words of the command line: its arguments as options, its verbs as commands."""
    for said, typed in _TYPED:
        message = said.sub(typed, message)
    return message


def main() -> None:
    """Run the command line; exit 2 with one line about an error of ours, 130 after Ctrl-C."""
    try:
        app()
    except ToldonceError as error:
        message = in_options(" ".join(str(error).split()))
        Console(stderr=True, soft_wrap=True).print(f"[red]toldonce: {escape(message)}[/red]", highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
