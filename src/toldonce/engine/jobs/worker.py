"""Carrying out jobs, and handing on what the change feed says. A server does it, and so may any process."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from toldonce.errors import ToldonceError
from toldonce.stores.jobs import Job, Wanted
from toldonce.stores.protocol import Read, Store, Write
from toldonce.times import now

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000

LEASE = 60 * _SECOND
"""How long a job belongs to the worker that took it. If its process dies, the job is taken again after that."""

_OUTAGE = 1.0
"""Seconds between two tries while no job can be taken."""
LOOK_AGAIN = 1.0
"""Seconds after which a worker looks for what other processes ordered or wrote."""

AT_ONCE = 4
"""Jobs under way together, so that one slow address does not hold up the others."""
OF_ONE_SHARE = 2
"""Of these, jobs that are done for the same project."""
STOP_WITHIN = 1.0
"""Seconds that jobs under way get to end when their worker is closed. What has not ended is done again later."""


GiveUp: TypeAlias = Callable[[Job, str, Write], object]
"""What becomes of a job whose handler raised something unexpected: job, name of the exception, transaction."""


class Later(Exception):
    """A job is to be done again at ``due_at``, with another payload if one is given."""

    def __init__(self, due_at: int, payload: dict[str, Any] | None = None) -> None:
        super().__init__(due_at)
        self.due_at = due_at
        self.payload = payload


class FeedReader(Protocol):
    """Somebody who is told of changes, each once, in order."""

    def look(self, store: Read) -> Callable[[Write], None] | None:
        """Read some changes beyond its position; None: there are none.

        Returns what keeps the new position and orders what follows from them, in one commit: others wait for no more.
        """
        ...


class Worker:
    """Takes what is due and hands it to the handler of its kind, in a thread.

    A handler that returns has finished its job; one that raises ``Later`` gets it again. What else it raises is logged,
    and the job ends as ``give_up`` says: a job that cannot be read will not be readable tomorrow. Jobs whose kind has
    no handler here wait for another worker.
    """

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Callable[[Job], None]],
        readers: Sequence[FeedReader] = (),
        lease: int = LEASE,
        give_up: GiveUp | None = None,
    ) -> None:
        """``lease``: see ``LEASE``; no handler may take longer. ``give_up`` has to end the job; None just ends it."""
        self._store = store
        self._lease = lease
        self._handlers = handlers
        self._readers = readers
        self._give_up: GiveUp = give_up or (lambda job, cause, store: store.jobs.finish(job))
        self._wake = threading.Event()
        self._stopping = False
        self._pause = 0.0
        """Seconds to wait at least: the store cannot be used (a full disk)."""
        self._under_way: dict[int, Job] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="toldonce-jobs", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """There is a new job, or a new change."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more jobs. What handlers raise from here on ends no job: it is done again later."""
        self._stopping = True
        self._wake.set()

    def close(self) -> None:
        """Stop, and wait a moment for the jobs under way. The rest waits in the store."""
        self.stop()
        self._thread.join(STOP_WITHIN)
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, STOP_WITHIN)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait = self._step()
                self._pause = 0.0
            except ToldonceError as error:
                if not self._pause and not self._stopping:  # once for an outage
                    _LOG.error("Jobs cannot be taken for now: %s", error)
                wait = self._pause = _OUTAGE
            if wait > 0:
                self._wake.wait(wait)

    def _step(self) -> float:
        """Do what can be done now; the seconds until there may be more."""
        self._read_feed()
        with self._changed:
            busy = list(self._under_way.values())
        if len(busy) >= AT_ONCE:
            return LOOK_AGAIN
        shares = Counter(job.share for job in busy if job.share)
        full = [share for share, count in shares.items() if count >= OF_ONE_SHARE]
        wanted = Wanted(self._handlers, full, [job.lane for job in busy if job.lane], [job.id for job in busy])
        with self._store.read() as store:
            due = store.jobs.next_due(now(), wanted)
        if due is None or (wait := (due - now()) / _SECOND) > 0:
            return LOOK_AGAIN if due is None else min(wait, LOOK_AGAIN)
        job = self._store.write_now(lambda store: store.jobs.lease(now(), now() + self._lease, wanted))
        if job is None:
            return 0.0
        with self._changed:
            self._under_way[job.id] = job
        # A daemon: a process that ends does not wait for a receiver that does not answer.
        threading.Thread(target=self._carry_out, args=(job,), name="toldonce-job", daemon=True).start()
        return 0.0

    def _read_feed(self) -> None:
        for reader in self._readers:
            with self._store.read() as store:
                advance = reader.look(store)
            if advance is not None:
                self._store.write_now(advance)
                self._wake.set()

    def _carry_out(self, job: Job) -> None:
        try:
            self._attempt(job)
        except ToldonceError as error:  # the store cannot be used, or was closed: the lease brings the job back
            if not self._stopping:
                _LOG.error("Job %s (%s) waits for the end of its lease: %s", job.id, job.kind, type(error).__name__)
        finally:
            with self._changed:
                self._under_way.pop(job.id, None)  # after its lease ended, this worker may have taken it again
                self._changed.notify_all()
            self._wake.set()  # it may have been put back, to be due sooner than anything the loop waits for

    def _attempt(self, job: Job) -> None:
        began = time.monotonic()
        try:
            self._handlers[job.kind](job)
        except Later as later:
            due_at, payload = later.due_at, later.payload
            self._store.write_now(lambda store: store.jobs.put_back(job, due_at, payload))
            return
        except ToldonceError:
            raise
        except Exception as error:
            if self._stopping:
                return  # it was broken off
            # Its message may quote what was to be delivered.
            seconds = time.monotonic() - began
            cause = type(error).__name__
            _LOG.error("Job %s (%s) failed for good after %.1f s: %s", job.id, job.kind, seconds, cause)
            self._store.write_now(lambda store: self._give_up(job, cause, store))
            return
        self._store.write_now(lambda store: store.jobs.finish(job))
