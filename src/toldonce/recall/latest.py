"""Of what a person stated about one thing, the latest comes first: asked where she lives, she lives where she moved to.

What is plainly stated of a few attributes is known by its mark; what else changed is known by how people say so. A
statement that another took the place of stays in the ranking, right behind it.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.signals import Floats
from toldonce.text.kinds import Kind
from toldonce.text.lexicon.people import ASKED_WITH, ONE_AT_A_TIME
from toldonce.text.tokens import words

LEADING = 3
"""Statements before which what changed them is looked for."""
LIKE = 0.15
"""Likeness, above what is usual between a person's memories, from which two statements may be about one thing."""
RELEVANCE = 1 / 3
"""What an earlier statement's sum of signals adds to its likeness: of two as like, that which is asked about counts."""
AS_RELEVANT = 0.5
"""Share of the earlier one's sum of signals that the later one has to have by itself."""

_EVER = np.iinfo(np.int64).max
"""No time is later."""
_BEFORE = np.float32(1e-4)
"""By how much the latest passes the best that it took the place of."""
_PAST = re.compile(
    r"\b(?:used to|previous(?:ly)?|former(?:ly)?|before|earlier|originally|old|first|last|ex|did|was|were|had)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:now|finally|in the end|these days|nowadays|currently|at the moment|still)\b", re.IGNORECASE
)


_ASKED_WITH = [
    ASKED_WITH.get(attribute, frozenset()) | ASKED_WITH.get(attribute.split()[-1], frozenset(attribute.split()))
    for attribute in ONE_AT_A_TIME
]


def asks_of_the_past(text: str) -> bool:
    """Whether a query may want what holds no more: nothing is put first then."""
    return _PAST.search(text) is not None and _PRESENT.search(text) is None


def asked_about(text: str) -> np.uint64:
    """By the words of a query, which of ``ONE_AT_A_TIME`` it may ask about: a bit for each."""
    said = frozenset(words(text))
    bits = (1 << bit for bit, known in enumerate(_ASKED_WITH) if not known.isdisjoint(said))
    return np.uint64(sum(bits))


def latest_first(
    view: IndexView,
    ranked: NDArray[np.intp],
    total: Floats,
    priors: Floats,
    mask: NDArray[np.bool_] | None,
    asked: np.uint64,
) -> NDArray[np.intp]:
    """Raise the latest statement of each thing that one of ``ranked`` states; the rows that were raised.

    ``total`` and ``priors`` (by row of the view) are changed. ``mask``: which rows may be returned. A row that states
    several things raises a statement of the one that is ``asked`` about (see ``asked_about``), and none of two.
    """
    raised: list[int] = []
    about = view.stated[ranked]
    about = np.where(about & (about - np.uint64(1)) == 0, about, about & asked)
    telling = (about != 0) & (about & (about - np.uint64(1)) == 0) & ~view.by_assistant[ranked]
    for row, bit in zip(ranked[telling].tolist(), about[telling], strict=True):
        same = (view.stated & bit != 0) & (view.speaker == view.speaker[row]) & ~view.by_assistant
        same &= view.alive if mask is None else view.alive & mask
        rows = np.flatnonzero(same)
        latest = int(rows[np.lexsort((view.ids[rows], view.said_at[rows]))[-1]])
        gain = total[row] + _BEFORE - total[latest]
        if latest != row and gain > 0:
            total[latest] += gain
            priors[latest] += gain
            raised.append(latest)
    return np.array(raised, np.intp)


def changed_first(view: IndexView, ranked: NDArray[np.intp], total: Floats, priors: Floats) -> None:
    """Raise what says that something changed ("it's Mondays now") before the statement of how it was.

    Of what the same speaker stated in earlier sessions, that is the one it is most like. ``ranked``: rows, best first;
    ``total`` and ``priors`` (by row of the view) are changed.
    """
    rows = ranked[~view.questions[ranked] & ~view.by_unnamed_assistant[ranked] & view.embedded[ranked]]
    when, speaker, session, sums = view.said_at[rows], view.speaker[rows], view.session[rows], total[rows]
    leading = slice(LEADING)
    may_pass = _changes(view, rows) & (sums >= AS_RELEVANT * sums[leading].min(initial=np.inf))
    may_pass &= when > when[leading].min(initial=_EVER)
    changes = np.flatnonzero(may_pass)
    if not len(changes):
        return
    changes = changes[np.argsort(when[changes], kind="stable")]  # what changed twice passes what changed once
    usual = np.float32(view.typical_similarity)
    alike = (view.likeness(rows[changes], rows) - usual) / max(np.float32(1) - usual, np.float32(1e-3))
    for likeness, change in zip(alike, changes.tolist(), strict=True):
        before = (when < when[change]) & (speaker == speaker[change]) & (session != session[change])
        likeness[~before] = -1.0
        nearest = int(np.argmax(likeness * (1 + RELEVANCE * np.maximum(sums, 0.0))))
        gain = total[rows[nearest]] + _BEFORE - total[rows[change]]
        relevant = nearest < LEADING and sums[change] >= AS_RELEVANT * sums[nearest]
        if relevant and likeness[nearest] >= LIKE and gain > 0:
            total[rows[change]] += gain
            priors[rows[change]] += gain


def _changes(view: IndexView, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows say that something changed, or answer a question that does ("Who comes instead?")."""
    changing = view.kinds & np.uint8(Kind.CHANGE) != 0
    before = view.previous[rows]
    asked = (before >= 0) & changing[before] & view.questions[before]
    found: NDArray[np.bool_] = changing[rows] | asked
    return found
