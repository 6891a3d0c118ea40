"""Of what a person stated about one thing, the latest comes first: asked where she lives, she lives where she moved to.

A statement that another took the place of stays in the ranking, right behind it.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.signals import Floats

_BEFORE = np.float32(1e-4)
"""By how much the latest passes the best that it took the place of."""
_PAST = re.compile(
    r"\b(?:used to|previous(?:ly)?|former(?:ly)?|before|earlier|originally|old|first|last|ex|did i|was i|were we)\b",
    re.IGNORECASE,
)


def asks_of_the_past(text: str) -> bool:
    """Whether a query may want what holds no more: nothing is put first then."""
    return _PAST.search(text) is not None


def latest_first(
    view: IndexView, ranked: NDArray[np.intp], total: Floats, priors: Floats, mask: NDArray[np.bool_] | None
) -> NDArray[np.intp]:
    """Raise the latest statement of each thing that one of ``ranked`` states; the rows that were raised.

    ``total`` and ``priors`` (by row of the view) are changed. ``mask``: which rows may be returned. A row that states
    two things raises none: it does not tell which of them is asked about.
    """
    raised: list[int] = []
    about = view.stated[ranked]
    telling = ranked[(about != 0) & (about & (about - np.uint64(1)) == 0) & ~view.by_assistant[ranked]]
    for row in telling.tolist():
        same = (view.stated & view.stated[row] != 0) & (view.speaker == view.speaker[row]) & ~view.by_assistant
        same &= view.alive if mask is None else view.alive & mask
        rows = np.flatnonzero(same)
        latest = int(rows[np.lexsort((view.ids[rows], view.said_at[rows]))[-1]])
        gain = total[row] + _BEFORE - total[latest]
        if latest != row and gain > 0:
            total[latest] += gain
            priors[latest] += gain
            raised.append(latest)
    return np.array(raised, np.intp)
