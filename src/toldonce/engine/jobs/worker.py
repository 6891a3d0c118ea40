"""The thread that carries out jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from toldonce.errors import ToldonceError
from toldonce.stores.protocol import Store
from toldonce.stores.serving import Job
from toldonce.times import now

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000

LEASE = 60 * _SECOND
"""How long a job belongs to the worker that took it. If its process dies, the job is taken again after that."""

_OUTAGE = 1.0
"""Seconds between two tries while no job can be taken."""
LOOK_AGAIN = 30.0
"""Seconds after which a worker looks for jobs that other processes ordered."""

AT_ONCE = 4
"""Jobs under way together, so that one slow address does not hold up the others."""


class Later(Exception):
    """A job failed and is to be tried again at ``due_at``."""

    def __init__(self, due_at: int) -> None:
        super().__init__(due_at)
        self.due_at = due_at


class Worker:
    """Takes what is due and hands it to the handler of its kind.

    A handler that returns has finished its job; one that raises ``Later`` gets it again. What else it raises ends the
    job and is logged: a job that cannot be read will not be readable tomorrow.
    """

    def __init__(self, store: Store, handlers: Mapping[str, Callable[[Job], None]]) -> None:
        self._store = store
        self._handlers = handlers
        self._wake = threading.Event()
        self._stopping = False
        self._pause = 0.0
        """Seconds to wait at least: the store cannot be written (a full disk) though it says what is due."""
        self._room = threading.Semaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(AT_ONCE, "toldonce-job")
        self._thread = threading.Thread(target=self._run, name="toldonce-jobs", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """There is a new job."""
        self._wake.set()

    def close(self) -> None:
        """Finish the jobs under way; the rest waits in the store."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._stopping:
            self._room.acquire()
            job = self._lease()
            if job is not None:
                self._pool.submit(self._attempt, job).add_done_callback(self._leave)
                continue
            self._room.release()
            self._wake.wait(max(self._pause, self._seconds_to_next()))
            self._wake.clear()

    def _leave(self, _: Future[None]) -> None:
        self._room.release()
        self._wake.set()  # it may have been put back, to be due sooner than anything the loop waits for

    def _lease(self) -> Job | None:
        if self._seconds_to_next() > 0:
            return None
        try:
            job = self._store.write_now(lambda store: store.serving.lease_job(now(), now() + LEASE))
        except ToldonceError:
            if not self._pause:  # once for an outage
                _LOG.exception("Jobs cannot be taken for now")
            self._pause = _OUTAGE
            return None
        self._pause = 0.0
        return job

    def _seconds_to_next(self) -> float:
        """How long until a job is due, at most ``LOOK_AGAIN``; zero or less if one is."""
        try:
            with self._store.read() as store:
                due = store.serving.next_due()
        except ToldonceError:
            _LOG.exception("Jobs cannot be read for now")
            return LOOK_AGAIN
        return LOOK_AGAIN if due is None else min(LOOK_AGAIN, (due - now()) / _SECOND)

    def _attempt(self, job: Job) -> None:
        try:
            self._handlers[job.kind](job)
        except Later as later:
            due_at = later.due_at
            self._store.write_now(lambda store: store.serving.put_back_job(job.id, due_at))
            return
        except Exception as error:
            # Its message may quote what was to be delivered.
            _LOG.error("Job %s (%s) failed for good: %s", job.id, job.kind, type(error).__name__)
        self._store.write_now(lambda store: store.serving.finish_job(job.id))
