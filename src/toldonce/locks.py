"""Locks that outlive neither their process nor a fork."""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from toldonce.errors import InvalidConfig

LOCK_WAIT = 30.0
"""Seconds that a write waits for other processes, unless ``TOLDONCE_LOCK_WAIT`` says otherwise."""

_SIGNATURE = 20
"""Bytes at the beginning of a lock's file: the process that had it last."""


def lock_wait() -> float:
    """``TOLDONCE_LOCK_WAIT`` in seconds, or else half a minute. Raises ``InvalidConfig``."""
    given = os.environ.get("TOLDONCE_LOCK_WAIT")
    if not given:
        return LOCK_WAIT
    with suppress(ValueError):
        if 0 < float(given) < threading.TIMEOUT_MAX:
            return float(given)
    raise InvalidConfig(f"TOLDONCE_LOCK_WAIT must be a number of seconds such as 30, not {given!r}.")


class LockFile:
    """The open file of a lock.

    A lock lasts until every process that has its file closed it. So a forked child has none of its parent's: it would
    hold its parent's lock after the parent's death.
    """

    _OPEN: ClassVar[set[LockFile]] = set()
    _FORKING: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, path: Path) -> None:
        with self._FORKING:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._OPEN.add(self)

    @property
    def descriptor(self) -> int:
        """For whoever reads and writes the file."""
        return self._file

    def wait(self) -> None:
        """Have the lock, however long it takes."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def take(self) -> bool:
        """Have the lock if nobody else does; whether it is ours now."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def let_go(self) -> None:
        """Leave the lock to others."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def sign(self) -> None:
        """Note that this process has the lock, for those who wait in vain."""
        signature = str(os.getpid()).encode().ljust(_SIGNATURE)
        with suppress(OSError):  # the disk may be full
            if os.pread(self._file, _SIGNATURE, 0) != signature:
                os.pwrite(self._file, signature, 0)

    def holder(self) -> str:
        """Who has the lock, for messages."""
        signature = os.pread(self._file, _SIGNATURE, 0).strip()
        return f"Process {signature.decode()}" if signature.isdigit() else "Another process"

    def close(self) -> None:
        """Close it; in a child that was forked meanwhile it is closed already."""
        with self._FORKING:
            if self in self._OPEN:
                self._OPEN.discard(self)
                os.close(self._file)

    @classmethod
    def before_fork(cls) -> None:
        """No other thread is opening or closing one while this thread forks."""
        cls._FORKING.acquire()

    @classmethod
    def after_fork_in_parent(cls) -> None:
        cls._FORKING.release()

    @classmethod
    def after_fork_in_child(cls) -> None:
        for one in cls._OPEN:
            os.close(one._file)
        cls._OPEN.clear()
        cls._FORKING.release()


class ForkGate:
    """A context manager around what a fork must not cut in two, such as work of a C library that has locks of its own.

    A thread that forks waits until no other is inside, and keeps others out meanwhile.
    """

    def __init__(self, patience: float = 5.0) -> None:
        """``patience``: seconds that a fork waits at most."""
        self._patience = patience
        self._depth = threading.local()
        self.quiet = False
        """In a forked child: whether no other thread was inside."""
        self._renew()

    def _renew(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._forking = False

    def __enter__(self) -> None:
        depth = getattr(self._depth, "value", 0)
        self._depth.value = depth + 1
        if not depth:
            with self._changed:
                if self._forking:
                    self._changed.wait_for(lambda: not self._forking)
                self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth.value -= 1
        if not self._depth.value:
            with self._changed:
                self._inside -= 1
                if self._forking:
                    self._changed.notify_all()

    def before_fork(self) -> None:
        """Wait until no other thread is inside, and keep the lock of this object until after the fork."""
        mine = 1 if getattr(self._depth, "value", 0) else 0
        self._changed.acquire()
        self._forking = True
        self.quiet = self._changed.wait_for(lambda: self._inside <= mine, self._patience) and not mine

    def after_fork_in_parent(self) -> None:
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        mine = 1 if getattr(self._depth, "value", 0) else 0
        self._renew()
        self._inside = mine


FORK_GATE = ForkGate()
"""Inside is whoever uses SQLite, whose locks and notes of open files survive no fork, or imports while others run."""


class ForkLock:
    """A lock that is free in a forked child, whoever had it in the parent."""

    def __init__(self) -> None:
        self.renew()
        _ALL.add(self)

    def renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


_ALL: weakref.WeakSet[ForkLock] = weakref.WeakSet()


def _in_child() -> None:
    for lock in list(_ALL):
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
    for kind in (LockFile, FORK_GATE):
        os.register_at_fork(
            before=kind.before_fork, after_in_parent=kind.after_fork_in_parent, after_in_child=kind.after_fork_in_child
        )
