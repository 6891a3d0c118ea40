"""Signals to one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.novelty import distinct
from toldonce.recall.query import Query
from toldonce.recall.signals import Floats, Words, session_strength


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

_BITS = np.array([number.bit_count() for number in range(256)], np.float32)

LEAST = 0.25
"""The best memory's score for a plain question that nothing in the store seems to answer."""

CONTEXT_ROWS = 128
"""How many of the best rows a session's strength is read from, and distinct memories are looked for among."""


class Scored(NamedTuple):
    """A memory and how well it answers.

    The score is ``certainty`` times the square of the other four's sum as a share of the best memory's.
    """

    memory_id: int
    score: float
    """In [0, 1]; comparable between queries."""
    words: float = 0.0
    meaning: float = 0.0
    session: float = 0.0
    priors: float = 0.0
    certainty: float = 0.0

    @property
    def breakdown(self) -> dict[str, float]:
        """What the score was made of."""
        return {
            "words": self.words,
            "meaning": self.meaning,
            "session": self.session,
            "priors": self.priors,
            "certainty": self.certainty,
        }


def rank(
    view: IndexView,
    query: Query,
    vector: Floats | None,
    *,
    limit: int,
    mask: NDArray[np.bool_] | None = None,
    just_asked: Sequence[frozenset[int]] = (),
    weights: Weights = WEIGHTS,
) -> list[Scored]:
    """The best memories for a query, best first.

    ``vector`` is that of ``query.dense_text``, or None to rank by words alone. ``mask`` (rows of the view, see
    ``IndexView.mask``) says which memories may be returned; a memory's score does not depend on it. ``just_asked``:
    the questions right before the query, whose memories come later.
    """
    if not view.statistics.count or limit <= 0:
        return []
    words = Words(view, query.terms)
    coverage = words.coverage(view)
    lexical = np.float32(weights.coverage) * coverage
    lexical += np.float32(weights.bm25) * _of_best(words.bm25)
    dense, similarity = _dense(view, vector, words.bm25, weights)
    total = lexical + dense
    strength = session_strength(view, total, _top(total, CONTEXT_ROWS, view.ids))
    session = (np.float32(weights.session) * strength).take(view.session)
    priors = _priors(view, query, weights)
    if len(view.question_rows):
        priors[view.question_rows] -= np.float32(weights.repeated) * _repeats(view, words)
    total += session
    total += priors
    if len(view.dead):
        total[view.dead] = -1.0
    greatest = float(total.max())

    pool = max(CONTEXT_ROWS, 2 * limit)
    if mask is not None or len(view.dead):
        rows = np.flatnonzero(view.alive if mask is None else mask & view.alive)
        ranked = rows[_top(total[rows], pool, view.ids[rows])]
    else:
        ranked = _top(total, pool, view.ids)
    if just_asked:
        # After the scale of scores was set: what is less like the query does not answer it better for this.
        again = _asked_again(view, ranked, just_asked)
        priors[again] -= np.float32(weights.repeated)
        total[again] -= np.float32(weights.repeated)
    ranked = ranked[np.lexsort((-view.ids[ranked], -total[ranked]))]
    chosen = np.array(distinct(view, ranked, frozenset(query.terms.tolist()), limit), np.intp)
    certainty = query.intent.strength * _answerable(float(coverage.max()), similarity, query.intent.grounded)
    shares = np.square(np.maximum(total[chosen], 0.0) / max(greatest, 1e-6)) * certainty
    columns = (lexical, dense, session, priors)
    return list(
        map(
            Scored,
            view.ids[chosen].tolist(),
            shares.tolist(),
            *(column[chosen].tolist() for column in columns),
            repeat(certainty),
        )
    )


def _of_best(values: Floats) -> Floats:
    """As shares of the greatest."""
    shares: Floats = values / max(values.max(), np.float32(1e-9))
    return shares


def _dense(view: IndexView, vector: Floats | None, lexical: Floats, weights: Weights) -> tuple[Floats, float]:
    """The weighed cosines with what neighbours lend, and the greatest cosine itself."""
    meaning = np.zeros(len(view), np.float32) if vector is None else view.similarities(vector)
    np.maximum(meaning, 0.0, out=meaning)
    if len(view.dead):
        meaning[view.dead] = 0.0
    similarity = float(meaning.max())
    meaning *= np.float32(weights.dense / max(similarity, 1e-9))
    # What has no vector yet is taken to mean what it says.
    if len(view.pending):
        meaning[view.pending] = np.float32(weights.dense) * _of_best(lexical)[view.pending]
    following = view.from_following(meaning)
    following[view.long] = 0.0
    following *= np.float32(weights.dense_after)
    following += meaning
    following[view.answers] += np.float32(weights.answer / weights.dense) * meaning.take(view.answered)
    return following, similarity


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
        priors[view.long_replies] -= np.float32(weights.long_reply)
    return priors


def _repeats(view: IndexView, words: Words) -> Floats:
    """By row that asks: how much of it is the query again; 0 up to half of its words, 1 for all."""
    shares: Floats = _BITS.take(words.held.take(view.question_units)) * view.question_share
    shares -= 1.0
    np.maximum(shares, 0.0, out=shares)
    return np.minimum(shares, 1.0, out=shares)


def _asked_again(view: IndexView, rows: NDArray[np.intp], just_asked: Sequence[frozenset[int]]) -> NDArray[np.intp]:
    """Those of ``rows`` that say nothing but one of the questions right before, or it and its answer."""
    asking = rows[view.questions[rows]]
    contents = [view.content(row) - view.name_ids for row in asking.tolist()]
    return asking[[any(content <= asked for asked in just_asked) for content in contents]]


def _answerable(coverage: float, similarity: float, grounded: bool) -> float:
    """How likely the store holds an answer, from the best that words and vectors found in it.

    A logistic fit (with the bundled embedder) that tells questions asked of their own store from the same questions
    asked of another. Without vectors, words stand in for them. Never under ``LEAST`` for what is ``grounded``: a
    question may share neither words nor much meaning with what answers it.
    """
    odds = exp(12.0 * max(similarity, 0.25 + 0.25 * coverage) + 5.4 * coverage - 7.5)
    least = LEAST if grounded else 0.0
    return least + (1 - least) * odds / (1 + odds)


def _top(values: Floats, limit: int, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the ``limit`` greatest values are, in no order; of equals, the newest memories."""
    if limit >= len(values):
        return np.arange(len(values))
    parted = values.copy()
    parted.partition(len(values) - limit)
    least = parted[len(values) - limit]
    chosen: NDArray[np.intp] = (values >= least).nonzero()[0]
    if len(chosen) > limit:
        equal = chosen[values[chosen] == least]
        kept = len(equal) - (len(chosen) - limit)
        newest = equal[np.argpartition(ids[equal], len(equal) - kept)[len(equal) - kept :]]
        chosen = np.concatenate((chosen[values[chosen] > least], newest))
    return chosen
