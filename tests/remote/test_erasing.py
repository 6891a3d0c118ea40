"""Erasing reaches what waits for a Mem0 host, and what its outbox keeps of what was sent."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from tests.cli.test_outbox import opened as outbox_of
from tests.cli.test_outbox import put
from tests.server.running import serving
from toldonce import AsyncMemory, Memory
from toldonce.engine.requests import PROJECT
from toldonce.remote.erasing import withdraw
from toldonce.times import now


def stands(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file = outbox_of(tmp_path)
    put(file, "I keep axolotls.", "I keep newts.")
    file.close()
    assert stands(tmp_path, "axolotls")
    return tmp_path


def test_the_library_takes_back_what_waits(folder: Path) -> None:
    with Memory(folder=folder) as memory:
        assert "waiting_for_a_host" not in memory.erase(user_id="bob")["erased"]
        assert stands(folder, "axolotls"), "it is ann's"
        assert memory.erase(user_id="ann")["erased"]["waiting_for_a_host"] == 2
    assert not stands(folder, "axolotls")


async def test_so_does_the_asynchronous_one(folder: Path) -> None:
    async with AsyncMemory(folder=folder) as memory:
        assert (await memory.erase(user_id="ann"))["erased"]["waiting_for_a_host"] == 2
    assert not stands(folder, "newts")


def test_so_does_the_server_for_the_project_of_the_library(folder: Path) -> None:
    with serving(folder) as running:
        other = running.client("support").delete("/v1/erase/?user_id=ann").json
        assert "waiting_for_a_host" not in other["erased"]
        assert stands(folder, "axolotls"), "another project's ann is somebody else"
        told = running.client(PROJECT).delete("/v1/erase/?user_id=ann").json
        assert told["erased"]["waiting_for_a_host"] == 2
    assert not stands(folder, "axolotls")


def test_nothing_stays_of_entries_of_any_length_that_were_sent(tmp_path: Path) -> None:
    """Rows that fill pages and rows that spill: a page that is rebuilt next to a full one keeps copies."""
    file = outbox_of(tmp_path)
    put(file, *(f"secret number {n} " + "of the vault " * (n % 50) ** 2 for n in range(120)))
    for entry in file.waiting():
        if entry.id % 3:
            file.acknowledged(entry, now())
    kept = len(file.waiting())
    assert stands(tmp_path, "secret number 7 "), "it stands in the log"
    assert withdraw(tmp_path, {"user_id": "nobody"}, 5) == 0
    assert not [n for n in range(120) if (n + 1) % 3 and stands(tmp_path, f"secret number {n} ")]
    assert len(file.waiting()) == kept > 0
    put(file, "what is said later")
    assert len(file.waiting()) == kept + 1
    file.close()


def test_who_reads_an_outbox_is_waited_for_and_said_to_be_in_the_way(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [path] = (folder / "outbox").glob("*.db")
    reader = apsw.Connection(str(path))
    reader.execute("BEGIN; SELECT count(*) FROM entry").fetchall()
    assert withdraw(folder, {"user_id": "ann"}, 0.0) == 2
    assert "somebody is reading" in caplog.text
    ends = threading.Timer(0.2, lambda: reader.execute("COMMIT"))
    ends.start()
    caplog.clear()
    assert withdraw(folder, {"user_id": "ann"}, 20.0) == 0
    ends.join()
    reader.close()
    assert not caplog.text
    assert not stands(folder, "axolotls")
