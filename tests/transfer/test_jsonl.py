"""Out to a file and in again: nothing is lost, nothing differs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidExport
from toldonce.transfer.jsonl import begin, export, export_file, load
from toldonce.transfer.loading import Tally

ANN: dict[str, Any] = {"user_id": "ann"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """Everything that a store can hold."""
    with Memory(folder=tmp_path / "one") as opened:
        talk = [
            {"role": "user", "content": "I moved to Oslo.", "name": "Ann", "id": "m1"},
            {"role": "assistant", "content": "Do you like it there?"},
            {"role": "user", "content": "Yes, very much."},
        ]
        opened.add(talk, **ANN, run_id="r1", agent_id="a", timestamp="2026-03-01T09:30:00+00:00")
        opened.add(
            "I moved to Oslo.", **ANN, run_id="r2", agent_id="a", metadata={"city": "Oslo", "n": [1, {"ü": None}]}
        )
        again = {"role": "user", "content": "I moved to Oslo.", "name": "Ann"}
        opened.add(again, **ANN, run_id="r3", agent_id="a", timestamp="2026-05-01T09:30:00+00:00")
        opened.add("The code is 42.", agent_id="a", app_id="x", expiration_date="2027-01-01", infer=False)
        opened.add("Hello 👋 — “quoted”\nand more", user_id="bøb")
        (edited, deleted, *_) = opened.get_all(filters=ANN)["results"]
        opened.update(edited["id"], "I moved to Bergen.", metadata={"edited": True})
        opened.delete(deleted["id"])
        yield opened


def exported(memory: Memory, *, vectors: bool = False) -> str:
    target = io.StringIO()
    export(memory._engine, PROJECT, target, vectors=vectors, done=lambda count: None)
    return target.getvalue()


def loaded(memory: Memory, text: str) -> Tally:
    return load(memory._engine, PROJECT, begin(io.StringIO(text)), done=lambda count: None)


@pytest.mark.parametrize("vectors", [False, True])
def test_nothing_differs_when_it_is_exported_again(memory: Memory, tmp_path: Path, vectors: bool) -> None:
    text = exported(memory, vectors=vectors)
    with Memory(folder=tmp_path / "other") as other:
        tally = loaded(other, text)
        assert exported(other, vectors=vectors) == text
        kinds = [json.loads(line)["kind"] for line in text.splitlines()]
        assert (tally.memories, tally.messages) == (kinds.count("memory"), kinds.count("message"))
        assert (tally.memories, tally.there) == (6, 0)


def test_what_was_imported_is_remembered_as_before(memory: Memory, tmp_path: Path) -> None:
    with Memory(folder=tmp_path / "other") as other:
        loaded(other, exported(memory))
        for filters in (
            ANN,
            {"agent_id": "a"},
            {"run_id": "r1"},
            {"run_id": "r3"},
            {"user_id": "bøb"},
            {"app_id": "x"},
        ):
            before = memory.get_all(filters=filters)["results"]
            assert other.get_all(filters=filters)["results"] == before
            for row in before:
                assert other.history(row["id"]) == memory.history(row["id"])
        assert other.messages(**ANN) == memory.messages(**ANN)
        query = "Where did she move to in May?"
        found, before = (m.search(query, filters=ANN, explain=True)["results"] for m in (other, memory))
        assert [(row["id"], row["sources"]) for row in found] == [(row["id"], row["sources"]) for row in before]
        assert [row["score"] for row in found] == pytest.approx([row["score"] for row in before], abs=1e-3)


def test_an_import_can_be_repeated_and_goes_on_where_it_broke_off(memory: Memory, tmp_path: Path) -> None:
    lines = exported(memory).splitlines(keepends=True)
    with Memory(folder=tmp_path / "other") as other:
        for end in range(2, len(lines), 3):
            with pytest.raises(InvalidExport, match="cut off"):
                loaded(other, "".join(lines[:end]))
        loaded(other, "".join(lines))
        assert exported(other) == "".join(lines)
        tally = loaded(other, "".join(lines))
        assert (tally.memories, tally.messages, tally.there) == (0, 0, 6)


def test_talk_goes_on_after_an_import(memory: Memory, tmp_path: Path) -> None:
    with Memory(folder=tmp_path / "other") as other:
        loaded(other, exported(memory))
        talk = [{"role": "user", "content": "I moved to Oslo.", "name": "Ann", "id": "m1"}]
        assert [one["event"] for one in other.add(talk, **ANN, run_id="r1")["results"]] == ["NONE"]  # old news
        assert other.add("I also have a dog.", **ANN, run_id="r1")["results"]


def test_importing_beside_what_is_there(memory: Memory, tmp_path: Path) -> None:
    with Memory(folder=tmp_path / "other") as other:
        other.add("I like tea.", user_id="carol")
        loaded(other, exported(memory))
        assert len(other.get_all(filters={"user_id": "carol"})["results"]) == 1
    with Memory(folder=tmp_path / "clashing") as clashing:
        clashing.add("Something else altogether.", **ANN, run_id="r1")
        with pytest.raises(InvalidExport, match="another folder"):
            loaded(clashing, exported(memory))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Line 1 is no header"),
        ("no json\n", "Line 1 cannot be read"),
        ("[]\n", "Line 1 cannot be read"),
        ('{"kind":"owner","entity":"user","id":"ann"}\n', "no header"),
        ('{"kind":"toldonce","format":9}\n', "Line 1: its format is 9"),
        ('{"kind":"toldonce","format":1}\n{"kind":"memory"}\n', "Line 2 lacks 'versions'"),
        ('{"kind":"toldonce","format":1}\n{"kind":"dream"}\n', "Line 2: 'dream' is no kind"),
        ('{"kind":"toldonce","format":1}\n{"kind":"owner","entity":"dog","id":"d"}\n', "Line 2: 'dog'"),
        ('{"kind":"toldonce","format":1}\n{"kind":"thread","key":"","next":1}\n', "before the first owner"),
    ],
)
def test_files_that_are_no_export(memory: Memory, text: str, says: str) -> None:
    with pytest.raises(InvalidExport, match=says):
        loaded(memory, text)


def test_a_file_that_was_cut_off_is_told_wherever_the_cut_is(memory: Memory, tmp_path: Path) -> None:
    whole = exported(memory)
    lines = whole.splitlines(keepends=True)
    everything = whole.count('"kind":"memory"')
    assert everything > 1
    for kept in range(1, len(lines)):
        with Memory(folder=tmp_path / f"cut-{kept}") as other:
            with pytest.raises(InvalidExport, match="cut off"):
                loaded(other, "".join(lines[:kept]))
            held = "".join(lines[:kept]).count('"kind":"memory"')
            tally = loaded(other, whole)
            assert (tally.there, tally.memories) == (held, everything - held)
            assert exported(other) == whole


def test_a_file_that_lacks_a_line_or_goes_on_is_told(memory: Memory, tmp_path: Path) -> None:
    lines = exported(memory).splitlines(keepends=True)
    gone = next(place for place, line in reversed([*enumerate(lines)]) if '"kind":"memory"' in line)
    with Memory(folder=tmp_path / "lacking") as other, pytest.raises(InvalidExport, match="lacks lines"):
        loaded(other, "".join(lines[:gone] + lines[gone + 1 :]))
    with Memory(folder=tmp_path / "twice") as other, pytest.raises(InvalidExport, match="more after the end"):
        loaded(other, "".join(lines * 2))


def test_half_an_emoji_in_a_file_is_repaired(memory: Memory, tmp_path: Path) -> None:
    text = exported(memory)
    assert "The code is 42." in text
    with Memory(folder=tmp_path / "repaired") as other:
        loaded(other, text.replace("The code is 42.", "The code is \\ud83d."))
        assert "The code is \N{REPLACEMENT CHARACTER}." in exported(other)


def test_a_line_nested_without_end_is_named(memory: Memory) -> None:
    with pytest.raises(InvalidExport, match="Line 2"):
        loaded(memory, '{"kind":"toldonce","format":1}\n{"kind":' + "[" * 100_000 + "\n")


def test_times_without_a_zone_are_refused(memory: Memory) -> None:
    text = exported(memory).replace("+00:00", "")
    with pytest.raises(InvalidExport, match="no time zone"):
        loaded(memory, text)


def test_a_file_is_there_whole_or_not_at_all(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text("what was there before")

    def full(count: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(InvalidExport, match="No space left"):
        export_file(memory._engine, PROJECT, path, done=full)
    assert path.read_text() == "what was there before"
    export_file(memory._engine, PROJECT, path, done=lambda count: None)
    assert path.read_text(encoding="utf-8") == exported(memory)
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["all.jsonl"]


@pytest.mark.parametrize("details", [{}, {"metadata": {"x": 1}}, {"expiration_date": "2999-01-01"}])
def test_a_talk_that_was_imported_is_known_when_it_is_told_again(tmp_path: Path, details: dict[str, Any]) -> None:
    lines = (
        "ok",
        "I moved to Oslo.",
        "thanks",
        "I keep bees.",
        "...",
        "I have a dog.",
        "Bye!",
    )  # not each makes a memory
    talk = [{"role": "user", "content": text} for text in lines]
    with Memory(folder=tmp_path / "first") as first, Memory(folder=tmp_path / "second") as second:
        first.add(talk, **ANN, **details)
        loaded(second, exported(first))
        for memory in (first, second):
            again = memory.add(talk, **ANN, **details)["results"]
            assert [one["event"] for one in again] == ["NONE"] * 3
            assert len(memory.messages(**ANN)) == len(lines)
