"""Processes that end without closing anything, and what they leave to others."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toldonce import Memory
from toldonce.errors import Closed

CLOCKS = "Who has a hobby with timepieces?"
ANN = {"user_id": "ann"}

ADD = """
import os, sys, time
from toldonce import Memory
memory = Memory(folder=sys.argv[1])
memory.add("My grandfather repairs clocks.", user_id="ann")
time.sleep(float(sys.argv[2]))
"""
SEARCH = """
import sys
from toldonce import Memory
memory = Memory(folder=sys.argv[1])
found = memory.search("Who has a hobby with timepieces?", filters={"user_id": "ann"})
print([hit["memory"] for hit in found["results"]])
"""


def run(program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, str(folder), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("pause", ["0", "0.02", "0.05"])
def test_a_script_that_closes_nothing_ends_well_and_is_found_by_meaning(tmp_path: Path, pause: str) -> None:
    added = run(ADD, tmp_path, pause)
    assert (added.returncode, added.stderr) == (0, "")
    searched = run(SEARCH, tmp_path)
    assert (searched.returncode, searched.stderr) == (0, "")
    assert "repairs clocks" in searched.stdout


def test_what_a_killed_process_left_is_embedded_before_the_first_answer(tmp_path: Path) -> None:
    killed = run(ADD + "os.kill(os.getpid(), 9)", tmp_path, "0")
    assert killed.returncode == -signal.SIGKILL
    assert "repairs clocks" in run(SEARCH, tmp_path).stdout


def test_a_process_that_stays_takes_over_what_others_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.engine.vectors._LOOK_AGAIN", 0.1)
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann")
        run(ADD + "os.kill(os.getpid(), 9)", tmp_path, "0")
        for _ in range(100):
            with memory._engine.reading() as store:
                if not store.unembedded(None, 10):
                    break
            time.sleep(0.1)
        assert memory.search(CLOCKS, filters=ANN)["results"][0]["memory"] == "My grandfather repairs clocks."


@pytest.mark.parametrize("verb", ["add", "search"])
def test_a_forked_child_is_told_to_open_its_own(tmp_path: Path, verb: str) -> None:
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann")
        child = os.fork()
        if child == 0:
            try:
                if verb == "add":
                    memory.add("I like coffee.", user_id="ann")
                else:
                    memory.search("tea", filters=ANN)
            except Closed:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_nobody_else_can_read_it_even_in_an_open_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
