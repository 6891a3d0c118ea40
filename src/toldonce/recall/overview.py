"""Questions about the talk itself: they name nothing to look for, and a person answers them all the same.

"What do you know about me?" wants statements about the one who asks, "What did we talk about last time?" the latest
session, "What was the last thing I told you?" the latest statement. English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.text.dates import Period
from toldonce.text.kinds import Kind
from toldonce.text.lexicon.english import FUNCTION_WORDS, HAPPENING, OF_TALK

ONGOING = 3_600_000_000
"""Microseconds since its last words in which a session still goes on: "last time" was before it."""

LATEST = 8
"""Statements that are given for the latest, the last first."""

PERSON = np.float32(0.3)
"""What any statement counts where the one who makes it is asked about: the rest is up to what it is about."""

LIKENESS = np.float32(0.3)
"""Share that likeness counts where the person is all that is asked about: "know" is most like talk about knowing."""

SELF = np.float32(0.25)
"""What it counts more if it says what its speaker is, has, does or likes, and again for one of a few attributes."""

TIME = np.float32(0.5)
"""What a statement of the time counts that is all a question names; what it says counts too."""

_OF_ME = re.compile(
    r"\b(?:know|remember|recall|learn\w*|tell me|say|said|told you|heard|got|have|stored|noted|facts?|memor(?:y|ies)|"
    r"summary|profile|information|anything|something|everything|all)\b[^.?!]{0,80}?"
    r"\b(?:about|of|on) (?:me|myself)(?: (?:so far|until now|by now|yet|again|please))?(?=\W*$|\s*[,.?!;])"
    r"|\b(?:know|remember|recall|recogni[sz]e|describe|summari[sz]e) me(?=\W*$)"
    r"|\bwhat (?:do|can) you (?:know|remember|recall)(?=\W*$)"
    r"|\bwho (?:am i|i am)(?: to you)?(?=\W*$)|\b(?:sort|kind|type) of person (?:am i|i am)\b",
    re.IGNORECASE,
)
_OF_ALL = re.compile(
    r"\b(?:my|your) memor(?:y|ies)\b"
    r"|\b(?:kind|sort|things|all|everything|summary|so far)\b[^.?!]{0,80}\bi(?:'ve| have)? (?:told|said)\b"
    r"|\b(?:i|i've|i have|have i) (?:told|said)\b[^.?!]{0,80} so far\b",
    re.IGNORECASE,
)
"""Everything that was told: asked of the talk, it comes to who the person is."""
_LAST_SESSION = re.compile(
    r"\b(?:last|previous|earlier)\s+(?:time|session|conversation|chat|call|talk|meeting|discussion)\b"
    r"|\b(?:where|when) (?:did )?we (?:left|leave|stop|stopped)(?: off)?\b|\bpreviously\b"
    r"|\bwhat (?:did|were|have|had|was it) we (?:been )?(?:talk|discuss|chat|speak)\w*"
    r"|\b(?:what|that) we (?:talked|discussed)\b"
    r"|\bwhen did we last\b|\bwe last (?:talked|spoke|met|chatted)\b",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(?:last|latest|most recent) (?:thing|message|sentence|statement)\b"
    r"|\bjust (?:now )?(?:say|said|tell|told)\b"
    r"|\bwhat (?:did|have) i (?:say|said|tell|told)\b|\brepeat what i (?:said|told)\b"
    # From the first such word of a line only: from each, it would be read to its end again and again.
    r"|(?m:^)(?:(?!\b(?:say|said|tell|told)\b).)*+\b(?:say|said|tell|told)\b.* (?:last|just now)\W*$",
    re.IGNORECASE,
)


class Overview(Enum):
    """What is wanted where nothing is named."""

    PERSON = "statements about the one who asks"
    SESSION = "the latest session"
    STATEMENT = "the latest statement"
    TIME = "what was said at the time that is all it names"


_OF_TIME = re.compile(r"\b(?:what|anything|something|everything|remind|recap|summar\w+)\b", re.IGNORECASE)
_KINDS = (
    (_OF_ALL, Overview.PERSON),
    (_LAST_SESSION, Overview.SESSION),
    (_LATEST, Overview.STATEMENT),
)


def overview(text: str, found: Sequence[str], spoken_of: Period | None = None) -> Overview | None:
    """What a question about the talk wants; None for a question that names something to look for.

    ``found``: the words of the text, folded, unstemmed. ``spoken_of``: the time it names.
    """
    if _OF_ME.search(text):
        return Overview.PERSON
    if all(word in FUNCTION_WORDS or word in OF_TALK for word in found):
        for asks, kind in _KINDS:
            if asks.search(text):
                return kind
    if spoken_of is None or spoken_of.recurs or not _OF_TIME.search(text):
        return None
    named = spoken_of.words.split()
    rest = (word for word in found if word not in named)
    return (
        Overview.TIME if all(word in FUNCTION_WORDS or word in OF_TALK or word in HAPPENING for word in rest) else None
    )


def wanted(
    view: IndexView, kind: Overview, now: int | None, *, of_assistant: bool, spoken_of: Period | None = None
) -> NDArray[np.float32]:
    """By row, in [0, 1]: how much it is of what an overview wants. ``now``: microseconds since 1970."""
    said = view.alive & (view.by_unnamed_assistant if of_assistant else ~view.by_unnamed_assistant)
    telling = said & ~view.questions
    if kind is Overview.PERSON:
        of_self = telling & (view.kinds & np.uint8(Kind.SELF) != 0)
        found: NDArray[np.float32] = PERSON * telling + SELF * of_self + SELF * (telling & (view.stated != 0))
        return found
    if kind is Overview.TIME:
        return TIME * telling * (0 if spoken_of is None else spoken_of.weight(view.said_at))
    if kind is Overview.SESSION:
        return np.where(view.session == _last_session(view, now), np.where(telling, 1.0, 0.8), 0.0).astype(np.float32)
    found = np.zeros(len(view), np.float32)
    rows = np.flatnonzero(telling)
    newest = rows[np.lexsort((view.ids[rows], view.said_at[rows]))][-LATEST:]
    found[newest] = np.linspace(1.0, 0.5, LATEST, dtype=np.float32)[: len(newest)][::-1]
    return found


def _last_session(view: IndexView, now: int | None) -> int:
    """Code of the session before the one that goes on; of the latest if none does."""
    rows = np.flatnonzero(view.alive)
    rows = rows[np.lexsort((view.ids[rows], view.said_at[rows]))]
    codes = view.session[rows]
    latest = int(codes[-1])
    others = np.flatnonzero(codes != latest)
    ongoing = now is not None and now - int(view.said_at[rows[-1]]) < ONGOING
    if ongoing and len(others):
        began = int(view.said_at[rows[codes == latest]].min())
        # Sessions without an hour between them were stored in one go: what was told last is the last time.
        if began - int(view.said_at[rows[others[-1]]]) >= ONGOING:
            return int(codes[others[-1]])
    return latest
