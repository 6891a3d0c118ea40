"""A circuit breaker: a backend that does not answer is left alone, and asked again now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

THRESHOLD = 3
"""Failures in a row that open it."""

FIRST_REST = 1.0
LONGEST_REST = 30.0
"""Seconds before a probe; each probe that fails doubles the rest."""


LONGEST_ASKED = 3_600.0
"""A backend that asks for more than an hour is asked again after one."""


class Breaker:
    """Closed: lookups go out. Open: none do. Half open: one does, as a probe, and nobody waits for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest = FIRST_REST
        self._open_until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether lookups may be waited for."""
        return self._open_until is None

    def admits(self) -> bool:
        """Whether a lookup may go out now. While the breaker is open, that lookup is the probe."""
        if self._open_until is None:
            return True
        if self._probing or self._clock() < self._open_until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The backend answered, be it late: it lives."""
        self._failures = 0
        self._rest = FIRST_REST
        self._open_until = None
        self._probing = False

    def failed(self) -> bool:
        """The backend raised, or hangs. True if that opened the breaker."""
        self._failures += 1
        if self._open_until is not None:
            if self._probing:
                self._probing = False
                self._rest = min(2 * self._rest, LONGEST_REST)
                self._open_until = self._clock() + self._rest
            return False
        if self._failures < THRESHOLD:
            return False
        self._open_until = self._clock() + self._rest
        return True

    def rests(self, seconds: float) -> bool:
        """The backend asked to be left alone for so long. True if that opened the breaker."""
        opened = self._open_until is None
        self._open_until = self._clock() + min(seconds, LONGEST_ASKED)
        self._rest, self._probing = FIRST_REST, False
        return opened

    def abandoned(self) -> None:
        """The probe was called off: another may go out."""
        self._probing = False
