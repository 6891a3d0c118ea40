"""What is done about an entry that could not be handed over."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, TypeAlias

from toldonce.errors import (
    AuthenticationFailed,
    InvalidInput,
    NotMem0,
    RateLimited,
    Rejected,
    RemoteNotFound,
    Unreachable,
)

What: TypeAlias = Literal["hold", "pause", "again", "park"]
"""hold: nothing is sent until what is set up wrongly was put right. pause: nothing is sent for a while. again: the
conversation waits. park: the entry is put aside."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between tries while a host cannot be reached; a recall that succeeds ends the pause."""

LONGEST_HOLD = 300.0
LONGEST_WAIT = 3_600.0
"""A host that asks for more than an hour is asked again after one."""

REJECTIONS = 3
"""A host that finds fault with an entry so many times will not take it."""

FAILURES = 10
FAILS_FOR = 3_600_000_000
"""A host that breaks is most often broken altogether: an entry is put aside only after so many failures in no less
than so many microseconds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and for how many seconds nothing is tried."""

    what: What
    seconds: float = 0.0
    counts: bool = False
    """Whether the try counts against the entry."""


def judge(error: Exception, *, tries: int, failing_for: int, pauses: int) -> Verdict:
    """``tries``: those that count against the entry, this one included. ``failing_for``: microseconds since the first.

    ``pauses``: how often in a row nothing could be sent at all.
    """
    if isinstance(error, (AuthenticationFailed, NotMem0, RemoteNotFound)):
        return Verdict("hold", backoff(pauses, LONGEST_HOLD))
    if isinstance(error, (RateLimited, Unreachable)):
        if error.retry_after is not None:
            return Verdict("pause", min(error.retry_after, LONGEST_WAIT))
        return Verdict("pause", backoff(pauses, LONGEST_PAUSE))
    if isinstance(error, (Rejected, InvalidInput)):
        if tries >= REJECTIONS:
            return Verdict("park", counts=True)
        return Verdict("again", backoff(tries - 1, LONGEST_PAUSE), counts=True)
    if tries >= FAILURES and failing_for >= FAILS_FOR:
        return Verdict("park", counts=True)
    return Verdict("again", backoff(tries - 1, LONGEST_PAUSE), counts=True)


def backoff(times: int, longest: float) -> float:
    """Seconds that double each time, up to ``longest``; up to a half less, so that not all come back together."""
    return min(FIRST_PAUSE * 2.0 ** min(times, 16), longest) * random.uniform(0.5, 1.0)
