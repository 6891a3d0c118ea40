"""``toldonce rebuild``: another embedder for the memories there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from toldonce.config import read_config


def rebuild(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The memory folder. [default: TOLDONCE_HOME or your own]")
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="toldonce (the bundled one), openai:MODEL[@BASE_URL][#DIMENSIONS] or onnx:PATH. "
            "[default: the one the folder has, brought up to date]",
        ),
    ] = None,
) -> None:
    """Make all vectors anew, with another embedder or after an update. Agents may go on searching and adding.

    A server's key is read from OPENAI_API_KEY. Interrupted, the same command goes on where it stood.
    """
    from toldonce.embedders.spec import parse_spec
    from toldonce.engine.rebuild import rebuild as make_anew

    folder = read_config(None, data).folder
    spec = None if embedder is None else parse_spec(embedder)
    with _shown() as progress:
        done = make_anew(folder, spec, progress)
    if done.before == done.fingerprint:
        typer.echo(f"{folder} has vectors of {done.fingerprint} already: there was nothing to make anew.")
    else:
        typer.echo(f"{folder} now has vectors of {done.fingerprint}.")


@contextmanager
def _shown() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, else a line for each tenth."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        tenths = -1

        def say(done: int, total: int) -> None:
            nonlocal tenths
            if total and done * 10 // total > tenths:
                tenths = done * 10 // total
                console.print(f"{done} of {total} vectors")

        yield say
        return
    columns = (TextColumn("Embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
