"""Killed at any step, an outbox loses nothing it has acknowledged, sends nothing twice, and keeps the order.

``make crash`` takes 5,000 kill points; a plain test run takes a short, seeded slice.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.host import Host, Reply, Request, Rule

from .outbox_child import CONVERSATIONS

POINTS = int(os.environ.get("TOLDONCE_KILL_POINTS", "40"))


class Nursery:
    """Runs processes that die where they are told to."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.outbox_child"],
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, url: str, *, seed: int, first: int = 0, put: int = 0, step: int = 0) -> int:
        """How many steps a process made, or -1 if it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"folder": str(folder), "url": url, "seed": seed, "first": first, "put": put, "step": step}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "a process failed; see what it wrote"
        return int(answer)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


def test_killed_at_any_step(nursery: Nursery, tmp_path: Path) -> None:
    chance = random.Random(20260301)
    died = 0
    with Host() as host:
        _make(tmp_path / "whole")
        made = nursery.run(tmp_path / "whole", host.url, seed=0, put=4)
        assert made > 20
        seed = 0
        while died < POINTS:
            seed += 1
            host.rule = _moody(random.Random(seed)) if seed % 3 == 0 else _kind
            folder = tmp_path / f"run-{seed}"
            _make(folder)
            host.forget()
            for life in range(chance.choice((1, 1, 2))):
                step = chance.randint(1, made)
                died += nursery.run(folder, host.url, seed=seed, first=4 * life, put=4, step=step) == -1
            host.rule = _kind
            nursery.run(folder, host.url, seed=seed)
            _check(folder, [int(text) for text in host.said], seed)
            shutil.rmtree(folder)


def _make(folder: Path) -> None:
    folder.mkdir()
    (folder / "acknowledged").touch()


def _kind(request: Request) -> None:
    """Everything goes through."""


def _moody(chance: random.Random) -> Rule:
    """A host that loses answers, fails and asks for patience."""

    def rule(request: Request) -> Reply | None:
        if not request.path.endswith("/add/"):
            return None
        replies = [None, None, None, Reply(stored=True, drops=True), Reply(drops=True), Reply(503, b"{}")]
        return chance.choice(replies)

    return rule


def _check(folder: Path, said: list[int], seed: int) -> None:
    acknowledged = {int(line) for line in (folder / "acknowledged").read_text().split()}
    where = f"seed {seed}: the host was told {said}, {sorted(acknowledged)} had been acknowledged"
    assert acknowledged <= set(said), f"lost. {where}"
    assert len(said) == len(set(said)), f"sent twice. {where}"
    for number in range(CONVERSATIONS):
        line = [said_number for said_number in said if said_number % CONVERSATIONS == number]
        assert line == sorted(line), f"out of order. {where}"
