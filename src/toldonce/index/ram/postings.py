"""Inverted lists in a few immutable segments: which units of text hold a term, how often, and how long each unit is.

A *unit* is what BM25 scores: a short memory whole, a long one in passages of ``PASSAGE`` words, so that one long reply
neither wins by the mere number of its words nor loses the paragraph that answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PASSAGE = 120
"""Tokens."""
LARGEST_MERGE = 16_384
"""Units. Larger segments are left alone: sorting them again would stall the writer for longer than a frame of audio."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The lists of a run of units."""

    terms: NDArray[np.uint32]
    """Sorted, each once."""
    starts: NDArray[np.int32]
    """(len(terms) + 1,): where each term's list starts."""
    units: NDArray[np.int32]
    """The lists, one after the other; ascending within a list."""
    counts: NDArray[np.uint8]
    """How often the term occurs in the unit, at most 255."""
    size: int
    """Units covered."""

    @property
    def nbytes(self) -> int:
        return self.terms.nbytes + self.starts.nbytes + self.units.nbytes + self.counts.nbytes

    @staticmethod
    def build(tokens: NDArray[np.uint32], units: NDArray[np.int32], size: int) -> Segment:
        """From one (token, unit) pair per occurrence."""
        pairs = (tokens.astype(np.uint64) << np.uint64(32)) | units.astype(np.uint64)
        pairs.sort()
        first = (
            np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1]))) if len(pairs) else np.empty(0, np.intp)
        )
        counts = np.diff(np.append(first, len(pairs)))
        pairs = pairs[first]
        return _listed(
            (pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32).astype(np.int32), counts, size
        )

    @staticmethod
    def merge(left: Segment, right: Segment) -> Segment:
        """Two neighbouring runs as one."""
        terms = np.concatenate([np.repeat(part.terms, np.diff(part.starts)) for part in (left, right)])
        order = np.argsort(terms, kind="stable")
        units = np.concatenate((left.units, right.units))[order]
        counts = np.concatenate((left.counts, right.counts))[order]
        return _listed(terms[order], units, counts, left.size + right.size)


def _listed(terms: NDArray[np.uint32], units: NDArray[np.int32], counts: NDArray[np.generic], size: int) -> Segment:
    first = np.flatnonzero(np.concatenate(([True], terms[1:] != terms[:-1]))) if len(terms) else np.empty(0, np.intp)
    starts = np.append(first, len(terms)).astype(np.int32)
    return Segment(terms[first], starts, units, np.minimum(counts, 255).astype(np.uint8), size)


def with_segment(segments: tuple[Segment, ...], added: Segment) -> tuple[Segment, ...]:
    """The segments with a new one behind them, merged so that there are few and no merge is long."""
    merged = [*segments, added]
    while (
        len(merged) > 1 and merged[-1].size * 4 > merged[-2].size and merged[-2].size + merged[-1].size <= LARGEST_MERGE
    ):
        merged[-2:] = [Segment.merge(merged[-2], merged[-1])]
    return tuple(merged)


def passages(lengths: Sequence[int]) -> list[int]:
    """How many units texts of so many tokens are cut into: one up to a passage and a half."""
    return [1 if length <= PASSAGE * 3 // 2 else -(-length // PASSAGE) for length in lengths]
