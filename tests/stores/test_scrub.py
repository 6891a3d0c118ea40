"""What SQLite leaves of deleted rows, and that nothing of it is left after a scrub."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from toldonce.stores.sqlite import purging
from toldonce.stores.sqlite.purging import purge, readers
from toldonce.stores.sqlite.scrub import leftovers, scrub

SECRET, KEPT = b"SECRET", b"PUBLIC"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


def fill(path: Path, *, page_size: int, secure: str, seed: int = 1) -> apsw.Connection:
    """Rows of all lengths in both kinds of table and an index, written in an order that splits many pages."""
    chance = random.Random(seed)
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA page_size={page_size}; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0").fetchall()
    connection.execute(f"PRAGMA secure_delete={secure}").fetchall()
    connection.execute("CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    connection.execute("CREATE TABLE r (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX i ON r (text)")
    connection.execute("CREATE TABLE w (text TEXT, id INT, PRIMARY KEY (text, id)) WITHOUT ROWID")
    for _ in range(40):
        with connection:
            for _ in range(25):
                number = chance.randrange(10**6)
                mark = SECRET if number % 5 == 0 else KEPT
                length = chance.choice((0, 20, 200, 900, 5_000, 20_000)) if chance.random() < 0.2 else 40
                text = f"{mark.decode()}{number:07}" + "x" * length
                connection.execute("INSERT OR REPLACE INTO r VALUES (?, ?)", (number, text))
                connection.execute("INSERT OR IGNORE INTO w VALUES (?, ?)", (text[:1_500], number))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return connection


def everything(connection: apsw.Connection) -> Sequence[object]:
    rows: Sequence[object] = connection.execute(
        "SELECT 'r', id, text FROM r UNION ALL SELECT 'w', id, text FROM w"
    ).fetchall()
    return rows


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
@pytest.mark.parametrize("secure", ["OFF", "ON"])
def test_nothing_is_left_of_deleted_rows_and_all_of_the_others(path: Path, page_size: int, secure: str) -> None:
    with closing(fill(path, page_size=page_size, secure=secure)) as connection:
        connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")
        before = everything(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        remains = b"".join(leftovers(path))
        assert secure == "ON" or SECRET in remains
        assert scrub(path) > 0
        assert SECRET not in path.read_bytes()
        assert KEPT in path.read_bytes()
        assert scrub(path) == 0
        assert list(leftovers(path)) == []
    with closing(apsw.Connection(str(path))) as anew:
        assert anew.pragma("integrity_check") == "ok"
        assert everything(anew) == before


def test_secure_delete_alone_leaves_copies_on_pages_that_were_rebuilt(path: Path) -> None:
    """Why every page is looked at. If this fails, SQLite overwrites them itself."""
    found = 0
    for seed in range(5):
        one = path.with_name(f"{seed}.db")
        with closing(fill(one, page_size=4096, secure="ON", seed=seed)) as connection:
            connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            found += one.read_bytes().count(SECRET)
    assert found > 0


@pytest.mark.parametrize("told_apart", [True, False])
def test_a_purge_empties_the_log_and_scrubs(path: Path, monkeypatch: pytest.MonkeyPatch, told_apart: bool) -> None:
    monkeypatch.setattr(purging, "can_scrub", lambda pages: told_apart)
    log = path.with_name("some.db-wal")
    with closing(fill(path, page_size=4096, secure="OFF")) as connection:
        connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")
        before = everything(connection)
        assert SECRET in path.read_bytes()
        assert purge(path)
        assert SECRET not in path.read_bytes() + log.read_bytes()
        connection.execute("INSERT INTO r VALUES (2000001, 'written by one that had old pages in RAM')")
        assert len(everything(connection)) == len(before) + 1
        assert SECRET not in path.read_bytes() + log.read_bytes()


def test_a_purge_waits_for_who_reads_the_log(path: Path) -> None:
    with closing(fill(path, page_size=4096, secure="OFF")) as connection, closing(apsw.Connection(str(path))) as reader:
        connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")
        reader.execute("BEGIN; SELECT count(*) FROM r").fetchall()
        assert not purge(path)
        reader.execute("COMMIT")
        assert purge(path)


def test_no_readers_are_named_where_there_is_no_log(path: Path) -> None:
    assert readers(path) == []
