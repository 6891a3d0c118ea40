"""``toldonce doctor`` names what is damaged, sets it aside, and says by its status how it went."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.stores.damaging import Cell, damage_bytes, damage_cell, fill
from toldonce import Memory
from toldonce.takeover import DATABASE
from toldonce.testing import WordEmbedder

from .command import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "data")
    return tmp_path / "data"


def damage(folder: Path, table: str, column: str, value: str) -> None:
    damage_cell(folder, Cell(table, column), value, random.Random(7))


def test_a_whole_folder_is_said_to_be_whole(folder: Path, tmp_path: Path) -> None:
    done = run("doctor", folder, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Nothing is damaged.\n")
    assert json.loads(run("doctor", folder, "--json", home=tmp_path).stdout) == {"findings": [], "kept_in": None}
    assert not list(folder.glob("damaged-*"))


def test_a_damaged_memory_is_named_set_aside_and_kept_in_a_file(folder: Path, tmp_path: Path) -> None:
    damage(folder, "memory", "metadata", "half of JSON")
    named = run("doctor", folder, "--check", home=tmp_path)
    assert named.returncode == 1
    assert named.stdout.startswith("memory ")
    assert "metadata" in named.stdout
    assert "would be set aside" in named.stdout
    assert not list(folder.glob("damaged-*")), "it only looked"
    done = run("doctor", folder, "--json", home=tmp_path)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    ((action, table, memory),) = {(one["action"], one["table"], one["memory"]) for one in found["findings"]}
    assert (action, table) == ("set aside", "memory")
    assert json.loads(Path(found["kept_in"]).read_text().splitlines()[0])["row"]["metadata"] == "{"
    with Memory(folder=folder, embedder=WordEmbedder()) as whole:
        left = {row["id"] for user in ("ann", "bob") for row in whole.get_all(filters={"user_id": user})["results"]}
    assert memory not in left
    assert left
    assert run("doctor", folder, home=tmp_path).returncode == 0


def test_a_damaged_vector_is_made_anew_and_the_memory_stays(folder: Path, tmp_path: Path) -> None:
    damage(folder, "vector", "embedding", "three bytes")
    done = run("doctor", folder, home=tmp_path)
    assert done.returncode == 1
    assert "made anew" in done.stdout
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        assert memory.search("Who keeps bees?", filters={"user_id": "ann"})["results"]
        memory._engine._vectoriser.embed_all().result()
        with memory._engine.reading() as store:
            assert store.unembedded(None, 10) == []


def test_what_nothing_can_be_done_about_is_said(folder: Path, tmp_path: Path) -> None:
    damage(folder, "owner", "entity_id", "no UTF-8")
    done = run("doctor", folder, home=tmp_path)
    assert done.returncode == 3
    assert "cannot be repaired" in done.stdout
    assert "backup" in done.stderr


def test_damaged_pages_are_told(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    for _ in range(400):
        damage_bytes(folder, chance)
    done = run("doctor", folder, home=tmp_path)
    assert done.returncode in (2, 3)
    assert "backup" in done.stderr


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    done = run("doctor", tmp_path / "nothing", home=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / DATABASE).write_bytes(b"no database" * 100)
    assert run("doctor", tmp_path / "other", home=tmp_path).returncode == 2
