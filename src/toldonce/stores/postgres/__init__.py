"""The store for a fleet: a PostgreSQL database with pgvector, through psycopg, that any number of processes use."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from toldonce.errors import Unsupported
from toldonce.stores.backup import Manifest
from toldonce.stores.copying import Tables
from toldonce.stores.examining import Examination
from toldonce.stores.postgres import purging
from toldonce.stores.postgres.connection import (
    Connection,
    Interrupted,
    connect,
    newer,
    our_errors,
    require_server,
    shown,
)
from toldonce.stores.postgres.conversation import PostgresConversations
from toldonce.stores.postgres.database import PostgresDatabase
from toldonce.stores.postgres.locks import named_lock
from toldonce.stores.postgres.migrating import POST_STEP, holds_store, migrate, migrate_whole
from toldonce.stores.postgres.named import migrations
from toldonce.stores.postgres.pool import Pool
from toldonce.stores.postgres.presence import Presence
from toldonce.stores.postgres.tables import PostgresTables
from toldonce.stores.postgres.writer import Writer
from toldonce.stores.protocol import Read
from toldonce.stores.sql.read import Reader
from toldonce.stores.sql.store import TRY_AGAIN, SqlStore, openers_behind

__all__ = ["PostgresStore", "has_store", "migrate_whole"]

T = TypeVar("T")

_BEGIN = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_EPOCH = b"SELECT pg_current_snapshot()::text, (" + POST_STEP + b")"
_SECRET = b"SELECT value FROM secret WHERE name = $1"
_KEEP_SECRET = b"INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"


def has_store(url: str) -> bool:
    """Whether the database holds a store."""
    with closing(connect(url)) as connection, our_errors(url):
        return holds_store(connection)


class PostgresStore(SqlStore):
    """Memories in the database that a URL names. Raises the ``StoreError``s of ``toldonce.errors``."""

    _writer: Writer

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._newest = migrations()[-1].number
        self._prepare()
        self._pool = Pool(url)
        with ExitStack() as undo:
            undo.callback(self._pool.close)
            self._digest_key = self.secret("digests")
            self._known: WeakKeyDictionary[Connection, tuple[str, dict[Hashable, Any]]] = WeakKeyDictionary()
            """What reads worked out over a connection, with the snapshot at which it holds."""
            self._presence = Presence(self._pool, url, self._forget)
            self._writer = Writer(self._pool, url, self.caches, self._digest_key)
            undo.pop_all()

    def _prepare(self) -> None:
        connection = connect(self._url)
        try:
            require_server(connection, self._url)
            with our_errors(self._url):
                migrate(connection, self._url)
        finally:
            connection.close()

    @property
    def location(self) -> str:
        return shown(self._url)

    def secret(self, name: str) -> bytes:
        with self._pool.connection() as connection, our_errors(self._url):
            connection.execute(_KEEP_SECRET, (name, secrets.token_bytes(32)))
            return bytes(connection.execute(_SECRET, (name,)).fetchall()[0][0])

    def has_secret(self, name: str) -> bool:
        with self._pool.connection() as connection, our_errors(self._url):
            return connection.execute(_SECRET, (name,)).fetchone() is not None

    def exclusively(self, name: str) -> AbstractContextManager[None]:
        return named_lock(self._url, name)

    @contextmanager
    def read(self) -> Iterator[Read]:
        with ExitStack() as stack:
            try:
                connection, view = self._begin(stack)
            except Interrupted:  # while nobody used it
                self._pool.drop_idle()
                connection, view = self._begin(stack)
            yield view
            connection.execute(b"COMMIT")

    def _begin(self, stack: ExitStack) -> tuple[Connection, Reader]:
        """A connection in a transaction that has begun, and what it sees."""
        with ExitStack() as begun:
            connection = begun.enter_context(self._pool.connection())
            begun.enter_context(our_errors(self._url))
            pipeline = begun.enter_context(connection.pipeline())
            connection.execute(_BEGIN)
            epoch, version = connection.execute(_EPOCH).fetchall()[0]
            if version > self._newest:
                raise newer(self._url, version, self._newest)
            stack.push(begun.pop_all())
        before = self._known.get(connection)
        known = before[1] if before is not None and before[0] == epoch else {}
        self._known[connection] = (epoch, known)
        database = PostgresDatabase(connection, pipeline)
        return connection, Reader(database, PostgresConversations(database), self._digest_key, self._shown, known)

    def purge(self, number: int, within: float) -> list[str]:
        until = time.monotonic() + within
        self._presence.ask(number)
        with self._pool.connection() as connection, our_errors(self._url):
            before = purging.horizon(connection)
            while held_up := purging.readers(connection, before):
                if time.monotonic() >= until:
                    return self._named(held_up)
                time.sleep(TRY_AGAIN)
            if held_up := purging.rewrite(connection, until - time.monotonic()):
                return self._named(held_up)
        return openers_behind(lambda: self._presence.behind(number), until)

    def _named(self, sessions: list[tuple[str, int]]) -> list[str]:
        """Who reads, for messages to people."""
        mine = {connection.info.backend_pid: thread for connection, thread in list(self._pool.in_use.items())}
        return [
            f"thread {mine[session]} of this process is reading"
            if session in mine
            else f"{program or 'a program'} (session {session}) is reading"
            for program, session in sessions
        ]

    def _forget(self) -> None:
        """Drop whatever is in RAM of words and vectors."""
        self.caches.forget(None)
        self._pool.drop_idle()
        self._known = WeakKeyDictionary()

    def examine(self, *, set_aside: bool) -> Examination:
        raise Unsupported(
            f"PostgreSQL looks after the pages of {self.location} itself: see pg_amcheck and data checksums in its "
            "manual."
        )

    def check(self, within: float) -> None:
        with self._pool.connection() as connection:
            require_server(connection, self._url)

    def back_up(self, target: Path, project: str | None) -> Manifest:
        raise Unsupported(
            f"{self.location} is backed up with PostgreSQL's own pg_dump or pg_basebackup. Into a folder it is "
            "copied with: toldonce copy"
        )

    def over_tables(self, work: Callable[[Tables], T], *, write: bool) -> T:
        with self._pool.connection() as connection, our_errors(self._url), connection.transaction():
            if not write:
                connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return work(PostgresTables(connection))

    def compact(self) -> None:
        with self._pool.connection() as connection, our_errors(self._url):
            purging.rewrite(connection, purging.PATIENCE)

    def close(self) -> None:
        if os.getpid() != self._process:  # its connections are the parent's
            return
        self._writer.close()
        self._presence.close()
        self._pool.close()
