"""The one thread that writes, and commits what is waiting together."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import apsw

from recollect.errors import Closed
from recollect.stores.sqlite.connection import our_errors
from recollect.stores.sqlite.lock import WriteLock
from recollect.stores.sqlite.write import SqliteWrite

T = TypeVar("T")

_LARGEST_BATCH = 64
_IDLE_SECONDS = 0.05
_WAL_LIMIT = 16 << 20
"""Bytes waiting for a checkpoint at which writers wait for one: about ten milliseconds."""


class _Job:
    __slots__ = ("future", "work")

    def __init__(self, work: Callable[[SqliteWrite], Any], future: Future[Any]) -> None:
        self.work = work
        self.future = future


class Writer:
    """Runs units of work one after the other and commits those that wait together in one transaction.

    A commit costs one fsync, however many units it holds. Units that share one have savepoints: one that fails takes
    nothing of its neighbours with it. Checkpoints run when nothing waits, off the path of whoever waits for an answer.
    """

    def __init__(self, connection: apsw.Connection, path: Path, lock: WriteLock) -> None:
        self._connection = connection
        self._path = path
        self._wal_pages = 0
        self._page_size: int = connection.pragma("page_size")
        connection.set_wal_hook(self._count_wal)
        self._lock = lock
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="recollect-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[SqliteWrite], T]) -> Future[T]:
        if os.getpid() != self._process:
            raise Closed("This memory was opened before the process forked. Open one in the child.")
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Closed("This memory was closed. Open it again before writing to it.")
            self._jobs.put(_Job(work, future))
        return future

    def close(self) -> None:
        """Commit what was submitted, fold the WAL into the file and stop."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        checkpointed = True
        going_on = True
        while going_on:
            try:
                first = self._jobs.get(timeout=None if checkpointed else _IDLE_SECONDS)
            except queue.Empty:
                self._checkpoint("PASSIVE")
                checkpointed = True
                continue
            if first is None:
                break
            batch, going_on = self._gather(first)
            self._commit(batch)
            checkpointed = False
            if self._wal_pages * self._page_size > _WAL_LIMIT:
                self._checkpoint("PASSIVE")
        self._checkpoint("TRUNCATE")

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        batch = [first]
        while len(batch) < _LARGEST_BATCH:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, False
            batch.append(job)
        return batch, True

    def _commit(self, waiting: list[_Job]) -> None:
        # What was called off before its turn is not written; from here on it no longer can be.
        batch = [job for job in waiting if job.future.set_running_or_notify_cancel()]
        if not batch:
            return
        answers: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            with self._lock, our_errors(self._path):
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    if len(batch) == 1:  # a savepoint would copy every page it touches for nothing
                        answers.append((batch[0], batch[0].work(SqliteWrite(self._connection)), None))
                    else:
                        for job in batch:
                            answers.append((job, *self._attempt(job)))
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
        except BaseException as error:
            answers = [(job, None, error) for job in batch]
        for job, answer, problem in answers:
            if problem is None:
                job.future.set_result(answer)
            else:
                job.future.set_exception(problem)

    def _attempt(self, job: _Job) -> tuple[Any, Exception | None]:
        answer: Any = None
        problem: Exception | None = None
        try:
            with self._connection, our_errors(self._path):  # apsw: a savepoint inside the transaction
                answer = job.work(SqliteWrite(self._connection))
        except Exception as error:
            if not self._connection.in_transaction:  # SQLite itself rolled everything back (disk full, I/O error)
                raise
            problem = error
        return answer, problem

    def _count_wal(self, connection: apsw.Connection, database: str, pages: int) -> int:
        """Told by SQLite after each commit. The file's size says nothing: it keeps its length when it is reused."""
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self, mode: str) -> None:
        # Readers of another process may hold it back: the WAL stays, and the next checkpoint takes it along.
        with self._lock, contextlib.suppress(apsw.Error):
            self._connection.execute(f"PRAGMA wal_checkpoint({mode})")
