"""Signals to one score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recollect.index.view import IndexView
from recollect.recall.query import Query
from recollect.recall.signals import Floats, bm25, from_following, from_previous, said_by, session_strength

LEXICAL, DENSE = 0.45, 0.55
NEIGHBOUR_BEFORE, NEIGHBOUR_AFTER = 0.3, 0.2
DENSE_AFTER = 0.3
SESSION = 0.1
SPEAKER = 0.2
CONTEXT_ROWS = 200
"""How many of the best rows a session's strength is read from."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A memory and how well it answers."""

    memory_id: int
    score: float
    """In [0, 1]; comparable between queries."""
    breakdown: dict[str, float] = field(default_factory=dict)
    """What the score was made of."""


def rank(
    view: IndexView,
    query: Query,
    vector: Floats | None,
    *,
    limit: int,
    mask: NDArray[np.bool_] | None = None,
) -> list[Scored]:
    """The best memories for a query, best first.

    ``vector`` is that of ``query.dense_text``, or None to rank by words alone. ``mask`` (rows of the view, see
    ``IndexView.mask``) says which memories may be returned; a memory's score does not depend on it.
    """
    if not len(view):
        return []
    lexical, ideal = bm25(view, query.terms)
    dense = np.zeros(len(view), np.float32) if vector is None else view.similarities(vector)
    np.maximum(dense, 0.0, out=dense)
    top_lexical, top_dense = float(lexical.max()), float(dense.max())
    words = lexical / top_lexical if top_lexical > 0 else lexical
    meaning = dense / top_dense if top_dense > 0 else dense
    if not view.all_embedded:
        meaning = np.where(view.embedded, meaning, words)
    words = words + NEIGHBOUR_BEFORE * from_previous(view, words) + NEIGHBOUR_AFTER * from_following(view, words)
    meaning = meaning + DENSE_AFTER * from_following(view, meaning)
    total = LEXICAL * words + DENSE * meaning
    if not view.all_alive:
        total[~view.alive] = -1.0

    best = _top(total, CONTEXT_ROWS, view.ids)
    session = SESSION * session_strength(view, total, best)[view.session]
    speaker = np.zeros(len(view), np.float32)
    if len(query.speakers) == 1:
        speaker = np.float32(SPEAKER) * said_by(view, query.speakers)
    total = total + session + speaker

    certainty = _certainty(query, top_lexical / ideal if ideal else 0.0, top_dense)
    allowed = view.alive if mask is None else mask & view.alive
    rows = np.flatnonzero(allowed)
    chosen = rows[_top(total[rows], limit, view.ids[rows])]
    chosen = chosen[np.lexsort((-view.ids[chosen], -total[chosen]))]
    highest = 1.5 + SESSION * 1.5 + SPEAKER
    return [
        Scored(
            memory_id=int(view.ids[row]),
            score=float(np.clip(certainty * total[row] / highest, 0.0, 1.0)),
            breakdown={
                "words": float(LEXICAL * words[row]),
                "meaning": float(DENSE * meaning[row]),
                "session": float(session[row]),
                "speaker": float(speaker[row]),
                "certainty": certainty,
            },
        )
        for row in chosen.tolist()
    ]


def _top(values: Floats, limit: int, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the ``limit`` greatest values are, in no order; of equals, the newest memories."""
    if limit >= len(values):
        return np.arange(len(values))
    if limit <= 0:
        return np.empty(0, np.intp)
    least = np.partition(values, len(values) - limit)[len(values) - limit]
    above = np.flatnonzero(values > least)
    equal = np.flatnonzero(values == least)
    wanted = limit - len(above)
    if wanted < len(equal):
        equal = equal[np.argpartition(ids[equal], len(equal) - wanted)[len(equal) - wanted :]]
    return np.concatenate((above, equal))


def _certainty(query: Query, coverage: float, similarity: float) -> float:
    """How sure the best memory can be of answering, from the query's own figures."""
    if not query.substance:
        return 0.05
    return float(np.clip(0.2 + 0.5 * coverage + 0.6 * similarity, 0.0, 1.0))
