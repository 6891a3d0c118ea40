"""A question is not its answer: what only repeats the query, and replies that know nothing, say nothing to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.signals import AskedBefore, Floats, Words
from toldonce.text.languages import function_ids
from toldonce.text.lexicon import listening
from toldonce.text.lexicon.english import KNOWING
from toldonce.text.names import is_personal
from toldonce.text.tokens import stem_id, token_id, words

ALIKE = 0.6
"""Similarity (see ``signals.stretched``) from which a question without news is the query again."""

NEWS = 1
"""Words of its own that a question may have and still ask the same, and a reply and still tell nothing."""

HELD = (0.5, 0.95)
"""Share of a vector's likeness to the query that goes back to the same question asked right before it, or two before:
one holds an answer, the other what was said next."""

_BITS = np.array([number.bit_count() for number in range(256)], np.float32)
_KNOWING = frozenset(map(stem_id, KNOWING))
_NEGATIONS = frozenset(map(stem_id, ("not", "no", "nothing", "never", "cannot", "unable", "without")))


def _ids(listed: Iterable[str]) -> frozenset[int]:
    """Of words of languages but English: as they are, and stemmed where a text may pass for English."""
    return frozenset(known(word) for text in listed for word in words(text) for known in (token_id, stem_id))


_DENYING = _ids(listening.DENYING.values())
_KNOWING_ELSEWHERE = _ids(listening.KNOWING.values())
_APOLOGISING = _ids(listening.APOLOGISING.values())


def asked_before(view: IndexView, words: Words, similar: Floats | None) -> AskedBefore:
    """Where the query was asked before. ``similar``: by row, see ``signals.stretched``."""
    itself = _asked_again(view, words, similar)
    reply = view.from_previous(itself)
    held = np.maximum(np.float32(HELD[0]) * reply, np.float32(HELD[1]) * view.from_previous(reply))
    heard = view.answers[reply.take(view.answered) >= 0.5]
    return AskedBefore(itself, reply, np.maximum(itself, held), heard)


def _asked_again(view: IndexView, words: Words, similar: Floats | None) -> Floats:
    """By row, in [0, 1]: how much it only asks what the query asks.

    By words, 0 up to three in four of those the row says and 1 for all of them; or by meaning, if it has no news. Rows
    that ask nothing have 0.
    """
    found = np.zeros(len(view), np.float32)
    rows = view.question_rows
    if not len(rows):
        return found
    shares = _BITS.take(words.held.take(view.question_units)) * view.question_share
    shares = 2 * shares - 3  # four times the share, less three
    if similar is not None:
        # Between people a question also tells of the one who asks; put to an assistant, it only asks.
        unnamed = np.array([name is None or not is_personal(name) for name in view.speakers], np.bool_)
        put_to_assistant = unnamed[view.speaker[rows]] & ~view.by_assistant[rows]
        alike = np.flatnonzero((similar.take(rows) >= ALIKE) & put_to_assistant)
        asked = frozenset(words.terms.tolist()) | _KNOWING
        for at in alike.tolist():
            if len(view.content(int(rows[at])) - asked) <= NEWS:
                shares[at] = 1.0
    found[rows] = np.clip(shares, 0.0, 1.0)
    return found


def just_said(view: IndexView, rows: NDArray[np.intp], just_asked: Sequence[frozenset[int]]) -> NDArray[np.intp]:
    """Those of ``rows`` that say nothing but one of the questions right before, or it and its answer."""
    if not just_asked:
        return rows[:0]
    asking = rows[view.questions[rows] | np.array([view.replies(row) for row in rows.tolist()], np.bool_)]
    contents = [view.content(row) - view.name_ids for row in asking.tolist()]
    return asking[np.array([any(content <= asked for asked in just_asked) for content in contents], np.bool_)]


def knows_nothing(view: IndexView, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of ``rows`` in which an assistant denies knowing and tells nothing beside: "I do not know that"."""
    replies = rows[view.by_unnamed_assistant[rows]]
    return replies[np.array([_denies(view, row) for row in replies.tolist()], np.bool_)]


def _denies(view: IndexView, row: int) -> bool:
    """Whether it has words of denial and of knowing, and its other words are those of the question before it."""
    said = frozenset(view.said(row))
    if not (said.isdisjoint(_NEGATIONS) or said.isdisjoint(_KNOWING)):
        own = view.content(row) - _KNOWING
    elif not (said.isdisjoint(_DENYING) or said.isdisjoint(_KNOWING_ELSEWHERE)):
        own = view.content(row) - _DENYING - _KNOWING_ELSEWHERE - _APOLOGISING - function_ids()
    else:
        return False
    before = int(view.previous[row])
    if before >= 0:
        own -= view.content(before)
    return len(own) <= NEWS
