"""Overwriting what a SQLite file keeps of rows that are gone.

Deleting a row gives its bytes back to the page, and its pages back to the file, but leaves what stood there. SQLite's
``secure_delete`` overwrites most of it, yet a page that is rebuilt next to a full one keeps copies, and a file that was
written without that setting keeps everything. So every page is looked at here, after its description in "Database File
Format" (sqlite.org/fileformat2.html), and what belongs to no row becomes zeros:

* the gap between a b-tree page's cell pointers and its cells, and its free blocks;
* free pages, but for the numbers of other free pages on the trunks among them;
* the end of the last overflow page of a long row.

Only such bytes are written, in place. No reader looks at them, so nobody has to wait, and a crash in between leaves a
valid file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 4096
"""Pages read in one piece."""
_HEADER = 100
"""Bytes of the file's own header, on its first page."""
_MOST_PAGES = 1 << 25
"""From here on a page number may begin like a b-tree page, so that an overflow page cannot be told from one."""

_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 2, 5, 10, 13
_BTREE = (_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF)

_Range = tuple[int, int]
"""Where bytes of the file begin and end."""


def can_scrub(pages: int) -> bool:
    """Whether pages of a file of this size can be told apart."""
    return pages < _MOST_PAGES


def scrub(path: Path) -> int:
    """Overwrite every byte of the file that belongs to no row; how many bytes were not zero.

    Call while nobody can write and the log is empty, so that the file is all there is. Other connections may hold old
    copies of its pages in RAM: commit something afterwards, through a new connection, so that they read anew.
    """
    # SQLite's own way to open a file: another would drop this process's locks on it when it is closed.
    file = apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        found = 0
        for start, end in _Leftovers(file).ranges():
            left = file.xRead(end - start, start)
            found += len(left) - left.count(0)
            file.xWrite(bytes(end - start), start)
        if found:
            file.xSync(apsw.SQLITE_SYNC_FULL)
        return found
    finally:
        file.xClose()


def leftovers(path: Path) -> Iterator[bytes]:
    """What ``scrub`` would overwrite."""
    file = apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        for start, end in _Leftovers(file).ranges():
            yield file.xRead(end - start, start)
    finally:
        file.xClose()


class _Leftovers:
    """Finds the bytes of a file that belong to no row and are not zero."""

    def __init__(self, file: apsw.VFSFile) -> None:
        self._file = file
        header = file.xRead(_HEADER, 0)
        size = int.from_bytes(header[16:18])
        self._page_size = 1 << 16 if size == 1 else size
        self._usable = self._page_size - header[20]
        self._pages = file.xFileSize() // self._page_size
        self._first_trunk = int.from_bytes(header[32:36])

    def ranges(self) -> Iterator[_Range]:
        """Each as (start, end) in the file."""
        free = set[int]()
        for start, end in self._free(free):
            if _holds_anything(self._file.xRead(end - start, start)):
                yield start, end
        overflowing = 0
        for number, page in self._each():
            if number in free:
                continue
            if page[_HEADER if number == 1 else 0] in _BTREE:
                first = (number - 1) * self._page_size
                yield from ((first + start, first + end) for start, end in self._gaps(page, number))
            else:
                overflowing += 1
        if overflowing:
            yield from self._ends(free, overflowing)

    def _page(self, number: int) -> bytes:
        return self._file.xRead(self._page_size, (number - 1) * self._page_size)

    def _each(self) -> Iterator[tuple[int, bytes]]:
        size = self._page_size
        for first in range(0, self._pages, _AT_ONCE):
            count = min(_AT_ONCE, self._pages - first)
            piece = self._file.xRead(count * size, first * size)
            for number in range(count):
                yield first + number + 1, piece[number * size : (number + 1) * size]

    def _free(self, seen: set[int]) -> Iterator[_Range]:
        """Free pages: the leaves whole, of the trunks what is behind their numbers."""
        trunk = self._first_trunk
        while trunk and trunk not in seen:
            seen.add(trunk)
            page = self._page(trunk)
            following, count = struct.unpack_from(">II", page)
            start = (trunk - 1) * self._page_size
            yield start + 8 + 4 * count, start + self._page_size
            for number in struct.unpack_from(f">{count}I", page, 8):
                seen.add(number)
                yield (number - 1) * self._page_size, number * self._page_size
            trunk = following

    def _gaps(self, page: bytes, number: int) -> Iterator[_Range]:
        header = _HEADER if number == 1 else 0
        kind, block, cells, content = struct.unpack_from(">BHHH", page, header)
        start = header + (12 if kind in (_INDEX_INTERIOR, _TABLE_INTERIOR) else 8) + 2 * cells
        end = content or 1 << 16
        if _holds_anything(page[start:end]):
            yield start, end
        while block:
            following, size = struct.unpack_from(">HH", page, block)
            if _holds_anything(page[block + 4 : block + size]):
                yield block + 4, block + size
            block = following

    def _long_rows(self, page: bytes, number: int) -> Iterator[tuple[int, int]]:
        """(first overflow page, bytes on overflow pages) of each row that does not fit on its page."""
        header = _HEADER if number == 1 else 0
        kind, _, cells, _ = struct.unpack_from(">BHHH", page, header)
        if kind == _TABLE_INTERIOR or not cells:
            return
        child = 4 if kind == _INDEX_INTERIOR else 0
        pointers = np.frombuffer(page, ">u2", cells, header + 8 + child).astype(np.intp)
        lengths: NDArray[np.uint8] = np.frombuffer(page, np.uint8)[pointers + child]
        for pointer in pointers[lengths >= 0x80].tolist():  # a length of more than one byte
            payload, at = _varint(page, pointer + child)
            if kind == _TABLE_LEAF:
                at = _varint(page, at)[1]  # the row's id
            local = self._local(payload, kind)
            if local < payload:
                yield int.from_bytes(page[at + local : at + local + 4]), payload - local

    def _local(self, payload: int, kind: int) -> int:
        """How many bytes of a row are on its own page: see "B-tree Cell Format"."""
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if payload <= most:
            return payload
        least = (usable - 12) * 32 // 255 - 23
        surplus = least + (payload - least) % (usable - 4)
        return surplus if surplus <= most else least

    def _ends(self, free: set[int], overflowing: int) -> Iterator[_Range]:
        """What is behind the last byte of each long row, on its last overflow page; there are so many such pages."""
        for number, page in self._each():
            if not overflowing:
                return
            if number in free or page[_HEADER if number == 1 else 0] not in _BTREE:
                continue
            for last, left in self._long_rows(page, number):
                while left > self._usable - 4:
                    last = int.from_bytes(self._file.xRead(4, (last - 1) * self._page_size))
                    left -= self._usable - 4
                    overflowing -= 1
                overflowing -= 1
                start = (last - 1) * self._page_size
                if _holds_anything(self._page(last)[4 + left :]):
                    yield start + 4 + left, start + self._page_size


def _holds_anything(piece: bytes) -> bool:
    return piece.count(0) != len(piece)


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer, and where it ends. (None of ours has the ninth byte of eight bits.)"""
    value = page[at] & 0x7F
    while page[at] >= 0x80:
        at += 1
        value = value << 7 | page[at] & 0x7F
    return value, at + 1
