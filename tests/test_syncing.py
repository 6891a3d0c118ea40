"""What is written beside the database is on the disk, whole, before it takes its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.stores.filling import fill
from toldonce import Memory
from toldonce.engine.requests import PROJECT
from toldonce.stores.damaged_file import forget, line_of, new_damaged_file
from toldonce.stores.opening import open_store, restore_store
from toldonce.stores.sqlite.scrub import scrub
from toldonce.takeover import DATABASE
from toldonce.testing import WordEmbedder
from toldonce.transfer.jsonl import export_file

Files = Iterable[Path]


def make_a_secret(folder: Path) -> Files:
    with closing(open_store(folder)) as store:
        store.secret("test")
    return [folder / "test.secret"]


def back_up(folder: Path) -> Files:
    with closing(open_store(folder)) as store:
        fill(store, "tea")
        store.back_up(folder / "copy.zip", None)
    return [folder / "copy.zip"]


def restore(folder: Path) -> Files:
    [archive] = back_up(folder)
    restore_store(archive, folder / "restored")
    return [path for path in (folder / "restored").iterdir() if path.name == DATABASE or path.suffix == ".secret"]


def export(folder: Path) -> Files:
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        memory.add("I keep bees.", user_id="ann")
        export_file(memory._engine, PROJECT, folder / "all.jsonl", done=lambda count: None)
    return [folder / "all.jsonl"]


def set_aside(folder: Path) -> Files:
    with closing(open_store(folder)) as store:
        fill(store, "tea")
    with closing(apsw.Connection(str(folder / DATABASE))) as connection:
        connection.execute("UPDATE memory SET metadata = '['")
    with closing(open_store(folder)) as store:
        kept = store.examine(set_aside=True).kept_in
    assert kept is not None
    return [kept]


def erase_from_what_was_set_aside(folder: Path) -> Files:
    path = new_damaged_file(folder)
    lines = [line_of("memory", "odd", {}, {"project": "p", "ids": [f"user:{user}"]}) for user in ("ann", "bob")]
    path.write_bytes(b"".join(lines))
    os.link(path, folder / "overwritten")
    forget(folder, "p", "user", "ann")
    assert path.read_bytes() == lines[1]
    assert not any((folder / "overwritten").read_bytes())
    return [path, folder / "overwritten"]


@pytest.mark.parametrize("write", [make_a_secret, back_up, restore, export, set_aside, erase_from_what_was_set_aside])
def test_a_file_is_synced_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], Files]
) -> None:
    synced: dict[int, int] = {}
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced[status.st_ino] = status.st_size
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    files = list(write(tmp_path))
    written = [path.stat() for path in files]
    assert written
    assert [synced.get(status.st_ino) for status in written] == [status.st_size for status in written]
    assert all(folder.stat().st_ino in synced for folder in {path.parent for path in files}), "and so is its name"


def test_what_is_overwritten_of_a_database_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    class Watched(apsw.VFSFile):
        def xSync(self, flags: int) -> None:
            synced.append(flags)
            super().xSync(flags)

    connection = apsw.Connection(str(tmp_path / "database"))
    connection.execute("PRAGMA secure_delete=OFF").fetchall()
    connection.execute("CREATE TABLE said (words)")
    connection.execute("INSERT INTO said VALUES (?)", ("the secret of the tea",))
    connection.execute("DELETE FROM said")
    connection.close()
    monkeypatch.setattr(apsw, "VFSFile", Watched)
    assert scrub(tmp_path / "database")
    assert synced == [apsw.SQLITE_SYNC_FULL]
    assert not scrub(tmp_path / "database")
    assert len(synced) == 1, "nothing was left to overwrite"
