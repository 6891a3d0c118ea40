"""Signals to one score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recollect.index.view import IndexView
from recollect.recall.query import Query
from recollect.recall.signals import Floats, Words, from_following, from_previous, session_strength
from recollect.text.names import is_personal

# Weights, rounded by hand from a plateau (bench/locomo.py; each moves recall@10 by less than half a point when halved
# or doubled, except the first three).
BM25 = 0.4
"""Of the best row's BM25 in the query."""
COVERAGE = 0.6
"""Of a query whose every word is in the memory."""
DENSE = 0.55
"""Of the best row's cosine."""
DENSE_AFTER = 0.3
"""Share of the next memory's cosine that is this one's too: its vector is made from both."""
ANSWER = 0.15
"""To what follows a question as similar to the query as any."""
SESSION = 0.25
"""Of the mean of a session's three best."""
SPEAKER = 0.4
"""To what the person said whom the query is about."""
ASKED = 0.1
"""Off what only asks the other."""
PERIOD = 0.25
"""To what was said in the time the query speaks of."""
LONG_REPLY = 0.15
"""Off an unnamed assistant's message of several passages, unless the query asks what the assistant said."""

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
    if not len(view) or limit <= 0:
        return []
    words = Words(view, query.terms)
    lexical = BM25 * _of_best(words.bm25) + COVERAGE * words.coverage(view)
    dense, similarity = _dense(view, vector, words.bm25)
    total = lexical + dense
    if not view.all_alive:
        total[~view.alive] = -1.0
    best = _top(total, CONTEXT_ROWS, view.ids)
    session = (SESSION * session_strength(view, total, best))[view.session]
    priors = _priors(view, query)
    total = total + session + priors

    rows = np.arange(len(view)) if mask is None and view.all_alive else np.flatnonzero(_allowed(view, mask))
    chosen = rows[_top(total[rows], limit, view.ids[rows])]
    chosen = chosen[np.lexsort((-view.ids[chosen], -total[chosen]))]
    certainty = _certainty(query, float(words.bm25.max()) / words.total if words.total else 0.0, similarity)
    return [
        Scored(
            memory_id=int(view.ids[row]),
            score=float(np.clip(certainty * total[row] / 2.2, 0.0, 1.0)),
            breakdown={
                "words": float(lexical[row]),
                "meaning": float(dense[row]),
                "session": float(session[row]),
                "priors": float(priors[row]),
                "certainty": certainty,
            },
        )
        for row in chosen.tolist()
    ]


def _of_best(values: Floats) -> Floats:
    """As shares of the greatest."""
    greatest = values.max()
    return values / greatest if greatest > 0 else np.zeros_like(values)


def _dense(view: IndexView, vector: Floats | None, lexical: Floats) -> tuple[Floats, float]:
    """The weighed cosines with what neighbours lend, and the greatest cosine itself."""
    cosines = np.zeros(len(view), np.float32) if vector is None else view.similarities(vector)
    np.maximum(cosines, 0.0, out=cosines)
    similarity = float(cosines.max())
    meaning = _of_best(cosines)
    if not view.all_embedded:
        # What has no vector yet is taken to mean what it says.
        meaning[~view.embedded] = _of_best(lexical)[~view.embedded]
    answers = _said_by_people(view, from_previous(view, meaning * view.questions))
    total = np.float32(DENSE) * meaning
    total += np.float32(DENSE * DENSE_AFTER) * from_following(view, meaning)
    total += np.float32(ANSWER) * answers
    return total, similarity


def _said_by_people(view: IndexView, values: Floats) -> Floats:
    """Zero for an assistant without a name: its replies follow every question."""
    if not view.by_assistant.any():
        return values
    values[view.by_assistant & ~_named(view)] = 0.0
    return values


def _named(view: IndexView) -> NDArray[np.bool_]:
    """Rows said by somebody with a name."""
    return np.array([name is not None and is_personal(name) for name in view.speakers])[view.speaker]


def _priors(view: IndexView, query: Query) -> Floats:
    """What speaks for a memory whatever its words."""
    named = _named(view)
    asks = view.asked_of_you & (named | view.by_assistant)
    priors = np.where(asks, np.float32(-ASKED), np.float32(0.0))
    if query.speaker is not None:
        priors[(view.speaker == query.speaker) & ~asks] += np.float32(SPEAKER)
    if query.period is not None:
        priors[(view.said_at >= query.period.start) & (view.said_at < query.period.end)] += np.float32(PERIOD)
    if len(view.unit_length) != len(view) and not query.asks_assistant:
        units = np.diff(np.append(view.first_unit, len(view.unit_length)))
        priors[(units > 1) & view.by_assistant & ~named] -= np.float32(LONG_REPLY)
    return priors


def _allowed(view: IndexView, mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    return view.alive if mask is None else mask & view.alive


def _top(values: Floats, limit: int, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the ``limit`` greatest values are, in no order; of equals, the newest memories."""
    if limit >= len(values):
        return np.arange(len(values))
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
