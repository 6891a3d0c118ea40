"""The default store: one SQLite file, opened through apsw, that several processes may use at once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw

from toldonce.errors import Closed, DiskFull
from toldonce.locks import FORK_GATE, LockFile
from toldonce.stores.backup import Manifest
from toldonce.stores.copying import Tables
from toldonce.stores.examining import Examination
from toldonce.stores.protocol import Read
from toldonce.stores.sql.store import TRY_AGAIN, SqlStore, openers_behind
from toldonce.stores.sqlite.backing_up import back_up
from toldonce.stores.sqlite.connection import (
    connect,
    epoch,
    folder_errors,
    migrate,
    our_errors,
    prepare_folder,
    require_known_schema,
    require_safe_sqlite,
)
from toldonce.stores.sqlite.conversation import WRITING
from toldonce.stores.sqlite.digests import rekey
from toldonce.stores.sqlite.lock import WriteLock, named_lock
from toldonce.stores.sqlite.presence import Presence
from toldonce.stores.sqlite.purging import Purge, readers
from toldonce.stores.sqlite.read import reader as reading
from toldonce.stores.sqlite.reserve import Reserve
from toldonce.stores.sqlite.secrets import has_secret, secret
from toldonce.stores.sqlite.tables import SqliteTables
from toldonce.stores.sqlite.writer import Writer, checkpoint

__all__ = ["SqliteStore"]

T = TypeVar("T")

FOLDED_WITHIN = 10.0
"""Seconds that ``compact`` waits for readers to let go of the log."""


class Reader:
    """A connection for reads, with what they worked out while nobody wrote."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.connection = connect(path, writes=False)
        self._known: dict[Hashable, Any] = {}
        self._epoch: int | None = None

    def begin(self) -> dict[Hashable, Any]:
        """Begin a transaction; what is known of the epoch of the store that it sees."""
        self.connection.execute("BEGIN")
        now = epoch(self.connection)
        if now != self._epoch:
            require_known_schema(self.connection, self._path)
            self._epoch, self._known = now, {}
        return self._known


class SqliteStore(SqlStore):
    """Memories in ``folder/toldonce.db`` (WAL, ``synchronous=FULL``: what was acknowledged was fsynced).

    Raises the ``StoreError``s of ``toldonce.errors``.
    """

    _writer: Writer

    def __init__(self, folder: Path) -> None:
        super().__init__()
        require_safe_sqlite(apsw.sqlite_lib_version())
        self.path = prepare_folder(folder)
        self._folder = folder
        self._digest_key = self.secret("digests")
        self._idle: list[Reader] = []
        self._borrowed: dict[Reader, str] = {}
        """Readers in use, each with the name of its thread."""
        self._purges = 0
        """How often everything in RAM was dropped."""
        self._guard = threading.Lock()
        self._closed = False
        with folder_errors(folder):
            self._lock = WriteLock(folder)
        self._reserve = Reserve(folder)
        try:
            self._write_connection = self._open_on_a_full_disk_too()
        except BaseException:
            self._lock.close()
            raise
        self._writer = Writer(
            self._write_connection, self.path, self._lock, self._reserve, self.caches, self._digest_key
        )
        with folder_errors(folder):
            self._presence = Presence(folder, self._forget)

    def _open_on_a_full_disk_too(self) -> apsw.Connection:
        try:
            return self._open()
        except DiskFull:
            if not self._reserve.give_up_some():
                raise
            return self._open()

    def _open(self) -> apsw.Connection:
        with our_errors(self.path), self._lock, FORK_GATE:
            connection = connect(self.path, writes=True)
            try:
                migrate(connection, self.path)
                connection.execute(WRITING)
                rekey(connection, self._digest_key)
            except BaseException:
                connection.close()
                raise
        return connection

    @property
    def location(self) -> str:
        return str(self._folder)

    def secret(self, name: str) -> bytes:
        with folder_errors(self._folder):
            return secret(self._folder, name)

    def has_secret(self, name: str) -> bool:
        with folder_errors(self._folder):
            return has_secret(self._folder, name)

    @contextmanager
    def exclusively(self, name: str) -> Iterator[None]:
        with folder_errors(self._folder), named_lock(self._folder, name):
            yield

    @contextmanager
    def read(self) -> Iterator[Read]:
        with self._reading() as (connection, known):
            yield reading(connection, self._digest_key, self._shown, known)

    @contextmanager
    def _reading(self) -> Iterator[tuple[apsw.Connection, dict[Hashable, Any]]]:
        """A connection in a transaction, and what is known of the state that it sees."""
        with FORK_GATE:
            purges = self._purges
            reader = self._borrow()
            try:
                with our_errors(self.path):
                    known = reader.begin()
                    try:
                        yield reader.connection, known
                    finally:
                        reader.connection.execute("COMMIT")
            except BaseException:
                with self._guard:
                    del self._borrowed[reader]
                reader.connection.close()
                raise
            with self._guard:
                del self._borrowed[reader]
                if not self._closed and purges == self._purges:
                    self._idle.append(reader)
                    return
            reader.connection.close()

    def purge(self, number: int, within: float) -> list[str]:
        until = time.monotonic() + within
        with our_errors(self.path), folder_errors(self._folder):
            self._presence.ask(number)
            if waits_for := self._purge(until):
                return waits_for
            return openers_behind(lambda: [f"process {one}" for one in self._presence.behind(number)], until)

    def _purge(self, until: float) -> list[str]:
        """Leave no byte of deleted rows in the file and its log; who held that up until then."""
        turn = LockFile(self._folder / "purge.lock")  # two at once would hold each other up
        try:
            while not turn.take():
                if time.monotonic() >= until:
                    return [f"{turn.holder()} finishes another erasure"]
                time.sleep(TRY_AGAIN)
            turn.sign()
            with closing(Purge(self.path, self._lock)) as purge:
                while not purge.attempt():
                    if time.monotonic() >= until:
                        return self._read_by()
                    time.sleep(TRY_AGAIN)
        finally:
            turn.close()
        return []

    def _read_by(self) -> list[str]:
        """Who reads now, for messages to people."""
        with self._guard:
            mine = [f"thread {thread} of this process is reading" for thread in self._borrowed.values()]
        others = [f"process {process} is reading" for process in readers(self.path) if process != os.getpid()]
        return mine + others or ["another process is reading"]

    def _forget(self) -> None:
        """Drop whatever is in RAM of words and vectors."""
        self.caches.forget(None)
        with self._guard:
            self._purges += 1
            idle, self._idle = self._idle, []
        with FORK_GATE:
            for reader in idle:
                reader.connection.close()
            self._writer.shrink()

    def examine(self, *, set_aside: bool) -> Examination:
        return self._writer.submit(lambda write: write.examine(self._folder if set_aside else None)).result()

    def check(self, within: float) -> None:
        with our_errors(self.path):
            self._reserve.check()
            if not self._lock.take(within):
                raise self._lock.held_too_long(within)
            self._lock.let_go()

    def back_up(self, target: Path, project: str | None) -> Manifest:
        with our_errors(self.path), folder_errors(self._folder), FORK_GATE:
            return back_up(self.path, self._folder, target, project)

    def over_tables(self, work: Callable[[Tables], T], *, write: bool) -> T:
        if write:
            return self._writer.write(lambda tx: work(SqliteTables(tx.connection, self._folder)))
        with self._reading() as (connection, _):
            return work(SqliteTables(connection, self._folder))

    def compact(self) -> None:
        with our_errors(self.path), FORK_GATE:
            connection = connect(self.path, writes=True)
            try:
                with self._lock:
                    connection.execute("VACUUM")
                self._fold(connection)
            finally:
                connection.close()

    def _fold(self, connection: apsw.Connection) -> None:
        """Empty the log, as soon as nobody reads what it holds; others write meanwhile."""
        until = time.monotonic() + FOLDED_WITHIN
        while True:
            with self._lock:
                if checkpoint(connection, "TRUNCATE"):
                    return
            if time.monotonic() >= until:
                return
            time.sleep(TRY_AGAIN)

    def close(self) -> None:
        if os.getpid() != self._process:  # its files are the parent's
            return
        self._presence.close()
        self._writer.close()
        with self._guard:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
        with FORK_GATE:
            for connection in (*(reader.connection for reader in idle), self._write_connection):
                connection.close()
        self._lock.close()

    def _borrow(self) -> Reader:
        with self._guard:
            if self._closed:
                raise Closed("This memory was closed. Open it again before reading from it.")
            reader = self._idle.pop() if self._idle else None
            if reader is not None:
                self._borrowed[reader] = threading.current_thread().name
                return reader
        with our_errors(self.path):
            reader = Reader(self.path)
        with self._guard:
            self._borrowed[reader] = threading.current_thread().name
        return reader
