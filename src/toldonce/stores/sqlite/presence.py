"""Who has a folder's store open, so that all of them let go of what was erased.

Each opener keeps a file of its own in ``folder/open``, locked as long as it has the store open. Whoever erases writes
into each file the number of the erasure that its opener is to know of; the opener looks several times a second, has its
caches forget, and writes the number beside it. The kernel lets go of the lock when a process dies, and whoever erases
next removes the file.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from toldonce.locks import LockFile

LOOK_EVERY = 0.2
"""Seconds between two looks at what was erased."""

_WANTED = 0
_KNOWN = 8
"""Where the two numbers stand in a file."""


class Presence:
    """This opener's file, and the thread that looks into it."""

    def __init__(self, folder: Path, forget: Callable[[], None]) -> None:
        """``forget``: has everything in RAM dropped."""
        self._folder = folder / "open"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._path = self._folder / f"{os.getpid()}.{secrets.token_hex(4)}"
        self._process = os.getpid()
        draft = self._folder / f".{self._path.name}"  # nobody takes it for one whose process died, until it is locked
        self._lock = LockFile(draft)
        self._lock.wait()
        self._file = self._lock.descriptor
        draft.rename(self._path)
        self._forget = forget
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="toldonce-presence", daemon=True)
        self._thread.start()

    def ask(self, number: int) -> None:
        """Have every opener let go of what was erased up to this number."""
        for _, file in self._others():
            if _read(file, _WANTED) < number:
                with suppress(OSError):
                    os.pwrite(file, struct.pack("<Q", number), _WANTED)
        self._look()

    def behind(self, number: int) -> list[int]:
        """The processes that have not let go of it yet."""
        return [int(path.name.split(".")[0]) for path, file in self._others() if _read(file, _KNOWN) < number]

    def close(self) -> None:
        """Leave. What is erased from here on is not this opener's concern."""
        if self._closing.is_set():
            return
        self._closing.set()
        if os.getpid() == self._process:  # a forked child has no such thread, and the file is the parent's
            self._thread.join()
            self._path.unlink(missing_ok=True)
        self._lock.close()

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            self._look()

    def _look(self) -> None:
        wanted = _read(self._file, _WANTED)
        if wanted > _read(self._file, _KNOWN):
            self._forget()
            os.pwrite(self._file, struct.pack("<Q", wanted), _KNOWN)

    def _others(self) -> Iterator[tuple[Path, int]]:
        """Each opener's file, this one's too, as long as its process lives."""
        for path in [path for path in self._folder.iterdir() if not path.name.startswith(".")]:
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                if _is_held(file):
                    yield path, file
                else:
                    path.unlink(missing_ok=True)
            finally:
                os.close(file)


def _is_held(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(file: int, at: int) -> int:
    piece = os.pread(file, 8, at)
    return int(struct.unpack("<Q", piece)[0]) if len(piece) == 8 else 0
