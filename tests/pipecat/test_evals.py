"""Pipecat's evals talk with the example: what the first conversation told, the second is answered with."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("pipecat.evals.fastapi_transport", reason="of Pipecat 1.13 and newer")

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Pipecat's, of classes of its own
    from pipecat.evals.scenario import EvalScenarioFile
    from pipecat.evals.session import EvalSession, EvalSessionParams

from .harness import within

ROOT = Path(__file__).parents[2]
SCENARIOS = EvalScenarioFile.load(ROOT / "examples" / "evals" / "told_once.yaml")


@asynccontextmanager
async def agent(home: Path) -> AsyncIterator[str]:
    """The agent, served as a user serves it. Its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.pipecat.eval_bot", "--host", "127.0.0.1", "--port", str(port)),
        cwd=ROOT,
        env=os.environ | {"TOLDONCE_HOME": str(home)},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await within(_listening(port), 60)
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        running.terminate()
        await running.communicate()


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            await writer.wait_closed()
            return


async def passes(scenario: str, address: str) -> bool:
    params = EvalSessionParams(default_timeout_ms=5000)
    session = EvalSession.from_scenario(SCENARIOS[f"told_once/{scenario}"], bot_url=address, params=params)
    return bool((await session.run()).passed)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Pipecat's evals use deprecated names of websockets.
async def test_the_second_conversation_is_answered_with_what_the_first_told(tmp_path: Path) -> None:
    async with agent(tmp_path) as address:
        assert not await passes("recall", address)  # Nobody has told it.
        assert await passes("tell", address)
        assert await passes("recall", address)
