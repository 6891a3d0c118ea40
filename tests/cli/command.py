"""Runs the command line in a process of its own, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def environment(home: Path) -> dict[str, str]:
    """An environment without keys, whose home is ``home``, on a wide terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MEM0_", "TOLDONCE_"))}
    return {**kept, "HOME": str(home), "XDG_DATA_HOME": str(home / "share"), "TMPDIR": str(home), "COLUMNS": "200"}


def start(*arguments: str | Path, home: Path) -> subprocess.Popen[str]:
    """``toldonce`` with these arguments, running."""
    return subprocess.Popen(
        [sys.executable, "-m", "toldonce", *map(str, arguments)],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def read_until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process writes until it has written ``words``."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"{words!r} was not written")


def run(*arguments: str | Path, home: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """``toldonce`` with these arguments, finished; ``typed`` is its standard input."""
    process = start(*arguments, home=home)
    out, err = finish(process, typed)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def finish(process: subprocess.Popen[str], typed: str = "", seconds: float = 60) -> tuple[str, str]:
    """What else a process writes until it ends, which it must do in time."""
    try:
        return process.communicate(typed, timeout=seconds)
    finally:
        process.kill()
