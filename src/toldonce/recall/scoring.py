"""Signals to one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.index.protocol import K1
from toldonce.recall.best import Best
from toldonce.recall.late_interaction import closeness
from toldonce.recall.latest import by_time
from toldonce.recall.novelty import distinct
from toldonce.recall.overview import LIKENESS, Overview, wanted
from toldonce.recall.query import Query
from toldonce.recall.repeats import asked_before, just_said, knows_nothing
from toldonce.recall.signals import AskedBefore, Floats, Words, session_strength, stretched
from toldonce.text.kinds import Kind
from toldonce.types import QueryTokens


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for.

    Rounded by hand from a plateau: bench/tune.py finds none that differ much, whichever conversation it leaves out.
    """

    bm25: float = 0.3
    """Of the best row's BM25 in the query."""
    coverage: float = 0.6
    """Of a query whose every word is in the memory."""
    dense: float = 1.1
    """Of a memory's similarity, where its tokens have no vectors."""
    dense_beside: float = 0.9
    """The same where they have."""
    tokens: float = 1.1
    """Of the nearness of their tokens."""
    dense_after: float = 0.3
    """Share of the next memory's cosine that is this one's too: its vector is made from both."""
    answer: float = 0.4
    """To what follows a question as similar to the query as any."""
    session: float = 0.25
    """Of the mean of a session's three best."""
    speaker: float = 0.4
    """To what the person said whom the query is about."""
    of_self: float = 0.15
    """To what people without a name state, if the query is in the first person: it is about them."""
    own: float = 0.8
    """To what states of somebody what the query asks of the one who asks, and nothing else: "my name"."""
    kind: float = 0.2
    """To what holds a kind of thing that the query asks for."""
    asked: float = 0.15
    """Off what only asks the other."""
    period: float = 0.25
    """To what was said in the time the query speaks of."""
    repeated: float = 0.6
    """Off what was asked right before: it has been answered."""
    long_reply: float = 0.15
    """Off an unnamed assistant's message of several passages, unless the query asks what the assistant said."""
    overview: float = 1.2
    """To what a question about the talk as a whole wants."""


WEIGHTS = Weights()

STEEPNESS, EVEN = 5.0, 0.915
"""Of the logistic curve from a sum of signals to a score, and the sum that is as likely to answer as not."""
LENIENT, FEW = 0.3, 8
"""What that sum is less by where there is but one memory, and the number of memories that halves it."""

TOKEN_ROWS = 100
"""How many of the best rows are compared token by token."""

CONTEXT_ROWS = 128
"""How many of the best rows a session's strength is read from, and distinct memories are looked for among."""


class Scored(NamedTuple):
    """A memory and how well it answers.

    The score grows with the other four's sum, whatever else the store holds.
    """

    memory_id: int
    score: float
    """In [0, 1]; comparable between queries."""
    words: float = 0.0
    meaning: float = 0.0
    session: float = 0.0
    priors: float = 0.0

    @property
    def breakdown(self) -> dict[str, float]:
        """What the score was made of."""
        return {
            "words": self.words,
            "meaning": self.meaning,
            "session": self.session,
            "priors": self.priors,
        }


def rank(
    view: IndexView,
    query: Query,
    vector: Floats | None,
    *,
    limit: int,
    tokens: QueryTokens | None = None,
    unrelated: float | None = None,
    mask: NDArray[np.bool_] | None = None,
    just_asked: Sequence[frozenset[int]] = (),
    weights: Weights = WEIGHTS,
) -> list[Scored]:
    """The best memories for a query, best first.

    ``vector`` is that of ``query.dense_text``, or None to rank by words alone; ``tokens`` are those of the same text,
    if the embedder gives any. ``mask`` (rows of the view, see ``IndexView.mask``) says which memories may be returned;
    a memory's score does not depend on it. ``just_asked``: the questions right before the query, whose memories come
    later.
    """
    if not view.statistics.count or limit <= 0:
        return []
    by_place = query.overview in (Overview.SESSION, Overview.STATEMENT)  # which its words do not tell
    of_person = query.overview is Overview.PERSON and not len(query.terms)
    similar = None if vector is None or by_place else stretched(view, vector, unrelated)
    words = Words(view, query.terms[:0] if by_place else query.terms, query.weak)
    before = asked_before(view, words, similar)
    lexical, dense = _lexical(view, words, before, query, weights), _dense(view, similar, before, weights, tokens)
    if of_person:
        dense *= LIKENESS
    if similar is None:
        dense = lexical.copy()
    elif len(view.pending):
        dense[view.pending] += lexical[view.pending]
    total = lexical + dense
    telling = total * (1 - before.reply)  # to have been asked is no strength
    strength = session_strength(view, telling, _top(telling, CONTEXT_ROWS, view.ids))
    session = (np.float32(weights.session) * strength).take(view.session)
    priors = _priors(view, query, weights)
    total += session
    total += priors
    if len(view.dead):
        total[view.dead] = -1.0
    if tokens is not None and similar is not None and not of_person:
        near = _best(view, total, TOKEN_ROWS, mask)
        near = near[view.by_token[near]]
        close = _close(view, near, query, tokens, similar, before, weights)
        dense[near] += close
        total[near] += close
    best = Best(view, query, _best(view, total, max(CONTEXT_ROWS, 2 * limit), mask), total, priors, mask)
    even = _even(view.statistics.count, query, weights)
    _correct(best, just_asked, limit, even, weights)
    shown = distinct(view, best.rows, frozenset(query.terms.tolist()), limit)
    chosen = np.array([row for row, _ in shown], np.intp)
    places = np.array([place for _, place in shown], np.intp)
    scores = 1 / (1 + np.exp(STEEPNESS * (even - total[places])))
    columns = (lexical, dense, session, priors)
    return list(
        map(
            Scored,
            view.ids[chosen].tolist(),
            scores.tolist(),
            *(column[chosen].tolist() for column in columns),
        )
    )


def _correct(best: Best, just_asked: Sequence[frozenset[int]], limit: int, even: np.float32, weights: Weights) -> None:
    """Put what says nothing last, and of what took the place of each other what is asked for first."""
    view = best.view
    vain = knows_nothing(view, best.rows)
    best.add(vain, -np.maximum(best.total[vain], 0.0))
    best.add(just_said(view, best.rows, just_asked), -weights.repeated)
    best.order()
    first = best.rows[:limit]
    by_time(best, first[best.total[first] >= even])


def _lexical(view: IndexView, words: Words, before: AskedBefore, query: Query, weights: Weights) -> Floats:
    """The weighed words, less of what only asks the same."""
    lexical = np.float32(weights.bm25 / max(words.enough * (K1 + 1), 1e-6)) * words.bm25
    lexical *= 1 - before.itself
    # What an assistant remarks on a statement is rarely about anything but it: "Okay, noted." answers nothing.
    remarks = view.remarks[:0] if query.asks_assistant else view.remarks
    lexical += np.float32(weights.coverage) * words.coverage(view, before, remarks)
    return lexical


def _close(
    view: IndexView,
    rows: NDArray[np.intp],
    query: Query,
    tokens: QueryTokens,
    similar: Floats,
    before: AskedBefore,
    weights: Weights,
) -> Floats:
    """By row of ``rows``: the weighed nearness of its tokens. What is alike as a whole is so whatever its words."""
    close = np.float32(weights.tokens) * closeness(view, rows, query.dense_text, tokens)
    np.maximum(close, np.float32(weights.dense - weights.dense_beside) * similar[rows], out=close)
    close *= 1 - before.owed[rows]
    return close


def _best(view: IndexView, total: Floats, limit: int, mask: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    """The ``limit`` best rows that may be returned, in no order."""
    if mask is None and not len(view.dead):
        return _top(total, limit, view.ids)
    rows = np.flatnonzero(view.alive if mask is None else mask & view.alive)
    return rows[_top(total[rows], limit, view.ids[rows])]


def _dense(
    view: IndexView, similar: Floats | None, before: AskedBefore, weights: Weights, tokens: QueryTokens | None
) -> Floats:
    """The weighed similarities with what neighbours lend, less of what only asks the same."""
    if similar is None:
        return np.zeros(len(view), np.float32)
    meaning = similar * np.float32(weights.dense)
    if tokens is not None:
        meaning[view.by_token] *= np.float32(weights.dense_beside / weights.dense)
    own = meaning * (1 - before.owed)
    following = view.from_following(own)
    following[view.long] = 0.0
    following *= np.float32(weights.dense_after)
    following += own
    following[view.answers] += np.float32(weights.answer) * (meaning * (1 - before.reply)).take(view.answered)
    reply = np.float32(weights.answer) * before.reply
    reply[view.answers] = 0.0
    reply[before.heard] = weights.answer
    following += reply
    return following


def _even(memories: int, query: Query, weights: Weights) -> np.float32:
    """The sum of signals that is as likely to answer as not: among many memories 0.92, with 0.1 at 0.48, 0.9 at 1.35.

    The best of many memories that have nothing to do with a query is more like it than the best of a few. What a query
    gives to every other memory, for who said it or for a number or name in it, counts half here.
    """
    given = weights.speaker / 2 if query.speaker is not None else 0.0
    given += weights.kind / 2 * len(query.kinds & ~Kind.LIMIT)
    return np.float32(EVEN - LENIENT * FEW / (memories + FEW) + given)


def _priors(view: IndexView, query: Query, weights: Weights) -> Floats:
    """What speaks for a memory whatever its words."""
    priors = np.zeros(len(view), np.float32)
    if query.speaker is not None:
        priors[view.speaker == query.speaker] = weights.speaker
    if query.of_self and not query.asks_assistant:
        priors[~view.by_assistant & ~view.questions] += np.float32(weights.of_self)
    if query.own:
        priors[(view.stated & query.own != 0) & ~view.by_assistant] += np.float32(weights.own)
    for kind in query.kinds:
        holding = view.kinds & np.uint8(kind) != 0
        if kind is Kind.LIMIT:  # an assistant's "I cannot" and a question limit nobody
            holding &= ~view.by_unnamed_assistant & ~view.questions
        priors[holding] += np.float32(weights.kind)
    # A question put to another person is not about the one who asks; put to an assistant, it tells what she is up to.
    priors[view.asks_another] = -weights.asked
    if query.period is not None:
        priors += np.float32(weights.period) * query.period.weight(view.said_at)
    if not view.whole and not query.asks_assistant:
        priors[view.long_replies] -= np.float32(weights.long_reply)
    if query.overview is not None:
        of_whole = wanted(view, query.overview, query.now, of_assistant=query.asks_assistant, spoken_of=query.period)
        priors += np.float32(weights.overview) * of_whole
    return priors


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
