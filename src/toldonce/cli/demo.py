"""``toldonce demo``: an agent remembers, in a new process, what was said in earlier ones."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from toldonce.memory import Memory
from toldonce.stores.place import DatabaseUrl, Place

from .answering import BaseUrl, Model, ModelName, read_model
from .options import Data
from .pipecat_ready import quiet_pipecat, require_pipecat
from .show import Screen
from .transcript import BUNDLED, Transcript, read_transcript


def demo(
    transcript: Annotated[
        Path | None, typer.Option(help="The conversation to play: docs/transcripts.md, or LoCoMo's file.")
    ] = None,
    conversation: Annotated[str | None, typer.Option(metavar="ID", help="Which conversation of a LoCoMo file.")] = None,
    data: Data = None,
    session: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only play session N, in this process.")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Only greet and answer the questions, in this process.")] = False,
    multilingual: Annotated[
        bool, typer.Option("--multilingual", help="Use the embedder for 16 languages, of the extra multilingual.")
    ] = False,
    llm_base_url: BaseUrl = None,
    llm_model: ModelName = None,
) -> None:
    """Play a conversation, each session in its own process, and let a new process answer questions about it.

    The memory is in a temporary folder, unless --data names another place, in which it stays.

    With OPENAI_API_KEY or --llm-base-url a language model answers; without, the best memory is quoted.

    Example: toldonce demo --data ./demo
    """
    script = read_transcript(transcript or BUNDLED, conversation)
    model = read_model(llm_base_url, llm_model)
    require_pipecat()
    if session is None and not ask:
        arguments = _options(
            transcript=transcript, conversation=conversation, llm_base_url=llm_base_url, llm_model=llm_model
        )
        _perform(script, data, arguments, "multilingual" if multilingual else None)
        return
    if data is None:
        raise typer.BadParameter("--session and --ask need to know the memory folder: --data DIR.")
    if session is not None:
        _play(script, session, data)
    if ask:
        _ask(script, data, model)


def _play(script: Transcript, number: int, folder: Place) -> None:
    if number > len(script.sessions):
        raise typer.BadParameter(f"the transcript has {len(script.sessions)} sessions.", param_hint="--session")
    quiet_pipecat()
    from .play import play_session

    asyncio.run(play_session(script, number, folder, Screen()))


def _ask(script: Transcript, folder: Place, model: Model) -> None:
    quiet_pipecat()
    from .ask import ask_questions

    if not asyncio.run(ask_questions(script, folder, model, Screen())):
        raise typer.Exit(1)


def _perform(script: Transcript, data: Place | None, arguments: list[str], embedder: str | None) -> None:
    """Play every session, then ask, each in a process of its own. A new folder remembers its ``embedder``."""
    screen = Screen()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be told to end is to be interrupted
    with _folder(data) as folder, screen.cursor_kept():
        keeps = "it stays in this database" if isinstance(folder, DatabaseUrl) else "delete this folder and it forgets"
        note = keeps if data else "temporary, removed at the end; --data DIR keeps it"
        if embedder is not None:
            Memory({"embedder": {"provider": embedder}}, folder=folder).close()
        screen.opening(script, str(folder), note)
        arguments = [*arguments, "--data", folder.url if isinstance(folder, DatabaseUrl) else str(folder)]
        for number in range(1, len(script.sessions) + 1):
            _in_own_process([*arguments, "--session", str(number)])
        _in_own_process([*arguments, "--ask"])
    if not data:
        screen.line("[dim]The temporary memory folder is removed.[/]")


@contextmanager
def _folder(data: Place | None) -> Iterator[Place]:
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="toldonce-demo-") as folder:
        yield Path(folder)


def _in_own_process(arguments: list[str]) -> None:
    """Run ``toldonce demo`` with ``arguments``. If it fails, end this process alike."""
    command = [sys.executable, "-m", "toldonce", "demo", *arguments]
    # In a session of its own, so that a Ctrl-C at the keyboard reaches us alone, and the child is ended by us.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.terminate()  # at any moment, and silently: what was stored is on disk whole
        child.wait()
        raise
    if code:
        raise typer.Exit(code if code > 0 else 1)


def _options(**values: Path | str | None) -> list[str]:
    """Command-line options for the values that were given."""
    given = {name: value for name, value in values.items() if value is not None}
    return [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", str(value))]
