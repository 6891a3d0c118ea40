"""Growing arrays that readers can hold on to while a writer goes on.

A reader keeps a slice ``[:count]``. Appending writes behind that slice, or into a larger copy; ``assign`` writes into a
copy always. So what a reader holds never changes, and one owner's reader and writer need no common lock.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numkong
import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

FIRST_BLOCK = 16
LARGEST_BLOCK = 8192
"""Rows of a vector block added by appending: 6 MB of 384 numbers, in pages that cost nothing until written."""
_UNTOUCHED = 128 << 10
"""Bytes of memory that the system hands out a page at a time only beyond this size."""
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
