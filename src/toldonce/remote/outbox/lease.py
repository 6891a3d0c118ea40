"""Who may send: one process at a time for each outbox. The kernel takes the lease back when its process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """A file lock that is held until it is let go of."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        return self._handle is not None

    def take(self) -> bool:
        """Take the lease if nobody has it; whether it is ours now."""
        return self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Hold the lease, however long it takes to get it."""
        self._lock(fcntl.LOCK_EX)
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            fcntl.flock(handle, fcntl.LOCK_UN)  # closing alone would not, where a forked child has the file too
            os.close(handle)

    def _lock(self, how: int) -> bool:
        if self._handle is None:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                os.close(handle)
                return False
            self._handle = handle
        return True
