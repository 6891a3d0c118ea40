"""``toldonce retry``: give a model the conversations that it failed on once more."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from toldonce.config import LLM, read_config
from toldonce.engine import extraction
from toldonce.stores.protocol import Store

from .options import Data, Json
from .target import opened_folder

_LOOK_AGAIN = 0.2


def retry(
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a model that TOLDONCE_LLM names.", show_default=True)
    ] = 600.0,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Order again what a model could not read, such as after an outage; what was said was remembered all the same.

    With TOLDONCE_LLM=ollama:qwen3:8b that model is asked here. Otherwise the program that has a model goes on with it.

    Example: toldonce retry
    """
    chosen = read_config(None, data)
    with opened_folder(data) as verbs:
        store = verbs.engine.store
        ordered = store.write_now(extraction.try_again)
        if chosen.llm is not None:
            verbs.engine.ask_model(chosen.llm, chosen.guidance)
            until = time.monotonic() + wait
            while _left(store) and time.monotonic() < until:
                time.sleep(_LOOK_AGAIN)
        with store.read() as read:
            waiting, failed = extraction.waiting(read), extraction.failed(read)
    if as_json:
        typer.echo(json.dumps({"retried": ordered, "waiting": waiting, "failed": failed}, indent=2))
        return
    typer.echo(f"Ordered again: {ordered}. Waiting for a model: {waiting}. Given up: {failed}.")
    if waiting and chosen.llm is None:
        typer.echo(f"They are read by the next program with a model, or here if {LLM} names one.", err=True)


def _left(store: Store) -> int:
    with store.read() as read:
        return extraction.waiting(read)
