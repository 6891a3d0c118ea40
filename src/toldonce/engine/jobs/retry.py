"""When failed work is tried again."""

from __future__ import annotations

import random

_SECOND = 1_000_000

LATER: tuple[int, ...] = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds after each failure, about three days in all; after Standard Webhooks, "Deliverability and reliability"."""


def next_try(attempts: int, now: int) -> int | None:
    """When work that failed ``attempts`` times is due again, in microseconds since 1970; None: it is given up.

    Up to a tenth is added, so that what failed together does not come back together.
    """
    if attempts > len(LATER):
        return None
    delay = LATER[attempts - 1] * _SECOND
    return now + delay + random.randrange(delay // 10)
