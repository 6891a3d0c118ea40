"""What speaks for a memory, one array over an owner's rows each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recollect.index.view import IndexView

Floats = NDArray[np.float32]

K1 = 0.9
B = 0.4
"""BM25's parameters: measured against 1.2 / 0.75 and others; short turns want little normalisation of length."""


def idf(holding: float, units: int) -> float:
    """Inverse document frequency as Lucene has it; never negative."""
    return float(np.log1p((units - holding + 0.5) / (holding + 0.5)))


def bm25(view: IndexView, terms: NDArray[np.uint32]) -> tuple[Floats, float]:
    """BM25 (Robertson & Zaragoza 2009) of each row for the terms, and the sum of the terms' idf.

    A row of several units has the score of its best. Statistics are of the owner's live rows.
    """
    scores = np.zeros(len(view.unit_length), np.float32)
    total = 0.0
    if not len(terms) or not view.live_units:
        return _best_unit(view, scores), total
    average = max(view.live_length / view.live_units, 1.0)
    norm = (K1 * (1 - B)) + (K1 * B / average) * view.unit_length.astype(np.float32)
    places = [(segment, np.searchsorted(segment.terms, terms)) for segment in view.segments]
    for number, term in enumerate(terms.tolist()):
        lists = []
        for segment, at in places:
            place = at[number]
            if place < len(segment.terms) and segment.terms[place] == term:
                lists.append((segment, slice(segment.starts[place], segment.starts[place + 1])))
        holding = sum(part.stop - part.start for _, part in lists) - view.dead_lists.get(term, 0)
        weight = np.float32(idf(holding, view.live_units))
        total += float(weight)
        for segment, part in lists:
            units = segment.units[part]
            counts = segment.counts[part].astype(np.float32)
            scores[units] += weight * np.float32(K1 + 1) * counts / (counts + norm[units])
    return _best_unit(view, scores), total


def _best_unit(view: IndexView, scores: Floats) -> Floats:
    if len(view.unit_length) == len(view):
        return scores
    best: Floats = np.maximum.reduceat(scores, view.first_unit)
    return best


def from_previous(view: IndexView, values: Floats) -> Floats:
    """Each row's value moved to the row said right after it."""
    return _gather(values, view.previous)


def from_following(view: IndexView, values: Floats) -> Floats:
    """Each row's value moved to the row said right before it."""
    return _gather(values, view.following)


def _gather(values: Floats, rows: NDArray[np.int32]) -> Floats:
    moved = values[rows]
    moved[rows < 0] = 0.0
    return moved


def session_strength(view: IndexView, scores: Floats, rows: NDArray[np.intp]) -> Floats:
    """Mean of the three best among ``rows`` in each session, a missing one counting zero; float32 (sessions,)."""
    strength = np.zeros(view.sessions, np.float32)
    order = rows[np.argsort(-scores[rows], kind="stable")]
    taken = np.zeros(view.sessions, np.int32)
    for row in order.tolist():
        code = view.session[row]
        if taken[code] < 3:
            taken[code] += 1
            strength[code] += scores[row] / 3
    return strength


def said_by(view: IndexView, speakers: tuple[int, ...]) -> NDArray[np.bool_]:
    """Rows said by one of the speakers."""
    return np.isin(view.speaker, speakers)
