"""What speaks for a memory: one array over an owner's rows each, before any weight."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recollect.index.view import IndexView

Floats = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)

K1 = 0.9
B = 0.4
"""BM25's parameters: measured against 1.2 / 0.75 and others; short turns want little normalisation of length."""

COVERED_TERMS = 8
"""How many of a query's terms coverage looks at, the rarest first: one bit each."""
BEFORE, AROUND, AFTER = 0.7, 0.5, 0.4
"""What a term counts that is not in the memory itself but in the one before it; in the one after it or two before; two
after. A talk names its subject once."""


def idf(holding: float, units: int) -> float:
    """Inverse document frequency as Lucene has it; never negative."""
    return float(np.log1p((units - holding + 0.5) / (holding + 0.5)))


class Words:
    """What the query's terms say of each row.

    ``bm25``: BM25 (Robertson & Zaragoza 2009), the best of the row's units; statistics are of the owner's live rows.
    ``held``: which of ``covered`` the row holds, the n-th as bit n. ``covered``: idf of the terms that have a bit.
    ``total``: the sum of all terms' idf.
    """

    __slots__ = ("bm25", "covered", "held", "total")

    def __init__(self, view: IndexView, terms: NDArray[np.uint32]) -> None:
        scores = np.zeros(len(view.unit_length), np.float32)
        held = np.zeros(len(view.unit_length), np.uint8)
        self.covered: list[float] = []
        self.total = 0.0
        if view.live_units:
            average = max(view.live_length / view.live_units, 1.0)
            norm = (K1 * B / average) * view.unit_length.astype(np.float32)
            norm += K1 * (1 - B)
            for weight, lists in _rarest_first(view, terms):
                bit = np.uint8(1 << len(self.covered)) if len(self.covered) < COVERED_TERMS else np.uint8(0)
                for units, counts in lists:
                    share = counts.astype(np.float32)
                    share /= share + norm[units]
                    share *= np.float32(weight * (K1 + 1))
                    scores[units] += share
                    if bit:
                        held[units] |= bit
                if bit:
                    self.covered.append(weight)
                self.total += weight
        if len(view.unit_length) != len(view):
            scores = np.maximum.reduceat(scores, view.first_unit)
            held = np.bitwise_or.reduceat(held, view.first_unit)
        self.bm25: Floats = scores
        self.held: NDArray[np.uint8] = held

    def coverage(self, view: IndexView) -> Floats:
        """The share of the query, by idf, that a row and its neighbours hold; in [0, 1]."""
        if not self.covered:
            return np.zeros(len(view), np.float32)
        worth = np.zeros(1, np.float32)
        for weight in self.covered:
            worth = np.concatenate((worth, worth + np.float32(weight)))
        worth /= worth[-1]
        before, after = from_previous(view, self.held), from_following(view, self.held)
        seen = self.held
        covered = worth[seen]
        for found, share in (
            (before, BEFORE),
            (after | from_previous(view, before), AROUND),
            (from_following(view, after), AFTER),
        ):
            covered += np.float32(share) * worth[found & ~seen]
            seen = seen | found
        return covered


def _rarest_first(
    view: IndexView, terms: NDArray[np.uint32]
) -> list[tuple[float, list[tuple[NDArray[np.int32], NDArray[np.uint8]]]]]:
    """Each term's idf and lists. A term nobody used is there too, with no list: it was asked for and is missing."""
    places = [np.searchsorted(segment.terms, terms).tolist() for segment in view.segments]
    found = []
    for number, term in enumerate(terms.tolist()):
        lists = []
        holding = -view.dead_lists.get(term, 0)
        for segment, at in zip(view.segments, places, strict=True):
            place = at[number]
            if place < len(segment.terms) and segment.terms[place] == term:
                part = slice(segment.starts[place], segment.starts[place + 1])
                lists.append((segment.units[part], segment.counts[part]))
                holding += len(lists[-1][0])
        found.append((idf(holding, view.live_units), lists))
    return sorted(found, key=lambda entry: -entry[0])


def from_previous(view: IndexView, values: NDArray[Scalar]) -> NDArray[Scalar]:
    """Each row's value moved to the row said right after it; zero where nothing was said before."""
    moved = np.empty_like(values)
    moved[1:] = values[:-1]
    return _mended(moved, values, view.not_after_row_before, view.previous)


def from_following(view: IndexView, values: NDArray[Scalar]) -> NDArray[Scalar]:
    """Each row's value moved to the row said right before it; zero where nothing was said after."""
    moved = np.empty_like(values)
    moved[:-1] = values[1:]
    return _mended(moved, values, view.not_before_row_after, view.following)


def _mended(
    moved: NDArray[Scalar], values: NDArray[Scalar], rows: NDArray[np.intp], neighbours: NDArray[np.int32]
) -> NDArray[Scalar]:
    source = neighbours[rows]
    moved[rows] = np.where(source >= 0, values[source], values.dtype.type(0))
    return moved


def session_strength(view: IndexView, scores: Floats, rows: NDArray[np.intp]) -> Floats:
    """Mean of the three best among ``rows`` in each session, a missing one counting zero; float32 (sessions,)."""
    codes = view.session[rows]
    order = np.lexsort((-scores[rows], codes))
    codes, best = codes[order], scores[rows][order]
    start = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    place = np.arange(len(codes)) - np.repeat(start, np.diff(np.append(start, len(codes))))
    strength = np.bincount(codes, np.where(place < 3, best, 0.0), minlength=view.sessions) / 3
    return strength.astype(np.float32)
