"""What is particular to the SQLite store: its file, its versions, its errors."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.stores.old import write_old_folder
from toldonce import Memory
from toldonce.errors import CorruptStore, FolderNotUsable, NewerStore, StoreError
from toldonce.stores.protocol import Write
from toldonce.stores.sql.named import named_queries
from toldonce.stores.sql.read import KNOWN, LONGEST_KNOWN
from toldonce.stores.sqlite import SqliteStore
from toldonce.stores.sqlite.connection import connect, require_safe_sqlite
from toldonce.stores.sqlite.named import SQL, migrations
from toldonce.takeover import DATABASE
from toldonce.text.digests import about, words_digest


@pytest.mark.parametrize("version", ["3.40.1", "3.44.5", "3.50.6", "3.51.2"])
def test_sqlite_with_the_wal_reset_bug_is_refused(version: str) -> None:
    with pytest.raises(StoreError, match="pip install -U apsw"):
        require_safe_sqlite(version)


@pytest.mark.parametrize("version", ["3.44.6", "3.50.7", "3.51.3", "3.54.1", "4.0.0"])
def test_fixed_sqlite_is_accepted(version: str) -> None:
    require_safe_sqlite(version)


def test_commits_are_synced_and_the_wal_is_folded_in_at_the_end(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    connection = store._write_connection
    assert connection.pragma("synchronous") == 2  # FULL
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("mmap_size") == 0
    store.write(lambda tx: tx.ensure_owner("p", "user", "ann", 1)).result()
    store.close()
    wal = tmp_path / (DATABASE + "-wal")
    assert not wal.exists() or wal.stat().st_size == 0


def test_connections_have_the_settings_they_were_given(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    for writes in (True, False):
        connection = connect(tmp_path / DATABASE, writes=writes)
        asked = ("synchronous", "fullfsync", "temp_store", "mmap_size", "journal_size_limit", "wal_autocheckpoint")
        found = [connection.pragma(name) for name in asked]
        assert found[:4] == [2, 1, 2, 0]
        assert not writes or found[4:] == [64 << 20, 0]
        assert connection.pragma("query_only") == (not writes)
        connection.close()


def test_a_schema_that_changes_under_an_open_store_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    newer = apsw.Connection(str(tmp_path / DATABASE))
    newer.execute(f"DROP TABLE membership; PRAGMA user_version={migrations()[-1][0] + 1}")
    newer.close()
    with pytest.raises(NewerStore, match="Restart"), store.read() as view:
        view.owners_with("p", "run", ["r1"])
    store.close()


def test_a_newer_schema_that_only_adds_is_noticed_by_who_has_the_folder_open(tmp_path: Path) -> None:
    """Nothing of ours is gone, so no statement fails; but what is written now may lack what the newer one needs."""
    store = SqliteStore(tmp_path)
    store.write_now(_many_owners)
    with store.read() as view:
        assert view.owners("p", None, None)
    newer = apsw.Connection(str(tmp_path / DATABASE))
    newer.execute(f"CREATE TABLE addition (x); PRAGMA user_version={migrations()[-1][0] + 1}")
    newer.close()
    with pytest.raises(NewerStore, match="Restart"), store.read() as view:
        view.owners("p", None, None)
    with pytest.raises(NewerStore, match="Restart"):
        store.write_now(_many_owners)
    store.close()


@pytest.mark.parametrize("leaves", ["no database", "an empty one"])
def test_a_log_without_its_database_is_refused_and_left_alone(tmp_path: Path, leaves: str) -> None:
    store = SqliteStore(tmp_path)
    store.write_now(_many_owners)
    kept = {name: (tmp_path / name).read_bytes() for name in (DATABASE, DATABASE + "-wal")}
    store.close()
    (tmp_path / DATABASE).unlink()
    if leaves == "an empty one":
        (tmp_path / DATABASE).touch()
    log = tmp_path / (DATABASE + "-wal")
    log.write_bytes(kept[log.name])
    with pytest.raises(CorruptStore, match="back beside it"):
        SqliteStore(tmp_path)
    assert log.read_bytes() == kept[log.name]
    assert leaves == "an empty one" or not (tmp_path / DATABASE).exists()
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    store = SqliteStore(tmp_path)
    with store.read() as view:
        assert len(view.owners("p", None, None)) == 400
    store.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_folders_that_were_just_made_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    SqliteStore(tmp_path / "a" / "b").close()
    assert {tmp_path, tmp_path / "a", tmp_path / "a" / "b"} <= set(synced)


def test_what_a_filter_reaches_is_not_kept_when_it_is_everybody(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    asked: list[int] = []

    def many(count: int) -> list[int]:
        asked.append(count)
        return list(range(count))

    for count in (LONGEST_KNOWN, LONGEST_KNOWN + 1):
        for _ in range(2):
            with store.read() as view:
                assert len(view.once(("many", count), partial(many, count))) == count
    assert asked == [LONGEST_KNOWN, LONGEST_KNOWN + 1, LONGEST_KNOWN + 1]
    asked.clear()
    with store.read() as view:
        for number in (0, 0, *range(KNOWN), 0):
            view.once(number, partial(many, number % LONGEST_KNOWN))
    assert asked.count(0) == KNOWN // LONGEST_KNOWN + 1, "the first was let go of when there were enough"
    store.close()


def test_what_was_written_is_folded_in_when_nothing_waits(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    file = tmp_path / DATABASE
    for name in ("ann", "bo"):  # a second time after the first rest
        before = file.stat().st_size
        with ThreadPoolExecutor(1) as another:  # which writes itself
            another.submit(store.write_now, partial(_many_owners, name=name)).result()
        deadline = time.monotonic() + 10
        while file.stat().st_size == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert file.stat().st_size > before
    store.close()


def test_the_folder_is_its_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    SqliteStore(folder).close()
    assert folder.stat().st_mode & 0o077 == 0


def test_digests_are_keyed_with_a_secret_beside_the_database(tmp_path: Path) -> None:
    """A folder of an earlier version, or one that came without its secret, gets new digests and knows what it holds."""

    def digests() -> set[bytes]:
        connection: Any = apsw.Connection(str(tmp_path / DATABASE))
        rows = connection.execute("SELECT digest FROM message UNION SELECT digest FROM memory").fetchall()
        return {row[0] for row in rows}

    talk = [{"role": "user", "content": "My PIN is 4711."}, {"role": "assistant", "content": "I will not tell."}]
    options: dict[str, Any] = {"user_id": "ann", "agent_id": "bot", "metadata": {"b": 1, "a": ["x"]}}
    with Memory(folder=tmp_path) as memory:
        memory.add(talk, **options)
    first = digests()
    details = about("bot", None, {"a": ["x"], "b": 1}, None)
    key = (tmp_path / "digests.secret").read_bytes()
    assert words_digest(key, "user", None, "My PIN is 4711.", *details) in first
    assert words_digest(b"", "user", None, "My PIN is 4711.", *details) not in first
    assert (tmp_path / "digests.secret").stat().st_mode & 0o077 == 0
    (tmp_path / "digests.secret").unlink()
    with Memory(folder=tmp_path) as memory:
        assert digests().isdisjoint(first)
        again = memory.add([*talk, {"role": "user", "content": "And I ski."}], **options)
        assert [one["event"] for one in again["results"]] == ["NONE", "NONE", "ADD"]
        assert memory.add("My PIN is 4711.", **options)["results"][0]["event"] == "NONE", "another saying is counted"


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    store, other = SqliteStore(tmp_path), SqliteStore(tmp_path)
    assert store.has_secret("test") is False
    assert store.secret("test") == other.secret("test")
    assert len(store.secret("test")) == 32
    assert store.secret("test") != store.secret("another")
    assert store.has_secret("test") is True
    for one in (store, other):
        one.close()


def test_one_process_at_a_time_has_a_named_lock(tmp_path: Path) -> None:
    store, other = SqliteStore(tmp_path), SqliteStore(tmp_path)
    with store.exclusively("work"):
        with other.exclusively("other work"):
            pass
        with pytest.raises(StoreError, match=r"^Process \d+ "), other.exclusively("work"):
            pass
    with other.exclusively("work"):
        pass
    for one in (store, other):
        one.close()


def test_a_newer_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / DATABASE))
    connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(NewerStore, match="pip install -U toldonce"):
        SqliteStore(tmp_path)
    connection = apsw.Connection(str(tmp_path / DATABASE))
    assert connection.pragma("user_version") == 999
    connection.close()


@pytest.mark.parametrize("rubbish", [b"this is no database, though it is longer than a header" * 50, b"short"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / DATABASE
    path.write_bytes(rubbish)
    with pytest.raises(CorruptStore, match="backup"):
        SqliteStore(tmp_path)
    assert path.read_bytes() == rubbish


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / DATABASE))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(CorruptStore, match="another program"):
        SqliteStore(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotUsable, match="TOLDONCE_HOME"):
        SqliteStore(tmp_path / "file" / "data")


def test_damage_found_later_is_one_of_our_errors(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.write(_many_owners).result()
    store.close()
    path = tmp_path / DATABASE
    content = bytearray(path.read_bytes())
    content[8192 * 3 :] = b"\xa5" * (len(content) - 8192 * 3)
    path.write_bytes(content)
    with pytest.raises(CorruptStore):
        _read_everything(tmp_path)


def _many_owners(tx: Write, name: str = "user") -> None:
    for n in range(400):
        tx.ensure_owner("p", "user", f"{name} {n}", 1)


def _read_everything(folder: Path) -> None:
    store = SqliteStore(folder)
    try:
        with store.read() as view:
            view.owners("p", None, None)
    finally:
        store.close()


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_older_folder_keeps_what_was_done_in_it(tmp_path: Path, steps: int) -> None:
    tea, cat = write_old_folder(tmp_path, steps)
    with Memory(folder=tmp_path) as memory:
        memory.delete(tea)
        events = [(done["event"], done["old_memory"], done["new_memory"]) for done in memory.history(tea)]
        assert events == [
            ("ADD", None, "I like tea."),
            ("UPDATE", "I like tea.", "I like green tea."),
            ("DELETE", "I like green tea.", None),
        ]
        assert [done["event"] for done in memory.history(cat)] == ["ADD"]
        memory.add("I have a dog.", user_id="ann")
        kept = [result["memory"] for result in memory.get_all(filters={"user_id": "ann"})["results"]]
        assert sorted(kept) == ["I have a cat.", "I have a dog."]


def test_queries_have_names() -> None:
    assert named_queries("-- name: a\nSELECT 1;\n-- name: b\nSELECT 2;") == {"a": "SELECT 1;", "b": "SELECT 2;"}
    assert "owner_version" in SQL
