"""The file that keeps what was said until a host has acknowledged it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from toldonce.errors import Closed, OutboxFull
from toldonce.locks import FORK_GATE
from toldonce.remote.outbox.opening import BUSY, open_database, placeholder, require_usable_folder
from toldonce.stores.sql.named import named_queries
from toldonce.stores.sqlite.connection import our_errors, require_safe_sqlite
from toldonce.stores.sqlite.purging import purge

_LOG = logging.getLogger(__name__)

_REMEMBERS_SENT = 7 * 86_400_000_000
"""Microseconds for which a key that was sent is not sent again, for hosts that do not look at keys."""

SQL = named_queries((resources.files(__package__) / "queries.sql").read_text("utf-8"))

_FOLDS_WITHIN = 50
"""Milliseconds for which a fold waits for others."""

_PURGES_AGAIN = 0.02
"""Seconds between two tries to purge while somebody reads or writes."""

MOST_BYTES = 256 << 20
"""Room for what waits and what is parked: hundreds of thousands of turns."""

WARNS_AT = 0.8
"""The part of a limit at which it is warned of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of add on its way to a host."""

    id: int
    key: str
    conversation: str
    payload: str
    put_at: int
    unsure: int
    """Tries of which it is not known whether they arrived."""
    tries: int
    failing_since: int | None
    reason: str | None
    parked_at: int | None


@dataclass(frozen=True, slots=True)
class Filling:
    """How full an outbox is."""

    waiting: int
    oldest: int | None
    """When the first of those that wait was put in."""
    share: float
    """Of the room there is, 0 to 1."""


class OutboxFile:
    """Entries in the order they were put in. Any number of threads and processes may use one file.

    WAL and ``synchronous=FULL``: what ``put`` returned for was fsynced. What is taken out is overwritten, in the file
    at once and in its log by ``fold``. The first ``put`` makes the file; until then nothing is written anywhere.

    Args:
        path: Of the database. Only its owner can read it and what lies beside it.
        destination: Where it sends to, for people to read; kept in the file. None leaves what is there.
        most_bytes: Room for what waits and what is parked.
        vfs: SQLite's name for how it reaches the disk.

    Raises the ``StoreError``s of ``toldonce.errors``.
    """

    def __init__(
        self, path: Path, destination: str | None = None, *, most_bytes: int = MOST_BYTES, vfs: str | None = None
    ) -> None:
        require_safe_sqlite(apsw.sqlite_lib_version())
        self.path = path
        self._destination = destination
        self._most_bytes = most_bytes
        self._vfs = vfs
        self._warned = False
        self._synced = True
        self._removed = False
        self._guard = threading.Lock()
        self._process = os.getpid()
        require_usable_folder(path.parent)
        self._made = False
        self._connection: apsw.Connection | None = placeholder()
        with our_errors(path):
            self._use_the_file()

    @property
    def made(self) -> bool:
        """Whether there is a file: something was put in, by this process or another."""
        return self._made or self.path.exists()

    @property
    def folded(self) -> bool:
        """Whether nothing is left in the log of what this process has taken out."""
        return not self._removed

    def put(self, key: str, conversation: str, payload: str, now: int) -> bool:
        """Keep an entry; False if one with this key is or was here. On disk when this returns.

        Raises ``OutboxFull``.
        """
        with self._transaction(makes=True) as run:
            if run("was_sent", key).fetchone() is not None:
                return False
            share = self._share(run)
            if share >= WARNS_AT and not self._warned:
                _LOG.warning("The outbox %s is %d %% full. What keeps it: toldonce outbox", self.path, share * 100)
            self._warned = share >= WARNS_AT
            if share >= 1:
                raise OutboxFull(
                    f"{self.path} holds {self._most_bytes >> 20} MiB that the host did not take yet, the most it may. "
                    "See what keeps it: toldonce outbox"
                )
            run("put", key, conversation, payload, now, 0)
            return bool(run.changes())

    def after(self, entry_id: int) -> list[tuple[int, str]]:
        """(id, conversation) of what waits and was put in after an entry, in order."""
        with self._transaction() as run:
            return [(row[0], row[1]) for row in run("after", entry_id)]

    def waits(self, entry_id: int) -> Entry | None:
        """An entry, unless it is gone or parked."""
        with self._transaction() as run:
            row = run("entry", entry_id).fetchone()
        entry = None if row is None else Entry(*row)
        return entry if entry is not None and entry.parked_at is None else None

    def waiting(self) -> list[Entry]:
        """Everything that waits."""
        with self._transaction() as run:
            return [Entry(*row) for row in run("waiting")]

    def parked(self) -> list[Entry]:
        """Everything that was put aside."""
        with self._transaction() as run:
            return [Entry(*row) for row in run("parked")]

    def begin(self, entry: Entry) -> bool:
        """Note that it is about to be sent; False if it is no longer to be.

        The note need not survive a power cut, so nothing waits for the disk.
        """
        with self._transaction(synced=False) as run:
            run("begin", entry.id)
            return bool(run.changes())

    def not_done(self, entry: Entry) -> None:
        """What was begun last certainly did not arrive, or was refused."""
        with self._transaction(synced=False) as run:
            run("not_done", entry.id)

    def acknowledged(self, entry: Entry, now: int) -> None:
        """The host has it: let go of it. ``entry``: as it was before it was begun."""
        with self._transaction() as run:
            run("drop", entry.id)
            run("keep_sent", entry.key, now)
            if entry.unsure:
                run("count_repeated")

    @property
    def repeated(self) -> int:
        """Entries that a host which ignores keys may hold twice: sent again because an answer had got lost."""
        return int(self.setting("repeated") or 0)

    def failed(self, entry: Entry, tries: int, reason: str, now: int) -> None:
        """Note a try that failed on account of the entry."""
        with self._transaction() as run:
            run("failed", entry.id, tries, now, reason)

    def park(self, entry_ids: list[int], reason: str, now: int) -> None:
        """Put entries aside: what was said after them goes on."""
        with self._transaction() as run:
            for entry_id in entry_ids:
                run("park", entry_id, now, reason)

    def too_old(self, before: int) -> list[int]:
        """What waits since before a moment."""
        with self._transaction() as run:
            return [row[0] for row in run("too_old", before)]

    def retry(self, entries: list[Entry]) -> None:
        """Let parked entries wait again, behind all others."""
        with self._transaction() as run:
            for entry in entries:
                run("drop", entry.id)
                run("put", entry.key, entry.conversation, entry.payload, entry.put_at, entry.unsure)

    def drop(self, entry_ids: Iterable[int]) -> None:
        """Take entries out for good."""
        with self._transaction() as run:
            for entry_id in entry_ids:
                run("drop", entry_id)

    def setting(self, key: str) -> str | None:
        with self._transaction() as run:
            row = run("setting", key).fetchone()
        return None if row is None else str(row[0])

    def keep_setting(self, key: str, value: str | None) -> None:
        with self._transaction(makes=value is not None) as run:
            run("drop_setting", key) if value is None else run("keep_setting", key, value)

    def filling(self) -> Filling:
        with self._transaction() as run:
            waiting, oldest = next(run("count_waiting"))
            return Filling(waiting, oldest, self._share(run))

    def tidy(self, now: int) -> None:
        """Forget keys of long ago, and fold the log."""
        with self._transaction() as run:
            run("forget_sent", now - _REMEMBERS_SENT)
        self.fold()

    def fold(self) -> None:
        """Write the log into the file and empty it, so that nothing stays of what is gone.

        Where somebody is just reading it, nothing happens; ``folded`` tells.
        """
        with self._guard, FORK_GATE, our_errors(self.path):
            if self._connection is not None and self._made:
                self._connection.set_busy_timeout(_FOLDS_WITHIN)  # a put must not wait for somebody who reads
                try:
                    busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
                finally:
                    self._connection.set_busy_timeout(BUSY)
                self._removed = self._removed and bool(busy)

    def purge(self, within: float) -> bool:
        """Leave no byte of what is gone in the file or its log; False: somebody has been reading it for so long."""
        until = time.monotonic() + within
        while True:
            with self._guard, FORK_GATE, our_errors(self.path):
                if not self.made or purge(self.path):
                    self._removed = False
                    return True
            if time.monotonic() >= until:
                return False
            time.sleep(_PURGES_AGAIN)

    def close(self) -> None:
        with self._guard, FORK_GATE:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _share(self, run: _Run) -> float:
        pages, free, size = (run.pragma(name) for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size / self._most_bytes

    @contextmanager
    def _transaction(self, *, synced: bool = True, makes: bool = False) -> Iterator[_Run]:
        with self._guard, FORK_GATE, our_errors(self.path):
            if self._connection is None or os.getpid() != self._process:
                raise Closed("This outbox was closed, or opened before the process forked.")
            connection = self._use_the_file(makes=makes)
            if synced != self._synced:
                connection.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
                self._synced = synced
            connection.execute("BEGIN IMMEDIATE")
            run = _Run(connection)
            try:
                yield run
                connection.execute("COMMIT")
                self._removed = self._removed or run.removed
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _use_the_file(self, *, makes: bool = False) -> apsw.Connection:
        """The connection to the file if there is one, or if one is to be made; else to an empty database in memory."""
        assert self._connection is not None
        if not self._made and (makes or self.path.exists()):
            opened = open_database(self.path, self._vfs)
            self._connection.close()
            self._connection, self._made, self._synced = opened, True, True
            if self._destination is not None:
                opened.execute(SQL["keep_setting"], ("destination", self._destination))
        return self._connection


class _Run:
    """Statements by name inside a transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.changes: Callable[[], int] = connection.changes
        self.removed = False
        """Whether an entry was taken out."""

    def __call__(self, name: str, *values: Any) -> apsw.Cursor:
        self.removed = self.removed or name == "drop"
        return self._connection.execute(SQL[name], values)

    def pragma(self, name: str) -> int:
        return int(self._connection.pragma(name))
