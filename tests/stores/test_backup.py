"""A store in one file, and back: what a store in a folder promises of its backups."""

from __future__ import annotations

import json
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tests.stores.conftest import Sqlite
from tests.stores.filling import Open, delete, embed, fill, records
from toldonce.errors import CorruptStore, InvalidBackup
from toldonce.stores.backup import MANIFEST
from toldonce.stores.opening import open_store as open_at
from toldonce.stores.opening import restore_store
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import ApiKey, Call, Delivery, Export, Feedback, Member, Project, Webhook
from toldonce.types import ErasedKind
from toldonce.uids import new_uid


@pytest.fixture
def home(tmp_path: Path) -> Sqlite:
    return Sqlite(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copy.zip"


def test_a_restored_store_is_the_same(store: Store, file: Path, tmp_path: Path) -> None:
    _, ids = fill(store, "tea", "coffee")
    embed(store)
    store.write_now(lambda tx: delete(tx, ids[0]))
    secret = store.secret("keys")
    manifest = store.back_up(file, None)
    assert (manifest.rows["memory"], manifest.rows["message"], manifest.project) == (2, 2, None)
    assert file.stat().st_mode & 0o077 == 0
    fill(store, "milk")  # not in the copy
    place = tmp_path / "there" / "restored"
    assert restore_store(file, place) == manifest
    other = open_at(place)
    assert {record.text for record in records(other, ids).values()} == {"coffee"}
    assert (other.secret("keys"), other.secret("digests")) == (secret, store.secret("digests"))
    with store.read() as before, other.read() as after:
        assert after.history(ids[0]) == before.history(ids[0])
        uid = after.records(ids)[ids[1]].id
        assert after.locate("p", uid) == before.locate("p", uid) == ids[1]
    fill(other, "milk")
    other.close()
    assert list(place.parent.iterdir()) == [place]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".copy")] == []


def test_a_copy_is_of_one_moment_while_others_write(open_store: Open, file: Path, tmp_path: Path) -> None:
    store, other = open_store(), open_store()
    fill(store, "tea")
    with other.read() as view:
        view.setting("anything")
        assert store.back_up(file, None).rows["memory"] == 1
    restore_store(file, tmp_path / "restored")


def test_a_backup_has_no_words_that_were_deleted_from_the_store(store: Store, file: Path) -> None:
    _, _ = fill(store, *(f"the secret of Ann, number {n}" for n in range(50)))
    fill(store, "tea", user="bob")
    number = store.write_now(lambda tx: tx.erasing.order("e", "p", "user", "ann", True, 1))
    store.write_now(lambda tx: tx.erasing.carry_out(number, 2))
    store.back_up(file, None)
    with zipfile.ZipFile(file) as archive:
        assert not any(b"the secret of Ann" in archive.read(name) for name in archive.namelist())


def test_one_project_is_copied_with_its_keys_and_without_the_others(store: Store, file: Path, tmp_path: Path) -> None:
    _, mine = fill(store, "tea", project="p")
    _, others = fill(store, "the coffee of others", project="q")
    embed(store)
    for project in ("p", "q"):
        store.write_now(lambda tx, p=project: tx.serving.add_project(Project(p, "home", f"named {p}", None, {}, 1, 1)))  # type: ignore[misc]
        key = ApiKey(f"k{project}", project, "a key", b"digest", ("read",), 1, None)
        store.write_now(lambda tx, k=key: tx.serving.add_key(k))  # type: ignore[misc]
    manifest = store.back_up(file, "p")
    assert (manifest.project, manifest.rows["memory"], manifest.rows["project"]) == ("p", 1, 1)
    assert manifest.rows["vector"] == manifest.rows["operation"] == manifest.rows["change"] == 1
    restore_store(file, tmp_path / "restored")
    restored = open_at(tmp_path / "restored")
    assert set(records(restored, [*mine, *others])) == set(mine)
    with restored.read() as view:
        assert [key.id for key in view.serving.keys(None)] == ["kp"]
    restored.close()
    with zipfile.ZipFile(file) as archive:
        assert not any(b"the coffee of others" in archive.read(name) for name in archive.namelist())
    assert set(records(store, others)) == set(others)


def test_of_two_projects_that_hold_the_same_one_has_half_of_every_table(store: Store, tmp_path: Path) -> None:
    def use(tx: Write, project: str, gone: int) -> None:
        tx.delete(project, [*tx.for_update([gone]).values()], 9)
        serving = tx.serving
        serving.add_project(Project(project, "home", f"named {project}", None, {}, 1, 1))
        serving.keep_member(project, Member("rosa@example.com", "READER", 1))
        serving.add_key(ApiKey(f"key {project}", project, "a key", b"digest", ("read",), 1, None))
        serving.add_webhook(Webhook(f"hook {project}", project, "", "https://w.test/", ("ADD",), "secret", 1, 1, 0), 9)
        serving.log_delivery(Delivery(f"hook {project}", "message", "memory_add", "m", 1, 200, None, None, 1))
        serving.add_export(Export(f"export {project}", project, {}, {}, 1))
        serving.keep_feedback(project, "m", Feedback("POSITIVE", None), 1)
        serving.keep_call(Call(f"call {project}", project, "ADD", [], {}, 1, 1, None, None))
        tx.jobs.add("any", {}, 1, share=project)
        tx.erasing.carry_out(tx.erasing.order(f"erasure {project}", project, "user", "eve", True, 1), 2)

    ids = {project: fill(store, "tea", "coffee", project=project)[1] for project in ("p", "q")}
    embed(store)
    for project, [_, gone] in ids.items():
        fill(store, "waits for its vector", user="bob", project=project)
        store.write_now(partial(use, project=project, gone=gone))
    whole, one = (store.back_up(tmp_path / name, project).rows for name, project in (("whole", None), ("one", "p")))
    of_all = {"setting", "feed_reader", "sqlite_sequence"}
    assert {table: 2 * rows for table, rows in one.items() if table not in of_all} == {
        table: rows for table, rows in whole.items() if table not in of_all
    }
    used = {table for table, rows in whole.items() if rows} - of_all
    assert set(whole) - used <= {*of_all, "erased_words", "rebuilt_owner", "rebuilt_token", "rebuilt_vector"}


def erase(tx: Write, project: str, kind: ErasedKind, entity: str) -> None:
    tx.erasing.carry_out(tx.erasing.order(new_uid(1), project, kind, entity, False, 1), 2)


def test_one_project_takes_along_no_digests_of_what_was_erased_from_others(store: Store, tmp_path: Path) -> None:
    for project, words in (("p", ("tea", "milk")), ("q", ("tea", "coffee", "water"))):
        fill(store, *words, user="eve", project=project)
        _, [one, _] = fill(store, "rice", "bread", user="bob", project=project)
        with store.read() as view:
            uid = view.records([one])[one].id
        store.write_now(partial(erase, project=project, kind="user", entity="eve"))
        store.write_now(partial(erase, project=project, kind="memory", entity=uid))
    rows = {project: store.back_up(tmp_path / f"{project}.zip", project).rows for project in ("p", "q")}
    assert store.back_up(tmp_path / "whole.zip", None).rows["erased_words"] == 7
    assert [rows[project]["erased_words"] for project in ("p", "q")] == [3, 4]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused_and_leaves_nothing(
    store: Store, file: Path, tmp_path: Path, part: float
) -> None:
    fill(store, "tea", "coffee")
    store.back_up(file, None)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(InvalidBackup, match="cut off"):
        restore_store(file, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()
    file.write_bytes(whole)
    restore_store(file, tmp_path / "restored")


def changed(file: Path, name: str, content: bytes | None, *, added: str | None = None) -> None:
    """The archive with another content of one of its files, or without it, and perhaps with one more."""
    with zipfile.ZipFile(file) as archive:
        held = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for entry, kept in held.items():
            if entry != name or content is not None:
                archive.writestr(entry, content if entry == name and content is not None else kept)
        if added is not None:
            archive.writestr(added, b"")


def manifest_of(file: Path) -> dict[str, object]:
    with zipfile.ZipFile(file) as archive:
        found: dict[str, object] = json.loads(archive.read(MANIFEST))
    return found


def test_what_is_not_a_sound_backup_is_refused(store: Store, file: Path, tmp_path: Path) -> None:
    fill(store, "tea")
    store.back_up(file, None)
    sound = file.read_bytes()
    manifest = manifest_of(file)

    def refused(match: str, error: type[Exception] = InvalidBackup) -> None:
        with pytest.raises(error, match=match):
            restore_store(file, tmp_path / "restored")
        assert not (tmp_path / "restored").exists()
        file.write_bytes(sound)

    with zipfile.ZipFile(file) as archive:
        database = archive.read("toldonce.db")
    changed(file, "toldonce.db", database[:-1] + b"x")
    refused("not what was backed up")
    changed(file, "digests.secret", None)
    refused("does not hold the files")
    changed(file, "", None, added="../evil.secret")
    refused("does not hold the files")
    changed(file, MANIFEST, b"{}")
    refused("cannot be read")
    changed(file, MANIFEST, json.dumps({**manifest, "format": 9}).encode())
    refused("newer Toldonce")
    rows = {**dict(manifest["rows"]), "memory": 7}  # type: ignore[call-overload]
    changed(file, MANIFEST, json.dumps({**manifest, "rows": rows}).encode())
    refused("other rows")
    changed(file, MANIFEST, json.dumps({**manifest, "sha256": {"../x.secret": ""}}).encode())
    refused("does not hold the files")
    file.unlink()
    refused("cannot be read")
    restore_store(file, tmp_path / "restored")
    with pytest.raises(InvalidBackup, match="not empty"):
        restore_store(file, tmp_path / "restored")


def test_a_damaged_store_is_not_backed_up(store: Store, file: Path, tmp_path: Path) -> None:
    fill(store, *(f"some words, number {n}" for n in range(300)))
    store.close()
    path = tmp_path / "toldonce.db"
    content = bytearray(path.read_bytes())
    last = len(content) - 4096  # not a page that opening the file needs
    content[last:] = b"\xff" * 4096
    path.write_bytes(content)
    damaged = open_at(tmp_path)
    with pytest.raises(CorruptStore):
        damaged.back_up(file, None)
    damaged.close()
    assert not file.exists()


def test_a_backup_needs_a_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidBackup, match="is no folder"):
        store.back_up(tmp_path / "nowhere" / "copy.zip", None)
