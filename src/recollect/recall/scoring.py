"""Signals to one score."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp

import numpy as np
from numpy.typing import NDArray

from recollect.index.view import IndexView
from recollect.recall.novelty import distinct
from recollect.recall.query import Query
from recollect.recall.signals import Floats, Words, session_strength


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for.

    Rounded by hand from a plateau: bench/tune.py finds none that differ much, whichever conversation it leaves out.
    """

    bm25: float = 0.4
    """Of the best row's BM25 in the query."""
    coverage: float = 0.6
    """Of a query whose every word is in the memory."""
    dense: float = 0.55
    """Of the best row's cosine."""
    dense_after: float = 0.3
    """Share of the next memory's cosine that is this one's too: its vector is made from both."""
    answer: float = 0.15
    """To what follows a question as similar to the query as any."""
    session: float = 0.25
    """Of the mean of a session's three best."""
    speaker: float = 0.4
    """To what the person said whom the query is about."""
    asked: float = 0.1
    """Off what only asks the other."""
    period: float = 0.25
    """To what was said in the time the query speaks of."""
    repeated: float = 0.6
    """Off a question whose every word is the query's, half of it where three in four are: it is what is asked, not what
    answers."""
    long_reply: float = 0.15
    """Off an unnamed assistant's message of several passages, unless the query asks what the assistant said."""


WEIGHTS = Weights()

_BITS = np.array([number.bit_count() for number in range(256)], np.uint8)

LEAST = 0.25
"""The best memory's score for a plain question that nothing in the store seems to answer."""

CONTEXT_ROWS = 128
"""How many of the best rows a session's strength is read from, and distinct memories are looked for among."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A memory and how well it answers."""

    memory_id: int
    score: float
    """In [0, 1]; comparable between queries."""
    breakdown: dict[str, float] = field(default_factory=dict)
    """What the score was made of: ``certainty`` times the square of the others' sum as a share of the best memory's."""


def rank(
    view: IndexView,
    query: Query,
    vector: Floats | None,
    *,
    limit: int,
    mask: NDArray[np.bool_] | None = None,
    weights: Weights = WEIGHTS,
) -> list[Scored]:
    """The best memories for a query, best first.

    ``vector`` is that of ``query.dense_text``, or None to rank by words alone. ``mask`` (rows of the view, see
    ``IndexView.mask``) says which memories may be returned; a memory's score does not depend on it.
    """
    if not view.count or limit <= 0:
        return []
    words = Words(view, query.terms)
    coverage = words.coverage(view)
    lexical = np.float32(weights.coverage) * coverage
    lexical += np.float32(weights.bm25) * _of_best(words.bm25)
    dense, similarity = _dense(view, vector, words.bm25, weights)
    total = lexical + dense
    strength = session_strength(view, total, _top(total, CONTEXT_ROWS, view.ids))
    session = (np.float32(weights.session) * strength)[view.session]
    priors = _priors(view, query, weights)
    priors[view.question_rows] -= np.float32(weights.repeated) * _repeats(view, words)
    total += session
    total += priors
    total[view.dead] = -1.0
    greatest = float(total.max())

    pool = max(CONTEXT_ROWS, 2 * limit)
    if mask is not None or len(view.dead):
        rows = np.flatnonzero(view.alive if mask is None else mask & view.alive)
        ranked = rows[_top(total[rows], pool, view.ids[rows])]
    else:
        ranked = _top(total, pool, view.ids)
    ranked = ranked[np.lexsort((-view.ids[ranked], -total[ranked]))]
    chosen = np.array(distinct(view, ranked.tolist(), frozenset(query.terms.tolist()), limit), np.intp)
    certainty = query.intent * _answerable(float(coverage.max()), similarity)
    shares = np.square(np.maximum(total[chosen], 0.0) / max(greatest, 1e-6)) * certainty
    columns = (view.ids, lexical, dense, session, priors)
    return [
        Scored(
            memory_id=memory_id,
            score=score,
            breakdown={
                "words": by_words,
                "meaning": by_meaning,
                "session": by_session,
                "priors": by_priors,
                "certainty": certainty,
            },
        )
        for score, memory_id, by_words, by_meaning, by_session, by_priors in zip(
            shares.tolist(), *(column[chosen].tolist() for column in columns), strict=True
        )
    ]


def _of_best(values: Floats) -> Floats:
    """As shares of the greatest."""
    shares: Floats = values / max(values.max(), np.float32(1e-9))
    return shares


def _dense(view: IndexView, vector: Floats | None, lexical: Floats, weights: Weights) -> tuple[Floats, float]:
    """The weighed cosines with what neighbours lend, and the greatest cosine itself."""
    cosines = np.zeros(len(view), np.float32) if vector is None else view.similarities(vector)
    np.maximum(cosines, 0.0, out=cosines)
    cosines[view.dead] = 0.0
    similarity = float(cosines.max())
    meaning = _of_best(cosines)
    # What has no vector yet is taken to mean what it says.
    if len(view.pending):
        meaning[view.pending] = _of_best(lexical)[view.pending]
    asked = meaning * view.questions
    answers = view.from_previous(asked)
    # An assistant without a name answers every question: that tells nothing.
    answers[view.unnamed_assistant] = 0.0
    following = view.from_following(meaning)
    following[view.long] = 0.0
    total = np.float32(weights.dense) * meaning
    total += np.float32(weights.dense * weights.dense_after) * following
    total += np.float32(weights.answer) * answers
    return total, similarity


def _priors(view: IndexView, query: Query, weights: Weights) -> Floats:
    """What speaks for a memory whatever its words."""
    priors = np.zeros(len(view), np.float32)
    if query.speaker is not None:
        priors[view.speaker == query.speaker] = weights.speaker
    # A question put to another person is not about the one who asks; put to an assistant, it tells what she is up to.
    priors[view.asks_another] = -weights.asked
    if query.period is not None:
        priors[(view.said_at >= query.period.start) & (view.said_at < query.period.end)] += np.float32(weights.period)
    if not view.whole and not query.asks_assistant:
        long = view.unnamed_assistant[view.passages[view.unnamed_assistant] > 1]
        priors[long] -= np.float32(weights.long_reply)
    return priors


def _repeats(view: IndexView, words: Words) -> Floats:
    """By row that asks: how much of it is the query again; 0 up to half of its words, 1 for all."""
    rows = view.question_rows
    held = _BITS[words.held[view.first_unit[rows]]]
    shares = held / np.maximum(view.content_length[rows] - view.speaks_by_name[rows], 1)
    return np.clip(2 * shares - 1, 0.0, 1.0).astype(np.float32)


def _answerable(coverage: float, similarity: float) -> float:
    """How likely the store holds an answer, from the best that words and vectors found in it.

    A logistic fit (with the bundled embedder) that tells questions asked of their own store from the same questions
    asked of another. Without vectors, words stand in for them. Never under ``LEAST``: a question may share neither
    words nor much meaning with what answers it.
    """
    odds = exp(12.0 * max(similarity, 0.25 + 0.25 * coverage) + 5.4 * coverage - 7.5)
    return LEAST + (1 - LEAST) * odds / (1 + odds)


def _top(values: Floats, limit: int, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the ``limit`` greatest values are, in no order; of equals, the newest memories."""
    if limit >= len(values):
        return np.arange(len(values))
    least = np.partition(values, len(values) - limit)[len(values) - limit]
    chosen = np.flatnonzero(values >= least)
    if len(chosen) > limit:
        equal = chosen[values[chosen] == least]
        kept = len(equal) - (len(chosen) - limit)
        newest = equal[np.argpartition(ids[equal], len(equal) - kept)[len(equal) - kept :]]
        chosen = np.concatenate((chosen[values[chosen] > least], newest))
    return chosen
