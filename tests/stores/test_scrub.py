"""What SQLite leaves of deleted rows, and that nothing of it is left after a scrub."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from toldonce.stores.sqlite import purging
from toldonce.stores.sqlite.purging import Purge, purge, readers
from toldonce.stores.sqlite.scrub import Scrub, leftovers, scrub

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


class Interrupted(Scrub):
    """Scrubs, while somebody who has old pages in RAM writes before and after."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)
    scrubs: int
    """How often it has scrubbed, in all."""

    def overwrite(self, pages: Iterable[int] | None = None) -> int:
        type(self).scrubs += 1
        self.meanwhile()
        found = super().overwrite(pages)
        self.meanwhile()
        return found


@pytest.mark.parametrize("few", [0, 20, 10_000])
@pytest.mark.parametrize("page_size", [512, 4096])
@pytest.mark.parametrize("seed", range(int(os.environ.get("TOLDONCE_SCRUBS", "3"))))
def test_what_others_write_during_a_purge_brings_nothing_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, page_size: int, few: int
) -> None:
    monkeypatch.setattr(purging, "_FEW", few)
    monkeypatch.setattr(purging, "Scrub", Interrupted)
    chance, lock = random.Random(seed), threading.Lock()
    log = path.with_name("some.db-wal")
    with closing(fill(path, page_size=page_size, secure="OFF", seed=seed)) as connection:
        connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")
        everything(connection)  # has the pages in RAM, with what was deleted
        assert SECRET in path.read_bytes()

        def write() -> None:
            if lock.locked() or chance.random() < 0.3:
                return
            for _ in range(chance.randrange(6)):
                with connection:
                    for _ in range(chance.randrange(1, 9)):
                        number = chance.randrange(10**6) * 5 + 1
                        text = f"{KEPT.decode()}{number:07}" + "y" * chance.choice((0, 20, 900, 5_000, 20_000))
                        connection.execute("INSERT OR REPLACE INTO r VALUES (?, ?)", (number, text))
                        connection.execute("INSERT OR IGNORE INTO w VALUES (?, ?)", (text[:1_500], number))
                    for table in ("r", "w"):
                        some = chance.randrange(97), chance.choice((0, 1, 20))
                        ids = f"SELECT id FROM {table} WHERE id % 97 = ? LIMIT ?"
                        connection.execute(f"DELETE FROM {table} WHERE id IN ({ids})", some)
            if chance.random() < 0.5:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

        monkeypatch.setattr(Interrupted, "meanwhile", staticmethod(write))
        monkeypatch.setattr(Interrupted, "scrubs", 0, raising=False)
        with closing(Purge(path, lock)) as one:
            assert one.attempt()
        assert Interrupted.scrubs > 1
        assert SECRET not in path.read_bytes() + log.read_bytes()
        before = everything(connection)
        connection.execute("INSERT INTO r VALUES (6000000, 'written by one that had old pages in RAM')")
        connection.execute("DELETE FROM r WHERE id % 7 = 0")
        assert SECRET not in path.read_bytes() + log.read_bytes()
    with closing(apsw.Connection(str(path))) as anew:
        assert anew.pragma("integrity_check") == "ok"
        assert len(before) > 500


def test_a_purge_that_is_held_up_goes_on_where_it_stood(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "Scrub", Interrupted)
    monkeypatch.setattr(Interrupted, "scrubs", 0, raising=False)
    with closing(fill(path, page_size=4096, secure="OFF")) as connection, closing(apsw.Connection(str(path))) as reader:
        connection.execute("DELETE FROM r WHERE id % 5 = 0; DELETE FROM w WHERE id % 5 = 0")

        def read() -> None:
            if not reader.in_transaction:
                connection.execute("INSERT OR REPLACE INTO r VALUES (1, 'something')")
                reader.execute("BEGIN; SELECT count(*) FROM r").fetchall()

        monkeypatch.setattr(Interrupted, "meanwhile", staticmethod(read))
        with closing(Purge(path, threading.Lock())) as one:
            assert not one.attempt()
            assert not one.attempt()
            assert Interrupted.scrubs == 1
            reader.execute("COMMIT")
            monkeypatch.setattr(Interrupted, "meanwhile", staticmethod(lambda: None))
            assert one.attempt()
        assert SECRET not in path.read_bytes()
        assert connection.pragma("integrity_check") == "ok"
