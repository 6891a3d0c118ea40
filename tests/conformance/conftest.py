"""A server as anyone starts it: ``toldonce serve`` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.environments import variables


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, and where it keeps its memory."""

    url: str
    folder: Path
    environment: dict[str, str]

    def key(self, project: str) -> str:
        """A key for a project, as ``toldonce keys create`` prints it."""
        command = ["keys", "create", "--data", str(self.folder), "--project", project, "--json"]
        environment = _ours(self.environment)
        done = subprocess.run(_toldonce(*command), env=environment, capture_output=True, text=True, check=True)
        return str(json.loads(done.stdout)["key"])

    def run(self, folder: Path, *command: str | Path) -> dict[str, object]:
        """What a client's script found."""
        done = subprocess.run(
            [*map(str, command)], cwd=folder, env=self.environment, capture_output=True, text=True, timeout=300
        )
        lines = done.stdout.strip().splitlines()
        assert done.returncode == 0, done.stderr[-4_000:]
        assert lines, done.stderr[-4_000:]
        found: dict[str, object] = json.loads(lines[-1])
        assert "failed" not in found.values(), f"{found}\n{done.stderr[-4_000:]}"
        return found


def _toldonce(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "toldonce", *arguments]


def _ours(environment: dict[str, str]) -> dict[str, str]:
    """The environment of our own processes: they run the source that these tests run, the clients' do not see it."""
    return {**environment, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    environment, folder = variables(home), home / "memory"
    process = subprocess.Popen(
        _toldonce("serve", "--port", "0", "--data", str(folder)),
        env=_ours(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    listens = process.stdout.readline()
    url = next(word for word in listens.split() if word.startswith("http://"))
    yield Served(url, folder, environment)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Error" not in errors, errors
