"""One attack on one server, and what came of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.corpus import GivenTokens, Talk
from bench.filling import fill
from bench.hostile.bystander import Noticed
from bench.hostile.server import STOPS, Server
from bench.report import quantile
from toldonce import Memory
from toldonce.embedders.minilm import MiniLM

OWNER = "ann"
ADD, SEARCH, HEALTH = 50.0, 100.0, 100.0
"""Milliseconds at most, 99 of 100 times."""
IMPORT_ADD, IMPORT_SEARCH = 30.0, 60.0
"""The same beside an import."""
NO_WRITES = ("stopped lock holder",)
"""Attacks during which nobody can write, by their nature: adds wait, and none is lost."""
PATIENCE = 60.0
"""Seconds that a process of ours gets to say what it noticed."""


class _Given(GivenTokens):
    """Given vectors in a folder that the server opens with its own model."""

    fingerprint = MiniLM().fingerprint


@dataclass
class Round:
    """An attack."""

    name: str
    noticed: Noticed
    answers: dict[str, int]
    """To the attacker, by status."""
    status: int
    """Of the server's process, after SIGTERM."""
    seconds_to_stop: float
    megabytes: float
    """By which the server grew."""
    errors: list[str] = field(default_factory=list)
    """Lines of its log that no caller's mistake explains."""
    ended: bool = False
    """Whether the server ended by itself."""

    @property
    def times(self) -> dict[str, list[float]]:
        """Milliseconds that the bystander waited."""
        return {"add": self.noticed.adds, "search": self.noticed.searches, "healthz": self.noticed.health}

    def problems(self, bars: bool) -> list[str]:
        """What did not hold."""
        noticed = self.noticed
        wrong = {
            "the server ended by itself": self.ended,
            f"the server ended with status {self.status} after SIGTERM": self.status not in (0, -signal.SIGTERM),
            f"the server took {self.seconds_to_stop:.1f} s to stop": self.seconds_to_stop > STOPS,
            f"{noticed.hangs} of the bystander's requests hung": noticed.hangs,
            f"{self.answers.get('hang')} of the attacker's requests hung": self.answers.get("hang"),
            f"{noticed.lost} acknowledged messages are lost": noticed.lost,
            f"{noticed.doubled} messages are doubled": noticed.doubled,
            f"the bystander was refused: {noticed.refused[:3]}": noticed.refused,
            f"{self.answers.get('500')} answers with status 500": self.answers.get("500"),
            f"the log says {self.errors[:3]}": self.errors,
            "the bystander got nothing done": not (noticed.adds and noticed.searches and noticed.health),
        }
        return [problem for problem, holds in wrong.items() if holds] + (self._late() if bars else [])

    def _late(self) -> list[str]:
        importing = self.name.startswith("import in")
        most = {
            "add": IMPORT_ADD if importing else ADD,
            "search": IMPORT_SEARCH if importing else SEARCH,
            "healthz": HEALTH,
        }
        if self.name in NO_WRITES:
            del most["add"]
        late = [
            f"{kind} p99 is {quantile(self.times[kind], 0.99):.0f} ms, not {limit:.0f}"
            for kind, limit in most.items()
            if quantile(self.times[kind], 0.99) > limit
        ]
        missed = self.noticed.probes - self.noticed.found
        return late + (
            [f"{missed} of {self.noticed.probes} were not found by meaning: {self.noticed.missed[:5]}"]
            if missed
            else []
        )


def filled(folder: Path, memories: int) -> Path:
    """A folder in which one user of the attackers' project has so many memories."""
    with Memory(folder=folder, embedder=_Given()) as memory:
        fill(memory, OWNER, Talk(1).texts(memories))
    return folder


def attacked(folder: Path, name: str, seed: int, seconds: float, *, same_project: bool = False) -> Round:
    """Start a server over the folder, attack it for so long, and stop it."""
    server = Server(folder)
    crowd, quiet = server.key("default"), server.key("default" if same_project else "quiet")
    server.start()
    before = server.resident
    bystander = _process("bench.hostile.bystander", {"port": server.port, "key": quiet, "name": "quiet"})
    assert bystander.stdout is not None
    bystander.stdout.readline()
    time.sleep(0.5)  # the model loads; that is no attack
    given = {"port": server.port, "key": crowd, "owner": OWNER, "folder": str(folder), "seed": seed}
    attacker = _process("bench.hostile.attackers", {**given, "attack": name, "seconds": seconds + 1.0})
    time.sleep(seconds)
    grown = 0.0 if server.has_ended() else server.resident - before
    noticed = Noticed(**json.loads(bystander.communicate(timeout=PATIENCE)[0]))
    ended = server.has_ended()
    status, took = server.stop()
    answers = json.loads(attacker.communicate(timeout=PATIENCE)[0])
    errors = [text for text in server.log().splitlines() if text.startswith(("Traceback", "Fatal", "Unforeseen"))]
    return Round(name, noticed, answers, status, took, grown, errors, ended)


def _process(module: str, given: dict[str, Any]) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(given) + "\n")
    process.stdin.flush()
    return process
