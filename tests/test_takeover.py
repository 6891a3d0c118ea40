"""A folder of the project's earlier name opens, and nothing else bears that name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import apsw
import pytest

from tests.stores.old import write_old_folder
from toldonce import Memory
from toldonce.config import default_folder
from toldonce.takeover import DATABASE, EARLIER_NAME

ROOT = Path(__file__).parents[1]


def test_a_folder_of_the_earlier_name_opens_where_it_lies(tmp_path: Path) -> None:
    earlier = tmp_path / f"{EARLIER_NAME}.db"
    write_old_folder(tmp_path, 3)
    connection = apsw.Connection(str(earlier))
    connection.execute("INSERT INTO setting (key, value) VALUES ('embedder', ?)", (EARLIER_NAME,))
    connection.close()
    for found in (2, 3):  # the second time it was taken over already
        with Memory(folder=tmp_path) as memory:
            assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == found
            memory.add("I am allergic to peanuts.", user_id="ann")
    assert earlier.exists()
    assert not (tmp_path / DATABASE).exists()


def test_the_user_folder_of_the_earlier_name_is_used_while_it_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOLDONCE_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder().name == "toldonce"
    old = default_folder().with_name(EARLIER_NAME)
    old.mkdir(parents=True)
    write_old_folder(old, 3)
    assert default_folder() == old
    with Memory(folder=old.with_name("toldonce")):
        pass
    assert default_folder().name == "toldonce"


def test_nothing_else_bears_the_earlier_name() -> None:
    found = subprocess.run(
        ["git", "grep", "-il", EARLIER_NAME], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert "src/toldonce/takeover.py" in found, "the search itself finds what is there"
    assert {Path(name).name for name in found} <= {"CHANGELOG.md", "takeover.py", "0005_pre_takeover.sql"}
