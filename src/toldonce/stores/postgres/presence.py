"""Who has a store open, so that all of them let go of what was erased.

Each opener has a row. Whoever erases notes there which erasure its opener is to know of; the opener looks several times
a second, has its caches forget, and notes that beside it. A row that nobody has looked after for a while is of a
process that is gone.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from toldonce.errors import ToldonceError
from toldonce.stores.postgres.connection import Connection, our_errors
from toldonce.stores.postgres.named import migrations
from toldonce.stores.postgres.pool import Pool

LOOK_EVERY = 0.5
"""Seconds between two looks at what was erased."""
_SIGN_EVERY = 10.0
_GONE_AFTER = 60
"""Seconds after which an opener that does not sign is gone."""

_ENTER = b"INSERT INTO opener (id, name, knows) VALUES ($1, $2, $3)"
_LEAVE = b"DELETE FROM opener WHERE id = $1"
_SIGN = b"UPDATE opener SET seen_at = now() WHERE id = $1"
_LOOK = b"SELECT wanted FROM opener WHERE id = $1 AND wanted > known"
_KNOW = b"UPDATE opener SET known = $2, seen_at = now() WHERE id = $1"
_CLEAR = f"DELETE FROM opener WHERE seen_at < now() - interval '{_GONE_AFTER} seconds'".encode()
_ASK = b"UPDATE opener SET wanted = greatest(wanted, $1)"
_BEHIND = b"SELECT name FROM opener WHERE known < $1 ORDER BY name"
_OLDER = b"SELECT name FROM opener WHERE knows < $1 ORDER BY name"


def older(connection: Connection, step: int) -> list[str]:
    """Who has the store open with a version that does not know this step, for messages to people."""
    connection.execute(_CLEAR)
    return [row[0] for row in connection.execute(_OLDER, (step,))]


class Presence:
    """This opener's row, and the thread that looks at it."""

    def __init__(self, pool: Pool, url: str, forget: Callable[[], None]) -> None:
        """``forget``: has everything in RAM dropped."""
        self._pool = pool
        self._url = url
        self._forget = forget
        self._id = secrets.token_hex(8)
        self._process = os.getpid()
        self._signed = time.monotonic()
        self._closing = threading.Event()
        with self._pool.connection() as connection, our_errors(url):
            name = f"process {os.getpid()} on {socket.gethostname()}"
            connection.execute(_ENTER, (self._id, name, migrations()[-1].number))
        self._thread = threading.Thread(target=self._watch, name="toldonce-presence", daemon=True)
        self._thread.start()

    def ask(self, number: int) -> None:
        """Have every opener let go of what was erased up to this number."""
        with self._pool.connection() as connection, our_errors(self._url):
            connection.execute(_CLEAR)
            connection.execute(_ASK, (number,))
        self._look()

    def behind(self, number: int) -> list[str]:
        """Who has not let go of it yet, for messages to people."""
        with self._pool.connection() as connection, our_errors(self._url):
            connection.execute(_CLEAR)
            return [row[0] for row in connection.execute(_BEHIND, (number,))]

    def close(self) -> None:
        """Leave. What is erased from here on is not this opener's concern."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join()
        with suppress(ToldonceError), self._pool.connection() as connection, our_errors(self._url):
            connection.execute(_LEAVE, (self._id,))

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            with suppress(ToldonceError):  # the database is away for a while: this goes on when it is back
                self._look()

    def _look(self) -> None:
        with self._pool.connection() as connection, our_errors(self._url):
            row = connection.execute(_LOOK, (self._id,)).fetchone()
            if row is not None:
                self._forget()
                connection.execute(_KNOW, (self._id, row[0]))
            elif time.monotonic() - self._signed > _SIGN_EVERY:
                self._signed = time.monotonic()
                connection.execute(_SIGN, (self._id,))
