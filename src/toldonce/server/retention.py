"""The log of calls and deliveries, and the change feed, do not grow for ever."""

from __future__ import annotations

from toldonce.engine.jobs import Later
from toldonce.stores.jobs import Job
from toldonce.stores.protocol import Store
from toldonce.times import SteadyClock, now

KIND = "tidy"
_DAY = 86_400_000_000
_AT_ONCE = 500
"""Lines a transaction drops: others get their turn in between."""
_AGAIN = 3_600_000_000


class Retention:
    """Drops a few old lines each time, and comes again: at once while there are more, otherwise every hour."""

    def __init__(self, store: Store, days: int) -> None:
        """``days``: how long lines are kept."""
        self._store = store
        self._clock = SteadyClock()
        self._kept = days * _DAY
        store.write(lambda write: write.jobs.add(KIND, {}, now(), priority=1, key=KIND))

    def forget(self, _: Job) -> None:
        """Always raises ``Later``."""
        at, before = now(), self._clock.now() - self._kept
        gone = self._store.write_now(
            lambda write: write.serving.forget_log(before, _AT_ONCE) + write.feed.forget_before(before, _AT_ONCE)
        )
        raise Later(at if gone else at + _AGAIN)
