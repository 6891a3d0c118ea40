"""How much may be asked at once, and how often."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from toldonce.caches import LRUCache

MOST_BYTES = 4 << 20
"""Of one request's body."""

MOST_MESSAGES = 2_000
"""In one add. A history that was rewritten is laid against the stored one message by message."""

MOST_AT_ONCE = 1_000
"""Memories in one batch, as on Mem0's platform; also the most results of a search."""

MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may still do."""

    limit: int
    remaining: int
    reset: int
    """Seconds until the whole limit is free again."""
    retry_after: int
    """Seconds until the next request is allowed; 0: it was allowed."""


WRONG_KEYS = 60
"""Wrong keys a minute that one address may send."""

_MOST_BUCKETS = 10_000


class Rates:
    """A bucket for each key that holds a minute's requests and fills evenly. Call from one thread, the event loop's.

    Of more keys than it keeps, those that asked longest ago begin anew.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_MOST_BUCKETS)

    def take(self, key_id: str) -> Allowance | None:
        """Count a request of this key; None if there is no limit."""
        if not self._limit:
            return None
        tokens = self._tokens(key_id)
        allowed = tokens >= 1
        left = tokens - allowed
        self._buckets.put(key_id, (left, self._clock()))
        speed = self._limit / 60
        return Allowance(
            limit=self._limit,
            remaining=int(left),
            reset=math.ceil((self._limit - left) / speed),
            retry_after=0 if allowed else max(1, math.ceil((1 - tokens) / speed)),
        )

    def is_spent(self, key_id: str) -> bool:
        """Whether the next request of this key would be refused."""
        return bool(self._limit) and self._tokens(key_id) < 1

    def _tokens(self, key_id: str) -> float:
        tokens, before = self._buckets.get(key_id) or (float(self._limit), self._clock())
        return min(float(self._limit), tokens + (self._clock() - before) * self._limit / 60)
