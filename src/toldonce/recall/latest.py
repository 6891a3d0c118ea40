"""Of what a person stated about one thing, the latest comes first: asked where she lives, she lives where she moved to.

What is plainly stated of a few attributes is known by its mark; what else changed is known by how people say so. A
statement that another took the place of stays in the ranking, right behind it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.best import Best
from toldonce.text.kinds import Kind

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


def latest_first(best: Best, answering: NDArray[np.intp]) -> None:
    """Raise the latest statement of each thing that one of ``answering`` states.

    A row that states several things raises a statement of the one that the query asks about, and none of two.
    """
    view, total = best.view, best.total
    about = view.stated[answering]
    if not about.any():
        return
    about = np.where(about & (about - np.uint64(1)) == 0, about, about & best.query.attributes)
    telling = (about != 0) & (about & (about - np.uint64(1)) == 0) & ~view.by_assistant[answering]
    for row, bit in zip(answering[telling].tolist(), about[telling], strict=True):
        same = (view.stated & bit != 0) & (view.speaker == view.speaker[row]) & ~view.by_assistant
        same &= view.alive if best.mask is None else view.alive & best.mask
        rows = np.flatnonzero(same)
        latest = rows[np.lexsort((view.ids[rows], view.said_at[rows]))[-1:]]
        gain = total[row] + _BEFORE - total[latest]
        if latest[0] != row and gain[0] > 0:
            best.add(latest, gain)


def changed_first(best: Best) -> None:
    """Raise what says that something changed ("it's Mondays now") before the statement of how it was.

    Of what the same speaker stated in earlier sessions, that is the one it is most like.
    """
    view, total, ranked = best.view, best.total, best.rows
    if not _changes(view, ranked).any():
        return
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
            best.add(rows[change : change + 1], gain)


def _changes(view: IndexView, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows say that something changed, or answer a question that does ("Who comes instead?")."""
    changing = view.kinds & np.uint8(Kind.CHANGE) != 0
    before = view.previous[rows]
    asked = (before >= 0) & changing[before] & view.questions[before]
    found: NDArray[np.bool_] = changing[rows] | asked
    return found
