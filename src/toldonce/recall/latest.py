"""What holds now comes before what it took the place of: asked where she lives, she lives where she moved to.

Of two statements the later took the earlier one's place if both state the same of the few attributes a person has one
of (their marks say so), or if the later says that something changed and of all that the same speaker stated in earlier
sessions is most like the earlier. Asked about the present, the later one is put before the earlier; asked what was
before, the earlier before the later. Neither leaves the ranking.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.best import Best
from toldonce.recall.signals import Floats

LEADING = 1
"""Statements whose place another may have taken."""
LIKE = 0.18
"""Likeness, above what is usual between a person's memories, from which two statements may be about one thing."""
RELEVANCE = 1 / 3
"""What a statement's sum of signals adds to its likeness: of two as like, that which is asked about counts."""
HARDLY_RELEVANT, AS_RELEVANT = 0.12, 0.45
"""Shares of the earlier one's sum of signals that the later one has by itself: the first at least, and the second
unless it is ``MUCH_LIKE`` the earlier one."""
MUCH_LIKE = 0.45
"""Likeness from which the later one need hardly answer by itself."""

_LEAST = np.float32(1e-3)
"""What the least sum of signals counts as."""
_BEFORE = np.float32(1e-4)
"""By how much the one passes the other."""


def by_time(best: Best, answering: NDArray[np.intp]) -> None:
    """Order what took the place of each other: by their marks among ``answering``, else among the first few."""
    if best.query.of_before:
        for earlier, later in _changes(best, asked_before=True):
            _raise(best, earlier, over=later)
    elif not best.query.of_past:
        for earlier, later in _restated(best, answering):
            _raise(best, later, over=earlier)
        best.order()
        for earlier, later in _changes(best):
            _raise(best, later, over=earlier)
        best.order()
        for row in _own(best):
            _raise(best, row, over=int(best.rows[0]))
    best.order()


def _raise(best: Best, row: int, *, over: int) -> None:
    gain = best.total[over] + _BEFORE - best.total[row]
    if gain > 0:
        best.add(np.array([row], np.intp), gain)


def _restated(best: Best, answering: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Rows of ``answering`` that state an attribute, each with the latest that states the same one.

    A row that states several stands for the one that the query asks about, and for none of two.
    """
    view = best.view
    about = view.stated[answering]
    about = np.where(_one(about), about, about & best.query.attributes)
    telling = _one(about) & ~view.by_assistant[answering]
    for row, bit in zip(answering[telling].tolist(), about[telling], strict=True):
        latest = _latest(best, bit, int(view.speaker[row]))
        if latest is not None and latest != row:
            yield row, latest


def _own(best: Best) -> Iterator[int]:
    """What says last how the one thing stands that is asked about: "Where do I live?"."""
    asked, view = int(best.query.own), best.view
    speakers = np.unique(view.speaker[~view.by_assistant]).tolist() if asked else []
    if len(speakers) == 1:  # else who of them asks is not known
        for bit in (np.uint64(1 << place) for place in range(asked.bit_length()) if asked >> place & 1):
            if (latest := _latest(best, bit, speakers[0])) is not None:
                yield latest


def _latest(best: Best, bit: np.uint64, speaker: int) -> int | None:
    """The last row in which somebody states something of an attribute."""
    view = best.view
    rows = np.flatnonzero((view.stated & bit != 0) & (view.speaker == speaker) & ~view.by_assistant)
    rows = rows[(view.alive if best.mask is None else view.alive & best.mask)[rows]]
    return int(rows[np.lexsort((view.ids[rows], view.said_at[rows]))[-1]]) if len(rows) else None


def _one(bits: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where exactly one bit is set."""
    found: NDArray[np.bool_] = (bits != 0) & (bits & (bits - np.uint64(1)) == 0)
    return found


def _changes(best: Best, *, asked_before: bool = False) -> Iterator[tuple[int, int]]:
    """What some statement says was otherwise before, and that statement; what changed twice last.

    The earlier one is among the first few. ``asked_before``: the later one is the first, and the earlier need not
    answer by itself.
    """
    view = best.view
    stated = best.rows[_tells(view, best.rows)]
    first = stated[:1]
    later = first[np.isin(first, view.changes)] if asked_before else _later(best, stated[:LEADING])
    if not len(later):
        return
    sums = np.maximum(best.total[stated], _LEAST)
    for likeness, change in zip(_likeness(view, later, stated), later.tolist(), strict=True):
        nearest = int(np.argmax(likeness * (1 + RELEVANCE * sums)))
        sure = asked_before or (nearest < LEADING and _is_sure(likeness[nearest], best.total[change], sums[nearest]))
        if sure and likeness[nearest] >= LIKE:
            yield int(stated[nearest]), change


def _later(best: Best, leading: NDArray[np.intp]) -> NDArray[np.intp]:
    """What says that one of the ``leading`` statements holds no more, if none is more like it; in order of time."""
    view, total = best.view, best.total
    if not len(leading) or not len(view.changes):
        return leading[:0]
    rows = view.changes[(view.alive if best.mask is None else view.alive & best.mask)[view.changes]]
    rows = rows[view.said_at[rows] > view.said_at[leading].min()]
    rows = rows[total[rows] >= HARDLY_RELEVANT * total[leading].min()]
    rows = rows[_tells(view, rows)]
    if not len(rows):
        return leading[:0]
    alike = _likeness(view, rows, leading)
    sure = (alike >= LIKE) & _is_sure(alike, total[rows, np.newaxis], np.maximum(total[leading], _LEAST))
    rows = rows[sure.any(axis=1)]
    found: NDArray[np.intp] = rows[np.argsort(view.said_at[rows], kind="stable")]
    return found


def _is_sure(likeness: Floats, later: Floats, earlier: Floats) -> NDArray[np.bool_]:
    """Whether likeness and both sums of signals are those of a change and of what it changes."""
    share = later / earlier
    found: NDArray[np.bool_] = (share >= AS_RELEVANT) | ((share >= HARDLY_RELEVANT) & (likeness >= MUCH_LIKE))
    return found


def _likeness(view: IndexView, later: NDArray[np.intp], stated: NDArray[np.intp]) -> Floats:
    """Above what is usual, 1 for sameness; -1 for what the same speaker did not state in an earlier session."""
    usual = np.float32(view.typical_similarity)
    alike: Floats = (view.likeness(later, stated) - usual) / max(np.float32(1) - usual, np.float32(1e-3))
    apart = view.said_at[stated] >= view.said_at[later, np.newaxis]
    apart |= view.session[stated] == view.session[later, np.newaxis]
    apart |= view.speaker[stated] != view.speaker[later, np.newaxis]
    alike[apart] = -1.0
    return alike


def _tells(view: IndexView, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows are statements of people, with a vector."""
    found: NDArray[np.bool_] = ~view.questions[rows] & ~view.by_unnamed_assistant[rows] & view.embedded[rows]
    return found
