"""Whose turn it is to write, among all processes that share a folder.

SQLite's own busy handler sleeps and retries, so that with eight writers one in a thousand waits for more than half
a second. Here a writer waits in the kernel instead. Two files make the queue fair: who holds ``turn`` is next, and
lets go of it only once it has ``write``; a writer that has just finished must queue for ``turn`` like all others.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from toldonce.errors import StoreError


class WriteLock:
    """A lock between processes and their threads. The kernel releases it when its process dies."""

    def __init__(self, folder: Path) -> None:
        self._turn = _open(folder / "turn.lock")
        self._write = _open(folder / "write.lock")
        self._mine = threading.Lock()  # flock does not tell the threads of a process apart

    def __enter__(self) -> None:
        self._mine.acquire()
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._write, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
        except BaseException:  # Ctrl-C while it waited
            self._leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        try:
            fcntl.flock(self._write, fcntl.LOCK_UN)
        finally:
            self._mine.release()

    def close(self) -> None:
        os.close(self._turn)
        os.close(self._write)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def named_lock(folder: Path, name: str) -> Iterator[None]:
    """Be the only one in ``folder`` who does what ``name`` says; the kernel lets go of it when this process dies."""
    file = _open(folder / f"{name}.lock")
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"Another process has {folder} for this ({name}). Wait for it, or stop it first."
            ) from error
        yield
    finally:
        os.close(file)
