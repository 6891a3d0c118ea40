"""Making sure that no byte of a deleted row is left in the file or its log, and saying who holds that up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

import apsw

from toldonce.locks import FORK_GATE
from toldonce.stores.sqlite.connection import connect
from toldonce.stores.sqlite.scrub import Scrub, can_scrub

_BUSY = 20
"""Milliseconds that a checkpoint waits for readers, while nobody can write."""
_FEW = 256
"""Pages that are scrubbed while nobody can write: some milliseconds."""
_ROUNDS = 8
"""After so many, whatever was written meanwhile is scrubbed while nobody can write."""
_LOG_HEADER, _FRAME_HEADER = 32, 24
"""Bytes of the log, and of each page in it, before what they head."""
_LOCKS = Path("/proc/locks")
_FIRST_READ_LOCK = 123
_LAST_READ_LOCK = 127
"""Bytes of the file ``-shm`` that readers lock ("WAL-Index File Format", sqlite.org/walformat.html)."""


def purge(path: Path) -> bool:
    """Empty the log and overwrite what the file keeps of deleted rows; False: somebody reads the log.

    Call while nobody can write; where somebody has, all the same, it is False too.
    """
    with closing(_open(path)) as connection:
        if not _fold(connection):
            return False
        if not can_scrub(connection.pragma("page_count")):
            return _rewrite(connection)
        with closing(Scrub(path)) as scrub:
            return _finish(connection, path, scrub, None)


class Purge:
    """The same while others write: nobody waits for more than a few pages.

    The file is scrubbed while a transaction that reads keeps it as it is: what others write meanwhile stays in the log,
    which then names the pages that are to be scrubbed again. When these are few, they are scrubbed while nobody can
    write. (Machines move to other hosts in this way, while they run.)
    """

    def __init__(self, path: Path, alone: AbstractContextManager[object]) -> None:
        """``alone``: keeps everybody else from writing and from emptying the log."""
        self._path = path
        self._alone = alone
        with FORK_GATE:
            self._connection = _open(path)
            self._scrub = Scrub(path)
        self._written: set[int] | None = None
        """Pages to scrub; None: all."""

    def attempt(self) -> bool:
        """Whether it is done; False: somebody reads the log. Try again in a moment."""
        for turn in range(_ROUNDS):
            if not self._connection.in_transaction:
                with FORK_GATE:  # so that little is left to do while nobody can write
                    self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            with self._alone, FORK_GATE:
                self._let_the_file_change()
                if not _fold(self._connection):
                    self._keep_the_file()
                    return False
                if not can_scrub(self._connection.pragma("page_count")):
                    return _rewrite(self._connection)
                if self._written is not None and (len(self._written) <= _FEW or turn == _ROUNDS - 1):
                    written, self._written = self._written, None
                    return _finish(self._connection, self._path, self._scrub, written)
                self._keep_the_file()
            with FORK_GATE:
                self._scrub.overwrite(self._written)
            self._written = set()
        return False

    def _keep_the_file(self) -> None:
        """Read, so that no checkpoint writes what is committed from here on into the file, nor empties the log."""
        self._connection.execute("BEGIN; SELECT 1 FROM sqlite_schema").fetchall()

    def _let_the_file_change(self) -> None:
        """Read no longer, and note what was written meanwhile."""
        if self._connection.in_transaction:
            if self._written is not None:
                self._written |= _pages_in_log(self._path)
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with FORK_GATE:
            self._scrub.close()
            self._connection.close()


def _open(path: Path) -> apsw.Connection:
    connection = connect(path, writes=True)
    connection.set_busy_timeout(_BUSY)
    return connection


def _fold(connection: apsw.Connection) -> bool:
    """Empty the log; False: somebody reads it."""
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0)


def _finish(connection: apsw.Connection, path: Path, scrub: Scrub, pages: Iterable[int] | None) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    if path.with_name(path.name + "-wal").stat().st_size:
        connection.execute("ROLLBACK")
        return False
    scrub.overwrite(pages)
    _read_anew(connection)
    _fold(connection)
    return True


def _rewrite(connection: apsw.Connection) -> bool:
    """Where pages cannot be told apart: write all rows anew."""
    connection.execute("VACUUM; BEGIN IMMEDIATE").fetchall()
    _read_anew(connection)
    return _fold(connection)


def _read_anew(connection: apsw.Connection) -> None:
    """Whatever is committed has every connection read its pages anew."""
    connection.execute("DELETE FROM setting WHERE key = 'purged'")
    connection.execute("INSERT INTO setting (key, value) VALUES ('purged', '')")
    connection.execute("COMMIT")


def _pages_in_log(path: Path) -> set[int]:
    """The pages that stand in the log, and some that stood there before: see "WAL File Format" (sqlite.org)."""
    log = path.with_name(path.name + "-wal").read_bytes()
    page_size = int.from_bytes(log[8:12])
    if not page_size:
        return set()
    return {int.from_bytes(log[at : at + 4]) for at in range(_LOG_HEADER, len(log), _FRAME_HEADER + page_size)}


def readers(path: Path) -> Sequence[int]:
    """The processes that read now, where the system tells."""
    log = path.with_name(path.name + "-shm")
    found: set[int] = set()
    with suppress(OSError):
        status = log.stat()
        where = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in _LOCKS.read_text().splitlines():
            fields = line.split()
            if where not in fields:
                continue
            process, _, first, last = fields[fields.index(where) - 1 :][:4]
            if last.isdigit() and int(last) >= _FIRST_READ_LOCK and int(first) <= _LAST_READ_LOCK:
                found.add(int(process))
    return sorted(found)
