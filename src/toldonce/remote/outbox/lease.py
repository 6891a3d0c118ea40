"""Who may send: one process at a time for each outbox. The kernel takes the lease back when its process dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toldonce.errors import StoreError
from toldonce.locks import LockFile, lock_wait

_LOOK_AGAIN = 0.02
"""Seconds between two tries to get a lease that is held for a moment only."""


class Lease:
    """A file lock that is held until it is let go of. A forked child does not hold its parent's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: LockFile | None = None

    @property
    def held(self) -> bool:
        return self._file is not None

    def take(self) -> bool:
        """Take the lease if nobody has it; whether it is ours now."""
        if self._file is None:
            file = LockFile(self._path)
            if not file.take():
                file.close()
                return False
            file.sign()
            self._file = file
        return True

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Hold the lease. Raises ``StoreError`` if another process does for too long."""
        seconds = lock_wait()
        until = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() >= until:
                raise StoreError(f"{self._holder()} has had {self._path} for more than {seconds:g} seconds. End it.")
            time.sleep(_LOOK_AGAIN)
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _holder(self) -> str:
        file = LockFile(self._path)
        try:
            return file.holder()
        finally:
            file.close()
