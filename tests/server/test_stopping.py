"""The server ends when it is told to, whatever hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

SERVER = """
import asyncio, socket, sys
from contextlib import asynccontextmanager
from fastapi import FastAPI
from toldonce.server import running

running._LONGEST_STOP = 0.5

@asynccontextmanager
async def lifespan(app):
    yield
    if sys.argv[1] == "hang":
        await asyncio.Event().wait()

listening = socket.create_server(("127.0.0.1", 0))
running._Announcing(running.configured(FastAPI(lifespan=lifespan)), "listens").run(sockets=[listening])
"""
SOURCES = str(Path(__file__).parents[2] / "src")


def stopped(kind: str) -> tuple[int, str]:
    """How a server ended, and what it said."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": SOURCES},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"
        process.send_signal(signal.SIGTERM)
        return process.wait(30), process.communicate()[1]


def test_a_close_that_hangs_is_cut_off() -> None:
    code, said = stopped("hang")
    assert code == 1
    assert "Stopping took more than 0.5 s" in said


def test_a_close_that_works_is_not() -> None:
    code, said = stopped("")
    assert code in (0, -signal.SIGTERM)
    assert "cut off" not in said


def test_the_garbage_collector_passes_over_what_a_started_server_consists_of() -> None:
    asked = "import gc; from toldonce.server.running import leave_alone; leave_alone(); print(gc.get_freeze_count())"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": SOURCES},
    )
    assert int(told.stdout) > 10_000
