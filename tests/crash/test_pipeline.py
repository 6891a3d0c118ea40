"""A call on Toldonce's own server as its host, while the agent, the server or both are killed at random moments.

``make crash`` takes 100 runs; a plain test run a few.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pipecat")

from tests.remote.server import KEY, Server
from toldonce import Memory
from toldonce.remote.memory import RemoteMemory

RUNS = int(os.environ.get("TOLDONCE_PIPELINE_RUNS", "3"))

SECOND = 1_000_000
"""The first turn of the second agent."""

AGENT = """
import asyncio, sys
from toldonce.pipecat import Mem0MemoryService
from tests.pipecat.harness import Call, ScriptedLLM, until

async def main():
    key, host, user, first = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    service = Mem0MemoryService(api_key=key, host=host, user_id=user, run_id=f"run-{first}")
    llm = ScriptedLLM(lambda n: f"This is answer number {first + n - 1}.")
    async with Call(service, llm=llm) as call:
        number = first
        while True:
            await call.say(f"This is turn number {number}.")
            await until(lambda: len(service.session.writer) == 0)
            print(number, flush=True)
            number += 1

asyncio.run(main())
"""


class Agent:
    """An agent in a process of its own, and the last turn it had stored."""

    def __init__(self, home: Path, url: str, user: str, first: int) -> None:
        environment = os.environ | {"TOLDONCE_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
        self.process = subprocess.Popen(
            [sys.executable, "-c", AGENT, KEY, url, user, str(first)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.stored = int(self.process.stdout.readline())

    def kill(self) -> int:
        """The last turn it had stored."""
        self.process.send_signal(signal.SIGKILL)
        rest, _ = self.process.communicate()
        return max([self.stored, *(int(line) for line in rest.split("\n")[:-1])])


def test_killing_the_agent_the_server_or_both(tmp_path: Path) -> None:
    chance = random.Random(20260301)
    stored: dict[str, set[int]] = {}
    with Server(tmp_path / "server") as server:
        for number in range(RUNS):
            user = f"ann-{number}"
            stored[user] = _run(server, tmp_path / "home", user, chance, number % 3)
        asyncio.run(_send_the_rest(server, tmp_path / "home"))
    with Memory(folder=tmp_path / "server") as memory:
        for user, turns in stored.items():
            _check([message["content"] for message in memory.messages(user_id=user)], turns)


def _run(server: Server, home: Path, user: str, chance: random.Random, who: int) -> set[int]:
    """Two agents talk with one user, one after the other, and are killed; the turns they had stored.

    ``who`` else is killed as they talk: 0 nobody, 1 the server for a while, 2 the server until the agent is gone.
    """
    stored: set[int] = set()
    for first in (0, SECOND):
        agent = Agent(home, server.url, user, first)
        time.sleep(chance.uniform(0.0, 0.4))
        if who:
            server.kill()
            time.sleep(chance.uniform(0.0, 0.3))
        if who == 1:
            server.start()
            time.sleep(chance.uniform(0.0, 0.3))
        stored |= set(range(first, agent.kill() + 1))
        if who == 2:
            server.start()
    return stored


async def _send_the_rest(server: Server, home: Path) -> None:
    async with RemoteMemory(api_key=KEY, host=server.url, folder=home) as memory:
        assert await memory.flush(600)  # agents without a voice talk far faster than anyone, and leave much behind


def _check(said: list[str], stored: set[int]) -> None:
    """The turns that were stored are all there, and nothing is there twice or, within a call, out of order."""
    numbers = [(int(text.rstrip(".").split()[-1]), "answer" in text) for text in said]
    for answer in (False, True):
        assert stored <= {number for number, is_answer in numbers if is_answer == answer}, "lost"
    assert len(numbers) == len(set(numbers)), "twice"
    for call in (range(SECOND), range(SECOND, 2 * SECOND)):
        heard = [entry for entry in numbers if entry[0] in call]
        assert heard == sorted(heard), "out of order"
