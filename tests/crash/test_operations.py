"""Killed at any moment of a migration, a rebuild, an import or a reset, a folder opens, and the same call goes on.

``make crash`` runs many rounds of each; a plain test run takes a short, seeded slice.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.stores.old import write_old_folder
from toldonce import Memory
from toldonce.embedders import Embedder
from toldonce.engine.requests import PROJECT
from toldonce.stores.sqlite.named import migrations
from toldonce.takeover import EARLIER_NAME, database_file
from toldonce.testing import WordEmbedder
from toldonce.transfer.jsonl import export_file

ROUNDS = max(2, int(os.environ.get("TOLDONCE_CRASH_ROUNDS", "6")) // 3)

FACTS = 150

BEGIN = """
import sys
from pathlib import Path
from toldonce import Memory
from toldonce.testing import WordEmbedder
folder = Path(sys.argv[1])
"""
MIGRATE = """
import toldonce.stores.sqlite.connection
from toldonce.stores.sqlite import SqliteStore
print("begun", flush=True)
SqliteStore(folder).close()
"""
REBUILD = """
from toldonce.embedders.spec import parse_spec
from toldonce.engine.rebuild import rebuild
print("begun", flush=True)
rebuild(folder, parse_spec("toldonce"))
"""
IMPORT = """
from toldonce.transfer.jsonl import begin, load
with Memory(folder=folder, embedder=WordEmbedder()) as memory, open(folder.parent / "export.jsonl") as source:
    print("begun", flush=True)
    load(memory._engine, "default", begin(source), done=lambda count: None)
"""
RESET = """
with Memory(folder=folder, embedder=WordEmbedder()) as memory:
    print("begun", flush=True)
    memory.reset()
"""


def killed(program: str, folder: Path, after: float | None) -> float:
    """Run a program on a folder and kill it so many seconds after it has begun; None: never. How long it ran."""
    child = subprocess.Popen([sys.executable, "-c", BEGIN + program, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    began = time.monotonic()
    if after is not None:
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
    child.communicate()
    assert after is not None or child.returncode == 0
    return time.monotonic() - began


def said(folder: Path, embedder: Embedder | None = None) -> list[str]:
    """What a folder holds, in the order of the journal; each thing said is one memory."""
    with Memory(folder=folder, embedder=embedder) as memory:
        journal = [message["content"] for message in memory.messages(user_id="ann")]
        memories = [row["memory"] for row in memory.get_all(filters={"user_id": "ann"}, top_k=10_000)["results"]]
        assert sorted(memories) == sorted(journal)
        memory._engine._vectoriser.embed_all().result()
        with memory._engine.store.read() as store:
            assert store.unembedded(None, 10) == []
    return journal


def whole(folder: Path) -> None:
    """SQLite finds nothing wrong with the file."""
    connection = apsw.Connection(str(database_file(folder)))
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    connection.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "data"
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        memory.add(
            [{"role": "user", "content": f"Fact {n} is kept."} for n in range(FACTS)], user_id="ann", infer=False
        )
        export_file(memory._engine, PROJECT, folder.parent / "export.jsonl", done=lambda count: None)
    return folder


def kill_often(
    tmp_path: Path, program: str, make: Callable[[Path], object], check: Callable[[Path, bool], None]
) -> None:
    """Kill a program at random moments. ``check`` is told whether it has run to its end since."""
    chance = random.Random(20261128)
    undisturbed = tmp_path / "undisturbed" / "data"
    make(undisturbed)
    seconds = killed(program, undisturbed, None)
    check(undisturbed, True)
    for number in range(ROUNDS):
        folder = tmp_path / str(number) / "data"
        make(folder)
        for _ in range(chance.choice((1, 1, 2))):
            killed(program, folder, chance.uniform(0, seconds))
            check(folder, False)
        killed(program, folder, None)
        check(folder, True)
        whole(folder)
        shutil.rmtree(folder.parent)


def test_a_migration_goes_on_at_the_next_opening(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        write_old_folder(folder, 1)

    def check(folder: Path, done: bool) -> None:
        connection = apsw.Connection(str(folder / f"{EARLIER_NAME}.db"))
        version = connection.pragma("user_version")
        connection.close()
        assert 1 <= version <= migrations()[-1][0]
        assert not done or version == migrations()[-1][0]
        copy = folder.parent / "copy"
        shutil.copytree(folder, copy)
        with Memory(folder=copy) as memory:
            kept = memory.get_all(filters={"user_id": "ann"})["results"]
            assert sorted(row["memory"] for row in kept) == ["I have a cat.", "I like green tea."]
            histories = [[one["event"] for one in memory.history(row["id"])] for row in kept]
            assert sorted(histories) == [["ADD"], ["ADD", "UPDATE"]]
        shutil.rmtree(copy)

    kill_often(tmp_path, MIGRATE, make, check)


def test_a_rebuild_switches_wholly_or_not_at_all(tmp_path: Path, filled: Path) -> None:
    def check(folder: Path, done: bool) -> None:
        connection = apsw.Connection(str(database_file(folder)))
        fingerprint = connection.execute("SELECT value FROM setting WHERE key = 'fingerprint'").get
        lengths = {row[0] for row in connection.execute("SELECT length(embedding) FROM vector").fetchall()}
        connection.close()
        is_switched = not fingerprint.startswith(WordEmbedder().fingerprint)
        assert is_switched or not done
        assert len(lengths) == 1, "vectors of two embedders"
        found = said(folder, None if is_switched else WordEmbedder())
        assert found == [f"Fact {n} is kept." for n in range(FACTS)]

    kill_often(tmp_path, REBUILD, lambda folder: shutil.copytree(filled, folder), check)


def test_an_import_goes_on_and_doubles_nothing(tmp_path: Path, filled: Path) -> None:
    facts = [f"Fact {n} is kept." for n in range(FACTS)]

    def make(folder: Path) -> None:
        folder.parent.mkdir(parents=True)
        shutil.copy(filled.parent / "export.jsonl", folder.parent)

    def check(folder: Path, done: bool) -> None:
        with Memory(folder=folder, embedder=WordEmbedder()) as memory:
            journal = [message["content"] for message in memory.messages(user_id="ann")]
            memories = [row["memory"] for row in memory.get_all(filters={"user_id": "ann"}, top_k=10_000)["results"]]
        assert journal == facts[: len(journal)]
        assert len(memories) == len(set(memories))
        assert set(memories) <= set(journal)
        if done:
            assert said(folder, WordEmbedder()) == facts

    kill_often(tmp_path, IMPORT, make, check)


def test_a_reset_leaves_all_or_nothing(tmp_path: Path, filled: Path) -> None:
    facts = [f"Fact {n} is kept." for n in range(FACTS)]

    def check(folder: Path, done: bool) -> None:
        found = said(folder, WordEmbedder())
        assert found == [] or (found == facts and not done)
        with Memory(folder=folder, embedder=WordEmbedder()) as memory:
            assert memory.add("I live in Oslo.", user_id="bob")["results"][0]["event"] == "ADD"
            memory.delete_all(user_id="bob")

    kill_often(tmp_path, RESET, lambda folder: shutil.copytree(filled, folder), check)
