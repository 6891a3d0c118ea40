"""The examples run, or, where they need a key, are imported and their parts made."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .harness import WORKERS

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.skipif(not WORKERS, reason="the examples are written for Pipecat 1.3 and newer")


def run(example: str, *arguments: str, home: Path, typed: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"TOLDONCE_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(example: str) -> Any:
    spec = importlib.util.spec_from_file_location(example, EXAMPLES / f"{example}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_greeting(tmp_path: Path) -> None:
    assert "we have not met" in run("greeting.py", "ann", home=tmp_path, typed="I am a nurse in Bergen.\n")
    assert "You told me: I am a nurse in Bergen." in run("greeting.py", "ann", home=tmp_path, typed="\n")


def test_local_agent(tmp_path: Path) -> None:
    first = run("local_agent.py", home=tmp_path, typed="My sister Eva plays the cello.\n\n")
    assert "That is new to me." in first
    second = run("local_agent.py", home=tmp_path, typed="What does my sister Eva play?\n\n")
    assert "You told me: My sister Eva plays the cello." in second


async def test_voice_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path))
    example = load("voice_agent")
    memory = example.make_memory("ann")
    assert memory.position == -1
    assert [tool.__name__ for tool in memory.tools()] == ["search_memory", "remember", "forget", "list_memories"]
    assert example.INTRODUCTION["role"] == "developer"  # What the application says is nobody's words.
    await memory.memory_client.close()
