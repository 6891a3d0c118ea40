"""Whose turn it is to write, among all processes that share a folder.

SQLite's own busy handler sleeps and retries, so that with eight writers one in a thousand waits for more than half
a second. Here a writer waits in the kernel instead. Two files make the queue fair: who holds ``turn`` is next, and
lets go of it only once it has ``write``; a writer that has just finished must queue for ``turn`` like all others.

A wait in the kernel has no end of its own, and the process that holds the lock may be stopped. So a thread of its own
waits there, and whoever wants to write waits for that thread, as long as ``lock_wait`` says. To start it takes longer
than most writes: for a moment a writer asks again and again instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from toldonce.errors import Closed, StoreError
from toldonce.locks import LockFile, lock_wait

_SHORTEST = 0.00005
"""Seconds after which it is asked for again; as it is waited for longer, less often."""
_MOMENT = 0.005
"""Seconds after which a writer that does not have the lock queues for it."""


class WriteLock:
    """A lock between processes and their threads. The kernel releases it when its process dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wait = lock_wait()
        self._turn = LockFile(folder / "turn.lock")
        self._write = LockFile(folder / "write.lock")
        self._mine = threading.Lock()  # flock does not tell the threads of a process apart
        self._changed = threading.Condition()
        self._queued = False
        """Whether a thread is in the kernel's queue."""
        self._wanted = False
        """Whether somebody waits for that thread."""
        self._overdue = False
        """Whether a wait ran out since the lock was last had: others then need not wait as long again."""
        self._closed = False

    def __enter__(self) -> None:
        if not self.take(0.0 if self._overdue else self._wait):
            self._overdue = True
            raise self.held_too_long(self._wait)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()

    def take(self, seconds: float) -> bool:
        """Have the lock, after so many seconds at most; whether it is ours now."""
        until = time.monotonic() + seconds
        if not self._mine.acquire(timeout=seconds):
            return False
        taken = False
        try:
            taken = self._take_soon(until) or self._queue(until)
            if taken:
                self._overdue = False
                self._write.sign()
        except BaseException:  # Ctrl-C while it waited
            if taken:
                self._write.let_go()
                taken = False
            raise
        finally:
            if not taken:
                self._mine.release()
        return taken

    def held_too_long(self, seconds: float) -> StoreError:
        """The error for whoever waited so long in vain."""
        return StoreError(
            f"{self._write.holder()} has been writing to {self._folder} for more than {seconds:g} seconds (see "
            "TOLDONCE_LOCK_WAIT): nothing else can be written. See what it does, or end it; its lock ends with it."
        )

    def let_go(self) -> None:
        """Let others write."""
        try:
            self._write.let_go()
        finally:
            self._mine.release()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            if not self._queued:  # else the thread in the queue closes the files: it uses them
                self._close_files()

    def _take_soon(self, until: float) -> bool:
        """Have the lock in a moment. If not, the turn may be ours, and stays so in the queue."""
        began = time.monotonic()
        try:
            while not (taken := self._take_at_once()):
                now = time.monotonic()
                if self._queued or now >= min(until, began + _MOMENT):
                    break
                time.sleep(_SHORTEST + (now - began) / 16)
        except BaseException:  # Ctrl-C
            with self._changed:
                if not self._queued and not self._closed:
                    self._turn.let_go()
            raise
        return taken

    def _take_at_once(self) -> bool:
        with self._changed:
            if self._closed:
                raise Closed("This memory was closed. Open it again before writing to it.")
            if self._queued or not (self._turn.take() and self._write.take()):
                return False
            self._turn.let_go()
            return True

    def _queue(self, until: float) -> bool:
        with self._changed:
            self._wanted = True
            if not self._queued:
                self._queued = True
                threading.Thread(target=self._wait_in_kernel, name="toldonce-lock", daemon=True).start()
            try:
                self._changed.wait_for(lambda: not self._queued, max(0.0, until - time.monotonic()))
            except BaseException:
                if not self._queued:
                    self._write.let_go()
                raise
            finally:
                self._wanted = False
            return not self._queued

    def _wait_in_kernel(self) -> None:
        self._turn.wait()
        self._write.wait()
        self._turn.let_go()
        with self._changed:
            self._queued = False
            if not self._wanted:  # whoever did gave up
                self._write.let_go()
                self._overdue = False
            if self._closed:
                self._close_files()
            self._changed.notify_all()

    def _close_files(self) -> None:
        self._turn.close()
        self._write.close()


@contextmanager
def named_lock(folder: Path, name: str) -> Iterator[None]:
    """Be the only one in ``folder`` who does what ``name`` says; the kernel lets go of it when this process dies."""
    file = LockFile(folder / f"{name}.lock")
    try:
        if not file.take():
            raise StoreError(f"{file.holder()} has {folder} for this ({name}). Wait for it, or stop it first.")
        file.sign()
        yield
    finally:
        file.close()
