"""Hosts that asked for patience: nothing is sent to one before its time, by nobody in this process."""

from __future__ import annotations

import time
from collections.abc import Callable

from toldonce.remote.account import Account

LONGEST = 3_600.0
"""Seconds. A host that asks for more than an hour is asked again after one."""


class Holds:
    """Until when each account's requests wait. Any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Account, float] = {}

    def hold(self, account: Account, seconds: float) -> None:
        """Send nothing more for so long."""
        until = self._clock() + min(seconds, LONGEST)
        self._until[account] = max(until, self._until.get(account, until))

    def left(self, account: Account) -> float:
        """Seconds for which nothing is to be sent; 0 if the account is free."""
        until = self._until.get(account)
        if until is None:
            return 0.0
        left = until - self._clock()
        if left <= 0:
            self._until.pop(account, None)
        return max(0.0, left)


HOLDS = Holds()
"""Those of this process: its searches, its outboxes and its imports ask the same hosts."""
