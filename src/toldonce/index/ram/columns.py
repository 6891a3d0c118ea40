"""Growing arrays that readers can hold on to while a writer goes on.

A reader keeps a slice ``[:count]``. Appending writes behind that slice, or into a larger copy; ``assign`` writes into a
copy always. So what a reader holds never changes, and one owner's reader and writer need no common lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numkong
import numpy as np
from numpy.typing import NDArray

from toldonce.types import TOKEN_DIMENSIONS

Scalar = TypeVar("Scalar", bound=np.generic)

FIRST_BLOCK = 16
LARGEST_BLOCK = 8192
"""Rows of a vector block added by appending: 6 MB of 384 numbers, in pages that cost nothing until written."""
_UNTOUCHED = 128 << 10
"""Bytes of memory that the system hands out a page at a time only beyond this size."""
TOKENS_A_BLOCK = 2048
"""Small vectors a block of those added by appending has room for: some sixty memories, 256 KB."""
_AT_ONCE = 1024
"""Rows that are halved together: 1.5 MB of 384 floats stay in the cache."""


class Column(Generic[Scalar]):
    """One value a row."""

    def __init__(self, dtype: type[Scalar]) -> None:
        self._data: NDArray[Scalar] = np.empty(0, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> NDArray[Scalar]:
        """What is there now, as a slice that stays as it is."""
        return self._data[: self._count]

    @property
    def nbytes(self) -> int:
        return self._data.nbytes

    def extend(self, values: Any) -> None:
        """Add values at the end; amortised, the copy at doubling is a few bytes a row."""
        end = self._count + len(values)
        if end > len(self._data):
            # Exact at the first load, a quarter more afterwards.
            larger = np.empty(end + (end // 4 if self._count else 0), self._data.dtype)
            larger[: self._count] = self._data[: self._count]
            self._data = larger
        self._data[self._count : end] = values
        self._count = end

    def assign(self, rows: Any, values: Any) -> None:
        """Overwrite, in a copy."""
        self._data = self._data.copy()
        self._data[rows] = values


class VectorBlocks:
    """One vector a row in a few matrices: the first load in one, what comes later in blocks that are never moved.

    In half precision: a search reads every one of them, and takes as long as memory needs to deliver them. Dot products
    of unit vectors change by less than 0.001; the order of results changes only where two are as near as that.
    """

    def __init__(self) -> None:
        self._blocks: tuple[NDArray[np.float16], ...] = ()
        self._starts: tuple[int, ...] = ()
        self._count = 0
        self._dimensions = 0

    @property
    def blocks(self) -> tuple[NDArray[np.float16], ...]:
        """Matrices (rows, dimensions) one below the other; empty until the first vector has come."""
        return self._blocks

    @property
    def nbytes(self) -> int:
        """Bytes that are in use: those of a large block cost nothing before something is written to them."""
        if not self._blocks:
            return 0
        *full, last = self._blocks
        used = (self._count - self._starts[-1]) * self._dimensions * last.itemsize
        return sum(block.nbytes for block in full) + min(last.nbytes, used + _UNTOUCHED)

    def extend(self, vectors: list[NDArray[np.float32] | None]) -> None:
        """Add one row each; None leaves a row of zeros to be written later."""
        start = self._count
        self._count += len(vectors)
        known = [vector for vector in vectors if vector is not None]
        if known:
            self.settle(len(known[0]))
        self._reserve()
        if start == 0 and known and len(known) == len(vectors):
            for first in range(0, len(known), _AT_ONCE):
                rows = np.concatenate(known[first : first + _AT_ONCE]).reshape(-1, self._dimensions)
                numkong.astype(rows, "float16", out=self._blocks[0][first : first + len(rows)])
            return
        for row, vector in enumerate(vectors, start):
            if vector is not None:
                self.write(row, vector)

    def write(self, row: int, vector: NDArray[np.float32]) -> None:
        """Set a row that had no vector, in place: readers that hold the blocks know it as a row without one."""
        self._reserve()
        block = np.searchsorted(self._starts, row, side="right") - 1
        self._blocks[block][row - self._starts[block]] = vector

    def row(self, row: int) -> NDArray[np.float32]:
        """One row's vector, as near as it is kept."""
        block = np.searchsorted(self._starts, row, side="right") - 1
        vector: NDArray[np.float32] = self._blocks[block][row - self._starts[block]].astype(np.float32)
        return vector

    def holds(self, row: int, vector: NDArray[np.float32]) -> bool:
        """Whether this is the row's vector."""
        return np.array_equal(self.row(row), vector.astype(np.float16))

    def settle(self, dimensions: int) -> None:
        """Agree on how long vectors are; to be called before any of that length is written."""
        if self._dimensions not in (0, dimensions):
            raise ValueError(f"a vector of {dimensions} numbers among vectors of {self._dimensions}")
        self._dimensions = dimensions

    def _reserve(self) -> None:
        """Blocks for every row there is."""
        if not self._dimensions:
            return
        reserved = self._starts[-1] + len(self._blocks[-1]) if self._blocks else 0
        if self._count <= reserved:
            return
        missing = self._count - reserved
        growth = min(LARGEST_BLOCK, max(FIRST_BLOCK, self._count // 8))
        rows = max(missing, growth) if reserved else missing  # exact at the first load: most owners are small
        self._blocks += (np.zeros((rows, self._dimensions), np.float16),)
        self._starts += (reserved,)


class TokenBlocks:
    """Any number of small vectors a row, one row's together, in matrices that are filled in order of arrival."""

    def __init__(self) -> None:
        self._blocks: tuple[NDArray[np.int8], ...] = ()
        self._used = 0
        """Of the last block."""
        self._block = Column(np.int32)
        self._first = Column(np.int32)
        self._size = Column(np.int32)

    @property
    def nbytes(self) -> int:
        rows = self._block.nbytes + self._first.nbytes + self._size.nbytes
        return rows + sum(block.nbytes for block in self._blocks[:-1]) + self._used * TOKEN_DIMENSIONS

    def extend(self, vectors: Sequence[NDArray[np.int8] | None]) -> None:
        """Add one row each; None leaves a row without any."""
        placed = self._place(vectors)
        for column, values in zip((self._block, self._first, self._size), placed, strict=True):
            column.extend(values)

    def assign(self, rows: Sequence[int], vectors: Sequence[NDArray[np.int8] | None]) -> None:
        """Give rows other vectors. What they had stays in its place, for readers that know it."""
        placed = self._place(vectors)
        for column, values in zip((self._block, self._first, self._size), placed, strict=True):
            column.assign(rows, values)

    def row(self, row: int) -> NDArray[np.int8] | None:
        """One row's vectors."""
        return self.view().row(row)

    def view(self) -> TokenVectors:
        """What is there now; it stays as it is."""
        return TokenVectors(self._blocks, self._block.values, self._first.values, self._size.values)

    def _place(self, vectors: Sequence[NDArray[np.int8] | None]) -> tuple[list[int], list[int], list[int]]:
        """Write them; where each is."""
        counts = [0 if vector is None else len(vector) for vector in vectors]
        left = sum(counts)
        blocks: list[int] = []
        firsts: list[int] = []
        for vector, count in zip(vectors, counts, strict=True):
            if vector is not None and count:
                if not self._blocks or self._used + count > len(self._blocks[-1]):
                    reserved = max(left, TOKENS_A_BLOCK) if self._blocks else left
                    self._blocks += (np.empty((reserved, TOKEN_DIMENSIONS), np.int8),)
                    self._used = 0
                self._blocks[-1][self._used : self._used + count] = vector
            blocks.append(len(self._blocks) - 1)
            firsts.append(self._used)
            self._used += count
            left -= count
        return blocks, firsts, counts


class TokenVectors(NamedTuple):
    """``TokenBlocks`` as they stood at one moment."""

    blocks: tuple[NDArray[np.int8], ...]
    block: NDArray[np.int32]
    """By row: which block its vectors are in, in one piece."""
    first: NDArray[np.int32]
    """Where there."""
    size: NDArray[np.int32]
    """And how many there are."""

    def row(self, row: int) -> NDArray[np.int8] | None:
        """One row's vectors, None if it has none."""
        first, count = int(self.first[row]), int(self.size[row])
        return self.blocks[self.block[row]][first : first + count] if count else None

    def gathered(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        """The vectors of ``rows``, each of which has some, one row after the other."""
        places = zip(self.block[rows].tolist(), self.first[rows].tolist(), self.size[rows].tolist(), strict=True)
        return np.concatenate([self.blocks[block][first : first + count] for block, first, count in places])
