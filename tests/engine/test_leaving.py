"""Processes that end without closing anything, and what they leave to others."""

from __future__ import annotations

import gc
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

import pytest

from tests.redirecting import address_of, of_folders
from tests.waiting import until
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
        [sys.executable, "-c", program, address_of(folder), *arguments], capture_output=True, text=True, check=False
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


@of_folders
def test_nobody_else_can_read_it_even_in_an_open_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Memory(folder=tmp_path) as memory:
        memory.add("I like tea.", user_id="ann")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.rglob("*") if file.is_file()} == {0o600}
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.rglob("*") if file.is_dir()} == {0o700}


OWING = """
import sys, threading, time
from toldonce import Memory
memory = Memory(folder=sys.argv[1])
big = [{"role": "user", "content": f"item {n}" + " word" * 200} for n in range(400)]
adding = threading.Thread(target=memory.add, args=(big,), kwargs={"user_id": "ann"}, daemon=True)
adding.start()
while not memory.messages(user_id="ann"):
    time.sleep(0.01)
time.sleep(0.3)
sys.stdout.write("said before the end")
"""
ENDS = {
    "by itself": ("", 0),
    "with a status": ("sys.exit(3)", 3),
    "with an exception": ("raise ValueError('of its own')", 1),
    "after a close": ("memory.close()", 0),
    "while queries are embedded": (
        "def ask():\n"
        "    while True:\n"
        "        memory._engine._generation.embedder.embed_queries(['a question ' * 100])\n"
        "for _ in range(4): threading.Thread(target=ask, daemon=True).start()\n"
        "time.sleep(0.3)\n"
        "sys.exit(5)",
        5,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_owes_vectors_ends_with_its_own_status(tmp_path: Path, end: str) -> None:
    program, status = ENDS[end]
    ended = run(OWING + program, tmp_path)
    assert (ended.returncode, ended.stdout) == (status, "said before the end"), ended.stderr
    read = run(READ, tmp_path)
    assert (read.returncode, read.stdout) == (0, "400\n"), read.stderr
    with Memory(folder=tmp_path) as memory, memory._engine.reading() as store:
        assert len(store.unembedded_ids(0, 1000)) < 400, "short processes make progress"


READ = """
import sys
from toldonce import Memory
with Memory(folder=sys.argv[1]) as memory:
    print(len(memory.messages(user_id="ann")))
"""

HANGING = """
import sys, time
import numpy as np
from toldonce import Memory
class Hanging:
    dimensions, fingerprint = 8, "hanging/1"
    def embed_documents(self, texts):
        print("asked", flush=True)
        time.sleep(1000)
    embed_queries = embed_documents
memory = Memory(folder=sys.argv[1], embedder=Hanging())
memory.add("I like tea.", user_id="ann")
import asyncio
from toldonce import AsyncMemory
async def ask():
    other = AsyncMemory(folder=sys.argv[1])
    try:
        await asyncio.wait_for(other.search("tea", filters={"user_id": "ann"}), 0.5)
    except TimeoutError:
        print("gave up")
asyncio.run(ask())
sys.exit(4)
"""


def test_an_embedder_that_hangs_keeps_no_process(tmp_path: Path) -> None:
    ended = run(HANGING, tmp_path)
    assert ended.returncode == 4, ended.stderr
    assert "asked" in ended.stdout
    assert "gave up" in ended.stdout


def held(folder: Path) -> tuple[list[str], set[threading.Thread]]:
    """Files of a folder that this process has open, and the project's threads."""
    gc.collect()
    files = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # another thread closed it meanwhile
            files.append(os.readlink(entry))
    ours = {thread for thread in threading.enumerate() if thread.name.startswith("toldonce")}
    return [file for file in files if file.startswith(str(folder))], ours


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@of_folders
def test_a_memory_that_is_dropped_holds_nothing(tmp_path: Path) -> None:
    _, before = held(tmp_path)
    memories = [Memory(folder=tmp_path / str(number)) for number in range(5)]
    for memory in memories:
        memory.add("I like kites.", user_id="ann")
        memory.search("kites", filters=ANN)
    files, threads = held(tmp_path)
    assert len(files) >= 15
    assert len(threads - before) >= 15
    del memory
    memories.clear()
    until(lambda: held(tmp_path) == ([], held(tmp_path)[1] & before))
    with Memory(folder=tmp_path / "0") as memory:
        assert memory.search("kites", filters=ANN)["results"]


def test_one_that_is_dropped_takes_nothing_from_another_of_its_folder(tmp_path: Path) -> None:
    kept = Memory(folder=tmp_path)
    dropped = weakref.ref(Memory(folder=tmp_path))
    until(lambda: gc.collect() >= 0 and dropped() is None)
    kept.add("I like kites.", user_id="ann")
    kept.close()
    kept.close()


def test_a_child_that_drops_its_parent_s_memory_closes_nothing(tmp_path: Path) -> None:
    memory = Memory(folder=tmp_path)
    memory.add("I like tea.", user_id="ann")
    child = os.fork()
    if child == 0:
        try:
            memory.close()
            with Memory(folder=tmp_path / "own") as own:
                own.add("I like coffee.", user_id="ann")
        except BaseException:
            os._exit(1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    memory.add("I like milk.", user_id="ann")
    assert memory.search("milk", filters=ANN)["results"]
    memory.close()


@of_folders
def test_a_child_s_own_memory_is_let_go_after_its_parent_s_was_closed(tmp_path: Path) -> None:
    memory = Memory(folder=tmp_path)
    child = os.fork()
    if child == 0:
        try:
            own = Memory(folder=tmp_path / "own")
            memory.close()
            del own
            until(lambda: not [file for file in held(tmp_path / "own")[0] if file])
        except BaseException:
            os._exit(1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    memory.close()
