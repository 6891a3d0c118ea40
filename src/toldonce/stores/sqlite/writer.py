"""One writes at a time, and what is waiting is committed together."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import apsw

from toldonce.caches import CacheRegistry
from toldonce.errors import Closed, DiskFull, StoreError
from toldonce.fair import ANYBODY, FairQueue, Turn
from toldonce.locks import FORK_GATE
from toldonce.priority import quick
from toldonce.stores.sqlite.connection import BUSY, disk_full, our_errors, require_known_schema
from toldonce.stores.sqlite.lock import WriteLock
from toldonce.stores.sqlite.reserve import Reserve
from toldonce.stores.sqlite.write import SqliteWrite

T = TypeVar("T")

_BATCH_SECONDS = 0.005
"""After which no more work is begun before a commit: who comes next waits no longer than that, and one unit more."""
_IDLE_SECONDS = 0.05
"""Without a write, after which there is time for a checkpoint."""
_WAL_LIMIT = 16 << 20
"""Bytes waiting for a checkpoint at which writers wait for one: about ten milliseconds."""
_PATIENCE = 1.0
"""Seconds that a checkpoint waits for other processes' writes."""


Work: TypeAlias = Callable[[SqliteWrite], Any]
Outcome: TypeAlias = tuple[Any, BaseException | None]
"""What work returned, or why nothing of it was written."""


class _Job(NamedTuple):
    turn: Turn
    work: Work
    future: Future[Any]


_LOOK = _Job(ANYBODY, lambda store: None, Future())
"""Nothing to write: there was a write to be checkpointed after."""


class Writer:
    """Runs units of work one after the other and commits those that wait together in one transaction.

    A commit costs one fsync, however many units it holds. Units that share one have savepoints: one that fails takes
    nothing of its neighbours with it. Where many wait, projects take turns, and so do owners within a project.
    Checkpoints run when nothing waits, off the path of whoever waits for an answer.

    A thread of its own writes what is submitted. A thread that would wait for it anyway writes itself, if it is not the
    main one and nobody else is writing: to hand work to another and an answer back takes a tenth of a millisecond.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        path: Path,
        lock: WriteLock,
        reserve: Reserve,
        caches: CacheRegistry,
        digest_key: bytes,
    ) -> None:
        self._reserve = reserve
        self._caches = caches
        self._digest_key = digest_key
        self._connection = connection
        self._path = path
        self._wal_pages = 0
        self._page_size: int = connection.pragma("page_size")
        connection.set_wal_hook(self._count_wal)
        self._lock = lock
        # A SimpleQueue: the main thread may be in the middle of a put when a signal's handler writes too.
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: FairQueue[_Job] = FairQueue()
        """What this object's thread has received."""
        self._ended = False
        """Whether it has received the end."""
        self._turn = threading.Lock()
        """Held by the thread that uses the connection."""
        self._wanted = False
        """Whether this object's thread waits for its turn: then nobody may go first."""
        self._watching = False
        """Whether this object's thread looks by itself whether anything was written."""
        self._written = False
        """Whether another thread wrote anything since this object's thread last looked."""
        self._closing = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="toldonce-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[SqliteWrite], T], turn: Turn = ANYBODY) -> Future[T]:
        future: Future[T] = Future()
        self._queue(_Job(turn, work, future))
        return future

    def write(self, work: Callable[[SqliteWrite], T], turn: Turn = ANYBODY) -> T:
        """What ``work`` returns, once it is on disk."""
        # A signal's handler runs in the main thread in the middle of whatever that does, and may raise, write or close.
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread or self._wanted or self._turn.locked() or self._waiting or not self._jobs.empty():
            return self.submit(work, turn).result()
        with self._turn:
            self._require_open()
            ((answer, problem),) = self._transact(iter([work]), alone=True)
        self._written = True  # before it is asked who looks
        if not self._watching or self._is_wal_full:
            with contextlib.suppress(Closed):  # who closes looks too
                self._queue(_LOOK)
        if problem is not None:
            raise problem
        written: T = answer
        return written

    def _queue(self, job: _Job) -> None:
        self._require_open()  # before the lock too: a forked child may have it from a thread that it has not
        with self._closing:
            self._require_open()
            self._jobs.put(job)

    def _require_open(self) -> None:
        if os.getpid() != self._process:
            raise Closed("This memory was opened before the process forked. Open one in the child.")
        if self._closed:
            raise Closed("This memory was closed. Open it again before writing to it.")

    @property
    def waiting(self) -> int:
        """Units of work that wait for their turn."""
        return self._jobs.qsize() + len(self._waiting)

    def close(self) -> None:
        """Commit what was submitted, fold the WAL into the file and stop."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def shrink(self) -> None:
        """Let go of the pages that the connection keeps in RAM."""
        with self._turn:
            if not self._closed:
                self._connection.release_memory()

    def _run(self) -> None:
        while not self._ended or self._waiting:
            try:
                self._receive()
            except queue.Empty:
                if not self._written:
                    self._checkpoint("PASSIVE")
                    self._watching = False  # from here on whoever writes says so
                self._watching |= self._written
                self._written = False
            else:
                self._watching = True
                self._commit()
            if self._is_wal_full:
                self._checkpoint("PASSIVE")
        self._checkpoint("TRUNCATE")

    def _receive(self) -> None:
        """Let what has arrived wait for its turn. Raises ``queue.Empty`` if there is nothing to do for a while."""
        if not self._waiting:
            self._sort(self._jobs.get(timeout=_IDLE_SECONDS if self._watching else None))
        with contextlib.suppress(queue.Empty):
            while not self._ended:
                self._sort(self._jobs.get_nowait())

    def _sort(self, job: _Job | None) -> None:
        if job is None:
            self._ended = True
        elif job is not _LOOK:
            self._waiting.put(*job.turn, [job])

    def _commit(self) -> None:
        """Carry out those whose turn it is, for a moment."""
        begun: list[_Job] = []
        first = self._next()
        if first is None:
            return
        until = time.monotonic() + _BATCH_SECONDS

        def batch() -> Iterator[Work]:
            job: _Job | None = first
            while job is not None:
                begun.append(job)
                yield job.work
                job = self._next() if time.monotonic() < until else None

        with self._my_turn():
            outcomes = self._transact(batch(), alone=not self._waiting)
        for job, (answer, problem) in zip(begun, outcomes, strict=True):
            if problem is None:
                job.future.set_result(answer)
            else:
                job.future.set_exception(problem)

    def _next(self) -> _Job | None:
        """Whose turn it is. What was called off before is not written; from here on it no longer can be."""
        while taken := self._waiting.take(1):
            if taken[0].future.set_running_or_notify_cancel():
                return taken[0]
        return None

    @contextlib.contextmanager
    def _my_turn(self) -> Iterator[None]:
        """For this object's thread to use the connection."""
        self._wanted = True
        with self._turn:
            self._wanted = False
            yield

    def _transact(self, batch: Iterator[Work], *, alone: bool) -> list[Outcome]:
        """Outcomes of what was taken of a batch of at least one, in order. ``alone``: there is no more than one."""
        begun = [next(batch)]
        try:
            if self._reserve.is_kept:
                outcomes = self._together(begun, batch, alone=alone)
                self._reserve.full = False
                return outcomes
        except DiskFull:
            self._reserve.full = True
        except BaseException as error:
            return [(None, error)] * len(begun)
        return [self._make_room(work) for work in begun]

    def _together(self, begun: list[Work], more: Iterator[Work], *, alone: bool) -> list[Outcome]:
        outcomes: list[Outcome] = []
        writes: list[SqliteWrite] = []
        with self._transaction():
            for work in begun:  # it grows meanwhile
                writes.append(SqliteWrite(self._connection, self._digest_key))
                if alone:  # a savepoint would copy every page it touches for nothing
                    outcomes.append((work(writes[-1]), None))
                else:
                    outcomes.append(self._attempt(work, writes[-1]))
                begun += islice(more, 1)
        self._forget(writes)
        return outcomes

    def _make_room(self, work: Work) -> Outcome:
        """Do alone, with the room that was kept for it, what deletes. Anything else is refused: the disk is full."""
        while True:
            write = SqliteWrite(self._connection, self._digest_key)
            try:
                with self._transaction():
                    answer = work(write)
                    if not write.frees:
                        raise disk_full(self._path.parent)
            except DiskFull as error:
                if not write.frees or not self._reserve.give_up_some():
                    return None, error
            except BaseException as error:
                return None, error
            else:
                break
        self._forget([write])
        with contextlib.suppress(StoreError), self._lock, FORK_GATE:
            checkpoint(self._connection, "PASSIVE")  # so that the next delete finds room in the log
        return answer, None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, quick(), FORK_GATE, our_errors(self._path):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                require_known_schema(self._connection, self._path)
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _forget(self, writes: Sequence[SqliteWrite]) -> None:
        """Have the caches let go of what was deleted, before anybody is told that it was."""
        if owners := set().union(*(write.deleted_of for write in writes)):
            self._caches.forget(owners)

    def _attempt(self, work: Work, write: SqliteWrite) -> Outcome:
        answer: Any = None
        problem: Exception | None = None
        try:
            with self._connection, our_errors(self._path):  # apsw: a savepoint inside the transaction
                answer = work(write)
        except DiskFull:
            raise
        except Exception as error:
            if not self._connection.in_transaction:  # SQLite itself rolled everything back (disk full, I/O error)
                raise
            problem = error
        return answer, problem

    @property
    def _is_wal_full(self) -> bool:
        return self._wal_pages * self._page_size > _WAL_LIMIT

    def _count_wal(self, connection: apsw.Connection, database: str, pages: int) -> int:
        """Told by SQLite after each commit. The file's size says nothing: it keeps its length when it is reused."""
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self, mode: str) -> None:
        with self._my_turn():
            if self._lock.take(_PATIENCE):
                try:
                    with FORK_GATE:
                        checkpoint(self._connection, mode)
                finally:
                    self._lock.let_go()


def checkpoint(connection: apsw.Connection, mode: str) -> bool:
    """Fold the WAL into the file; whether all of it was. Call under the write lock.

    Readers may hold it back: the WAL stays then, and the next checkpoint takes it along. Nobody waits for them, as all
    writes would wait too.
    """
    connection.set_busy_timeout(0)
    try:
        with contextlib.suppress(apsw.Error):
            busy, pages, folded = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()[0]
            return not busy and pages == folded
    finally:
        connection.set_busy_timeout(BUSY)
    return False
