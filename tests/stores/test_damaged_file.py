"""What is set aside as damaged, and how an erasure takes its part out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stores.damaging import Cell, damage_column
from toldonce import Memory
from toldonce.stores.damaged_file import forget, line_of, new_damaged_file
from toldonce.stores.opening import open_store
from toldonce.testing import WordEmbedder


def lines(folder: Path) -> list[str]:
    return [
        json.loads(line)["row"]["text"] for path in folder.glob("damaged-*") for line in path.read_text().splitlines()
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = {
        "ann's": {"project": "p", "ids": ["user:ann", "agent:bot", "memory:m1"]},
        "bob's": {"project": "p", "ids": ["user:bob", "agent:bot", "run:ann"]},
        "another ann's": {"project": "q", "ids": ["user:ann"]},
        "anybody's": None,
    }
    content = b"".join(line_of("memory", "odd", {"text": text}, whose) for text, whose in rows.items())  # type: ignore[arg-type] # a literal
    new_damaged_file(tmp_path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("project", "kind", "entity", "left"),
    [
        ("p", "user", "ann", ["bob's", "another ann's"]),
        ("p", "run", "ann", ["ann's", "another ann's"]),
        ("p", "agent", "bot", ["another ann's"]),
        ("p", "memory", "m1", ["bob's", "another ann's"]),
        ("p", "user", "nobody", ["ann's", "bob's", "another ann's"]),
        ("q", "project", "q", ["ann's", "bob's"]),
    ],
)
def test_only_what_is_certainly_of_somebody_else_stays(
    folder: Path, project: str, kind: object, entity: str, left: list[str]
) -> None:
    assert len(lines(folder)) == 4
    forget(folder, project, kind, entity)  # type: ignore[arg-type] # a parameter
    assert lines(folder) == left
    [path] = folder.glob("damaged-*")
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_of_an_earlier_version_and_half_lines_may_be_anybodys(tmp_path: Path) -> None:
    path = new_damaged_file(tmp_path)
    path.write_bytes(b'{"table": "memory", "why": "odd", "row": {"text": "who knows"}}\n{"table": "mem')
    forget(tmp_path, "p", "user", "ann")
    assert not path.exists(), "with nothing left in it there is no file"


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("memory", "metadata", "half of JSON"),
        ("message", "said_at", "a letter"),
        ("memory", "user_id", "no UTF-8"),
    ],
)
def test_erasing_a_person_reaches_what_the_doctor_has_set_aside(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    folder = tmp_path / "data"
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        for user in ("ann", "bob"):
            memory.add(f"The quokka of {user} is called Wilma.", user_id=user, metadata={"a": 1})
    damage_column(folder, Cell(table, column), value)
    store = open_store(folder)
    assert store.examine(set_aside=True).kept_in is not None
    store.close()
    kept = "".join(path.read_text() for path in folder.glob("damaged-*"))
    assert "quokka of ann" in kept
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        assert memory.erase(user_id="ann")["status"] == "erased"
    assert [path for path in folder.rglob("*") if path.is_file() and b"quokka of ann" in path.read_bytes()] == []
    left = "".join(path.read_text() for path in folder.glob("damaged-*"))
    assert ("quokka of bob" in left) is (column != "user_id"), "others' rows stay, where they are known for theirs"
