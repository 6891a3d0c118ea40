"""Who writes when: a few transactions at once, no two of them for the same owner by this process.

PostgreSQL commits together what is ready at one moment. So each unit of work has a transaction of its own, and the
database keeps those apart that are for one owner (``write.py``).
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias, TypeVar

import psycopg

from toldonce.caches import CacheRegistry
from toldonce.errors import Closed, StoreError, ToldonceError
from toldonce.fair import ANYBODY, FairQueue, Turn
from toldonce.locks import lock_wait
from toldonce.stores.postgres.connection import (
    Again,
    Connection,
    Interrupted,
    StoreUnreachable,
    newer,
    our_errors,
    shown,
)
from toldonce.stores.postgres.database import PostgresDatabase
from toldonce.stores.postgres.migrating import POST_STEP
from toldonce.stores.postgres.named import migrations
from toldonce.stores.postgres.pool import Pool
from toldonce.stores.postgres.write import PostgresWrite

T = TypeVar("T")

THREADS = 4
"""Transactions that one process has under way of what was submitted, besides those of threads that wait themselves."""
_PAUSE = 0.05
"""Seconds after which what was broken off is tried again; a little more each time."""
_ASKS = 30.0
"""Seconds for which it is asked whether a commit whose answer was lost has happened."""

Work: TypeAlias = Callable[[PostgresWrite], T]

_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_LINE = b"left(pg_walfile_name(pg_current_wal_lsn()), 8)"
"""The server's timeline: another one after a replica was promoted."""
_NUMBER = b"SELECT pg_current_xact_id()::text, " + _LINE + b", (" + POST_STEP + b")"
_STATUS = b"SELECT pg_xact_status($1::text::xid8), " + _LINE


class _Job(NamedTuple):
    work: Work[Any]
    future: Future[Any]


class Unsure(StoreError):
    """Whether something was committed is not known: the connection was lost meanwhile, and the database is away."""


class Writer:
    """Runs units of work, those of one turn one after the other. Projects take turns, and so do owners within one."""

    def __init__(self, pool: Pool, url: str, caches: CacheRegistry, digest_key: bytes) -> None:
        self._pool = pool
        self._url = url
        self._caches = caches
        self._digest_key = digest_key
        self._wait = lock_wait()
        self._newest = migrations()[-1].number
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._jobs: dict[Turn, deque[_Job]] = {}
        """What waits, by whose turn it waits for; a turn with none has something under way."""
        self._next: FairQueue[Turn] = FairQueue()
        """The turns of which something waits and nothing is under way."""
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, name=f"toldonce-writer-{number}", daemon=True)
            for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work[T], turn: Turn = ANYBODY) -> Future[T]:
        """Queue work; see ``Store.write``."""
        self._require_open()
        future: Future[T] = Future()
        with self._changed:
            self._require_open()
            if turn not in self._jobs:
                self._jobs[turn] = deque()
                self._next.put(*turn, [turn])
                self._changed.notify()
            self._jobs[turn].append(_Job(work, future))
        return future

    def write(self, work: Work[T], turn: Turn = ANYBODY) -> T:
        """What ``work`` returns, once it is committed. It is done in this thread, unless others wait for the turn."""
        self._require_open()
        with self._changed:
            mine = turn not in self._jobs
            if mine:
                self._jobs[turn] = deque()
        if not mine:
            return self.submit(work, turn).result()
        try:
            return self._carry_out(work)
        finally:
            self._end(turn)

    @property
    def waiting(self) -> int:
        """How much was submitted and is not begun yet."""
        with self._changed:
            return sum(map(len, self._jobs.values()))

    def close(self) -> None:
        """Commit what was submitted, and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _require_open(self) -> None:
        if os.getpid() != self._process:
            raise Closed("This memory was opened before the process forked. Open one in the child.")
        if self._closed:
            raise Closed("This memory was closed. Open it again before writing to it.")

    def _run(self) -> None:
        while (begun := self._begin()) is not None:
            turn, job = begun
            try:
                if job.future.set_running_or_notify_cancel():
                    try:
                        answer = self._carry_out(job.work)
                    except BaseException as error:
                        job.future.set_exception(error)
                    else:
                        job.future.set_result(answer)
            finally:
                self._end(turn)

    def _begin(self) -> tuple[Turn, _Job] | None:
        """Whose turn it is; None: the store was closed, and nothing waits any more."""
        with self._changed:
            while True:
                if taken := self._next.take(1):
                    return taken[0], self._jobs[taken[0]].popleft()
                if self._closed and not self._jobs:
                    return None
                self._changed.wait()

    def _end(self, turn: Turn) -> None:
        with self._changed:
            if self._jobs[turn]:
                self._next.put(*turn, [turn])
                self._changed.notify()
            else:
                del self._jobs[turn]
                if self._closed:
                    self._changed.notify_all()

    def _carry_out(self, work: Work[T]) -> T:
        """Do work in a transaction, again if the database broke it off or was away for a moment."""
        until = time.monotonic() + self._wait
        pause = _PAUSE
        while True:
            try:
                return self._transact(work)
            except (Again, StoreUnreachable) as error:
                if time.monotonic() + pause > until:
                    raise
                if isinstance(error, StoreUnreachable):
                    self._pool.drop_idle()
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def _transact(self, work: Work[T]) -> T:
        with self._pool.connection() as connection:
            number, line, committing = "", "", False
            try:
                with our_errors(self._url), connection.pipeline() as pipeline:
                    connection.execute(_BEGIN)
                    connection.execute(f"SET LOCAL lock_timeout = {int(self._wait * 1000)}".encode())
                    begun = connection.execute(_NUMBER)
                    write = PostgresWrite(PostgresDatabase(connection, pipeline), self._digest_key)
                    answer = work(write)
                    number, line, version = begun.fetchall()[0]
                    if version > self._newest:
                        raise newer(self._url, version, self._newest)
                    committing = True
                    connection.execute(b"COMMIT")
            except Interrupted:
                connection.close()  # so that the server ends what it may still have under way
                if not committing or not self._was_committed(number, line):
                    raise
            except BaseException:
                _roll_back(connection)
                raise
        if write.deleted_of:
            self._caches.forget(write.deleted_of)
        return answer

    def _was_committed(self, number: str, line: str) -> bool:
        """Whether the transaction was, whose commit was not answered. Raises ``Unsure`` if nobody can tell.

        A replica that was promoted without the transaction gives its number to another: committed says nothing then.
        """
        until = time.monotonic() + _ASKS
        while True:
            try:
                with self._pool.connection() as connection, our_errors(self._url):
                    status, line_now = connection.execute(_STATUS, (number,)).fetchall()[0]
                if status == "aborted" or (status == "committed" and line_now == line):
                    return bool(status == "committed")
                if line_now != line:
                    raise self._unsure("a replica has taken over")
            except StoreUnreachable:
                self._pool.drop_idle()
            except StoreError as error:  # the number is unknown to a server that took over without it
                if isinstance(error.__cause__, psycopg.errors.InvalidParameterValue):
                    return False
                raise
            if time.monotonic() > until:
                raise self._unsure("the database is away")
            time.sleep(_PAUSE)

    def _unsure(self, why: str) -> Unsure:
        return Unsure(
            f"The connection to {shown(self._url)} was lost in the middle of a commit, and {why}: it is not known "
            "whether this was written. Try again with the same idempotency key, or the same message ids."
        )


def _roll_back(connection: Connection) -> None:
    with suppress(psycopg.Error, ToldonceError):
        connection.execute(b"ROLLBACK")
