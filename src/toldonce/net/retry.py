"""When a failed request is repeated, and after how many seconds."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from toldonce.errors import HostFailed, RateLimited, Unreachable


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in ``Retry-After``, which may be a number or a date (RFC 9110, 10.2.3); None if it says neither."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return None if math.isnan(seconds) else max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent, and how long a caller waits for the next try."""

    tries: int
    """In all, the first one included."""
    first_pause: float = 0.5
    """Seconds before the second try. Each further pause is twice as long."""
    longest_pause: float = 30.0
    """Seconds. A host that asks for more is left to the caller, who has ``retry_after``."""

    def pause(self, error: Exception, attempt: int) -> float | None:
        """Seconds to wait after a try that failed; None where another try is useless or would be too late.

        ``attempt``: the number of the try that failed, from 1. ``Retry-After`` decides if the host sent it. Without it
        the pause varies by a quarter, so that many clients do not come back together.
        """
        if attempt >= self.tries or not isinstance(error, (RateLimited, HostFailed, Unreachable)):
            return None
        pause = error.retry_after
        if pause is None:
            pause = min(self.first_pause * 2.0 ** min(attempt - 1, 16), self.longest_pause) * random.uniform(0.75, 1.25)
            return min(pause, self.longest_pause)
        return pause if pause <= self.longest_pause else None
