"""A few connections for many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from toldonce.errors import Closed, StoreError
from toldonce.stores.postgres.connection import Connection, connect, require_server, shown
from toldonce.stores.postgres.vectors import register_vectors

MOST = 16
"""Connections that one process has at once. Those it keeps for later are the ones it used last."""
_WAIT = 30.0
"""Seconds that a thread waits for a connection that others use."""


class Pool:
    """Connections to one database. One that was lost is not used again."""

    def __init__(self, url: str, most: int = MOST, wait: float = _WAIT) -> None:
        self._url = url
        self._most = most
        self._wait = wait
        self._free = threading.Semaphore(most)
        self._guard = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False
        self.in_use: dict[Connection, str] = {}
        """Each with the name of its thread."""

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection outside any transaction. Raises ``StoreError``s, and ``Closed``."""
        if self._closed:
            raise Closed("This memory was closed. Open it again before using it.")
        if not self._free.acquire(timeout=self._wait):
            raise StoreError(
                f"All {self._most} connections of this process to {shown(self._url)} have been in use for "
                f"{self._wait:g} seconds. Do less at once, or see what holds them up in pg_stat_activity."
            )
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._put_back(connection)
        finally:
            self._free.release()

    def _take(self) -> Connection:
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = connect(self._url)
            try:
                require_server(connection, self._url)
                register_vectors(connection)
            except BaseException:
                connection.close()
                raise
        with self._guard:
            self.in_use[connection] = threading.current_thread().name
        return connection

    def _put_back(self, connection: Connection) -> None:
        status = connection.info.transaction_status
        with self._guard:
            del self.in_use[connection]
            if status == psycopg.pq.TransactionStatus.IDLE and not self._closed:
                self._idle.append(connection)
                return
        with suppress(psycopg.Error):
            connection.close()

    def drop_idle(self) -> None:
        """Close what nobody uses: the server it leads to may be gone."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            with suppress(psycopg.Error):
                connection.close()

    def close(self) -> None:
        """Close what nobody uses, and the others when they come back."""
        self._closed = True
        self.drop_idle()
