"""Room on the disk that is kept for deletes: on a full disk they are what makes room.

A delete writes too, first into the log. So a file of some size lies in the folder, and is made smaller, bit by bit,
when the disk is full and something is deleted. Until there is room for all of it again nothing else is written.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from toldonce.stores.sqlite.connection import disk_full

SIZE = 4 << 20
"""Bytes: some thousands of deletes between two checkpoints of the log."""

_STEP = SIZE // 8
_ROOM = 2 * SIZE
"""Bytes that must be free for the file to be made, so that it does not itself fill the disk."""


class Reserve:
    """The file in one folder. Any number of processes use it; each looks whether it is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "reserve"
        self._name = str(self._path)
        self.full = False
        """Whether the last thing that was to be written did not fit on the disk."""

    @property
    def is_kept(self) -> bool:
        """Whether the file is there whole, or could be made so just now."""
        return self._size() == SIZE or self._make()

    def give_up_some(self) -> bool:
        """Make room; False: there is nothing left to give up."""
        left = self._size() - _STEP
        if left < 0:
            return False
        os.truncate(self._path, left)
        return True

    def _size(self) -> int:
        try:
            return os.stat(self._name).st_size
        except FileNotFoundError:
            return 0

    def check(self) -> None:
        """Raise ``DiskFull`` if there is no room to write anything but deletes."""
        if self.full or not self.is_kept or _free(self._folder) < SIZE:
            raise disk_full(self._folder)

    def _make(self) -> bool:
        with suppress(OSError):
            if _free(self._folder) >= _ROOM:
                file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    _allocate(file)
                finally:
                    os.close(file)
                return True
        return False


def _allocate(file: int) -> None:
    """Have the file system set the bytes aside."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, SIZE)
    else:  # macOS
        for start in range(0, SIZE, _STEP):
            os.pwrite(file, bytes(_STEP), start)


def _free(folder: Path) -> int:
    """Bytes that this user may still write there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
