"""``toldonce rebuild``: another embedder for the memories there are."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from toldonce.config import read_config

from .options import Data, Json
from .progress import reached


def rebuild(
    data: Data = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="toldonce (the bundled one), multilingual, openai:MODEL[@BASE_URL][#DIMENSIONS] or onnx:PATH. "
            "[default: the one the folder has, brought up to date]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make all vectors anew, with another embedder or after an update. Agents may go on searching and adding.

    A server's key is read from OPENAI_API_KEY. Interrupted, the same command goes on where it stood.

    Example: toldonce rebuild --embedder openai:bge-m3@http://localhost:11434/v1
    """
    from toldonce.embedders.spec import parse_spec
    from toldonce.engine.rebuild import rebuild as make_anew

    folder = read_config(None, data).place
    spec = None if embedder is None else parse_spec(embedder)
    with reached("Embedding", "vectors") as reach:
        done = make_anew(folder, spec, reach)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "before": done.before, "fingerprint": done.fingerprint}))
    elif done.before == done.fingerprint:
        typer.echo(f"{folder} has vectors of {done.fingerprint} already: there was nothing to make anew.")
    else:
        typer.echo(f"{folder} now has vectors of {done.fingerprint}.")
