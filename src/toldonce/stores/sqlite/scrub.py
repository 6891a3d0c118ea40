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
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1 << 20
"""Bytes read in one piece: a few milliseconds of work that nothing interrupts."""
_HEADER = 100
"""Bytes of the file's own header, on its first page."""
_MOST_PAGES = 1 << 25
"""From here on a page number may begin like a b-tree page, so that an overflow page cannot be told from one."""

_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 2, 5, 10, 13
_BTREE = (_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF)

_LAST = bytes(4)
"""How the last overflow page of a row begins: none follows."""

_Range = tuple[int, int]
"""Where bytes of the file begin and end."""
_Numbers = NDArray[np.int64]


def can_scrub(pages: int) -> bool:
    """Whether pages of a file of this size can be told apart."""
    return pages < _MOST_PAGES


def scrub(path: Path) -> int:
    """Overwrite every byte of the file that belongs to no row; how many bytes were not zero.

    Call while nobody can write and the log is empty, so that the file is all there is. Other connections may hold old
    copies of its pages in RAM: commit something afterwards, through a new connection, so that they read anew.
    """
    with closing(Scrub(path)) as one:
        return one.overwrite()


def leftovers(path: Path) -> Iterator[bytes]:
    """What ``scrub`` would overwrite."""
    file = apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        for start, end in _Leftovers(file).ranges(None):
            yield file.xRead(end - start, start)
    finally:
        file.xClose()


class Scrub:
    """A file that is scrubbed more than once: all of it, and then the pages that were written meanwhile."""

    def __init__(self, path: Path) -> None:
        # SQLite's own way to open a file: another would drop this process's locks on it when it is closed.
        flags = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE
        self._file = apsw.VFSFile("", str(path), [flags, 0])
        self._leftovers = _Leftovers(self._file)

    def overwrite(self, pages: Iterable[int] | None = None) -> int:
        """Overwrite what belongs to no row; how many bytes were not zero. Call while the file stays as it is.

        ``pages``: all that were written since the last time, counted from 1; None: every page.
        """
        found = 0
        for start, end in self._leftovers.ranges(pages):
            left = self._file.xRead(end - start, start)
            found += len(left) - left.count(0)
            self._file.xWrite(bytes(end - start), start)
        if found:
            self._file.xSync(apsw.SQLITE_SYNC_FULL)
        return found

    def close(self) -> None:
        self._file.xClose()


class _Leftovers:
    """Finds the bytes of a file that belong to no row and are not zero. It reads the file twice, piece by piece."""

    def __init__(self, file: apsw.VFSFile) -> None:
        self._file = file
        self._ends = np.empty((0, 3), np.int64)
        """Of each long row: its last overflow page, the bytes used there, and the page with its beginning, from 0."""

    def ranges(self, written: Iterable[int] | None) -> Iterator[_Range]:
        """Each as (start, end) in the file; only on pages that were ``written`` since the last time, from 1."""
        self._read_header()
        unused = self._unused()
        looked_at = np.arange(self._pages) if written is None else np.unique(np.fromiter(written, np.int64)) - 1
        looked_at = looked_at[looked_at < self._pages]
        ends = [self._still_there(looked_at, unused)]
        for numbers, piece in self._pieces(looked_at):
            pages = np.frombuffer(piece, np.uint8).reshape(-1, self._page_size)
            headers = np.where(numbers == 0, _HEADER, 0)
            kinds = pages[np.arange(len(pages)), headers]
            free = unused[numbers]
            for place in np.flatnonzero(free >= 0).tolist():
                yield from self._held(
                    piece, numbers, place * self._page_size + int(free[place]), (place + 1) * self._page_size
                )
            trees = np.flatnonzero(np.isin(kinds, _BTREE) & (free < 0))
            for place in trees.tolist():
                for start, end in self._gaps(piece, place * self._page_size, int(headers[place])):
                    yield from self._held(piece, numbers, start, end)
            ends.append(self._followed(self._long_rows(pages, kinds, trees, numbers)))
        self._ends = np.concatenate(ends)
        yield from self._behind(looked_at)

    def _read_header(self) -> None:
        header = self._file.xRead(_HEADER, 0)
        size = int.from_bytes(header[16:18])
        self._page_size = 1 << 16 if size == 1 else size
        self._usable = self._page_size - header[20]
        self._pages = self._file.xFileSize() // self._page_size
        self._first_trunk = int.from_bytes(header[32:36])
        self._zeros = bytes(self._page_size)

    def _held(self, piece: bytes, numbers: _Numbers, start: int, end: int) -> Iterator[_Range]:
        """A stretch of one page of a piece, unless it is all zeros."""
        if piece[start:end] != self._zeros[: end - start]:
            place = start // self._page_size
            moved = (int(numbers[place]) - place) * self._page_size
            yield moved + start, moved + end

    def _pieces(self, looked_at: _Numbers) -> Iterator[tuple[_Numbers, bytes]]:
        """The numbers of some pages, counted from 0, and the pages."""
        at_once = max(1, _AT_ONCE // self._page_size)
        for start in range(0, len(looked_at), at_once):
            numbers = looked_at[start : start + at_once]
            edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
            runs = [(int(numbers[begin]), end - begin) for begin, end in pairwise(edges)]
            yield (
                numbers,
                b"".join(self._file.xRead(count * self._page_size, first * self._page_size) for first, count in runs),
            )

    def _still_there(self, written: _Numbers, unused: NDArray[np.int32]) -> _Numbers:
        """The long rows that are known, but for those whose page was written or is free since."""
        page = self._ends[:, 2]
        known = self._ends[(page < self._pages) & ~np.isin(page, written)]
        return known[unused[known[:, 2]] < 0]

    def _unused(self) -> NDArray[np.int32]:
        """From which byte on each page is free, by pages counted from 0; -1: it is in use.

        Of a trunk that is what is behind the numbers of other free pages, its leaves.
        """
        unused = np.full(self._pages, -1, np.int32)
        trunk = self._first_trunk
        while trunk and unused[trunk - 1] < 0:
            page = self._file.xRead(self._page_size, (trunk - 1) * self._page_size)
            following, count = struct.unpack_from(">II", page)
            unused[trunk - 1] = 8 + 4 * count
            unused[np.frombuffer(page, ">u4", count, 8).astype(np.intp) - 1] = 0
            trunk = following
        return unused

    def _gaps(self, piece: bytes, page: int, header: int) -> Iterator[_Range]:
        """Where no cell is on the b-tree page that begins at ``page``: behind the cell pointers, and free blocks."""
        kind, block, cells, content = struct.unpack_from(">BHHH", piece, page + header)
        start = header + (12 if kind in (_INDEX_INTERIOR, _TABLE_INTERIOR) else 8) + 2 * cells
        yield page + start, page + (content or 1 << 16)
        while block:
            following, size = struct.unpack_from(">HH", piece, page + block)
            yield page + block + 4, page + block + size
            block = following

    def _long_rows(
        self, pages: NDArray[np.uint8], kinds: NDArray[np.uint8], trees: NDArray[np.intp], numbers: _Numbers
    ) -> _Numbers:
        """(first overflow page, bytes on overflow pages, page) of each row that does not fit on its page."""
        rows = trees[kinds[trees] != _TABLE_INTERIOR]
        headers = np.where(numbers[rows] == 0, _HEADER, 0)
        counts = pages[rows, headers + 3].astype(np.int64) << 8 | pages[rows, headers + 4]
        children = np.where(kinds[rows] == _INDEX_INTERIOR, 4, 0)
        flat = pages.reshape(-1)
        # One entry for each cell from here on.
        page = np.repeat(rows, counts)
        begins = page * self._page_size
        within = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
        pointers = begins + np.repeat(headers + 8 + children, counts) + 2 * within
        at = begins + (flat[pointers].astype(np.int64) << 8 | flat[pointers + 1]) + np.repeat(children, counts)
        leaf = np.repeat(kinds[rows] == _TABLE_LEAF, counts)
        long = flat[at] >= 0x80  # A length of more than one byte.
        payload, at = _varints(flat, at[long])
        leaf, page = leaf[long], page[long]
        at[leaf] = _varints(flat, at[leaf])[1]  # The row's id.
        local = self._local(payload, leaf)
        spills = local < payload
        at, left = at[spills] + local[spills], (payload - local)[spills]
        four = flat[at[:, None] + np.arange(4)].astype(np.int64)
        return np.stack((four @ np.array([1 << 24, 1 << 16, 1 << 8, 1]), left, numbers[page[spills]]), axis=1)

    def _local(self, payload: _Numbers, leaf: NDArray[np.bool_]) -> _Numbers:
        """How many bytes of each row are on its own page: see "B-tree Cell Format"."""
        usable = self._usable
        most = np.where(leaf, usable - 35, (usable - 12) * 64 // 255 - 23)
        least = (usable - 12) * 32 // 255 - 23
        surplus = least + (payload - least) % (usable - 4)
        return np.where(payload <= most, payload, np.where(surplus <= most, surplus, least))

    def _followed(self, rows: _Numbers) -> _Numbers:
        """For each long row, as ``_long_rows`` has it, what ``_ends`` says of it."""
        room = self._usable - 4
        page, left = rows[:, 0], rows[:, 1]
        for row in np.flatnonzero(left > room).tolist():
            while left[row] > room:
                page[row] = int.from_bytes(self._file.xRead(4, (int(page[row]) - 1) * self._page_size))
                left[row] -= room
        page -= 1
        return rows

    def _behind(self, looked_at: _Numbers) -> Iterator[_Range]:
        """What is behind the last byte of each long row, on its last overflow page."""
        ends = self._ends[np.isin(self._ends[:, 0], looked_at)]
        ends = ends[np.argsort(ends[:, 0])]
        last, used = np.append(ends[:, 0], -1), ends[:, 1]
        for numbers, piece in self._pieces(looked_at):
            row = np.searchsorted(ends[:, 0], numbers)
            for place in np.flatnonzero(last[row] == numbers).tolist():
                start = place * self._page_size
                if piece[start : start + 4] == _LAST:
                    yield from self._held(piece, numbers, start + 4 + int(used[row[place]]), start + self._page_size)


def _varints(flat: NDArray[np.uint8], at: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Variable-length integers, and where each ends. (None of ours has the ninth byte of eight bits.)"""
    at = at.copy()
    value = (flat[at] & 0x7F).astype(np.int64)
    goes_on = flat[at] >= 0x80
    while goes_on.any():
        at[goes_on] += 1
        byte = flat[at[goes_on]]
        value[goes_on] = value[goes_on] << 7 | byte & 0x7F
        goes_on[goes_on] = byte >= 0x80
    return value, at + 1
