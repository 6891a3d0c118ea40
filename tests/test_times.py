"""Moments as callers pass them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from toldonce.errors import InvalidTime
from toldonce.times import SteadyClock, day, iso, moment, today


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (0, 0),
        (1.5, 1_500_000),
        (-86_400, -86_400_000_000),
        (datetime(1970, 1, 2, tzinfo=UTC), 86_400_000_000),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
        ("1970-01-01T00:00:01Z", 1_000_000),
        (" 1970-01-01T02:00:00+02:00 ", 0),
        (np.int64(1_749_556_800), 1_749_556_800_000_000),
    ],
)
def test_a_moment_is_microseconds_since_1970(value: Any, micros: int) -> None:
    assert moment(value, "timestamp") == micros


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 1), "2026-01-01T10:00:00", "soon", float("nan"), float("inf"), 10**400, 1e15, True, None, []],
)
def test_what_is_no_moment_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidTime, match="timestamp: "):
        moment(value, "timestamp")


def test_days() -> None:
    assert day("2026-03-01", "d") == day(date(2026, 3, 1), "d") == day(datetime(2026, 3, 1, 5, tzinfo=UTC), "d")
    assert day("2026-03-01T23:30:00-02:00", "d") == day(datetime(2026, 3, 2, 1, 30, tzinfo=UTC), "d") == "2026-03-02"
    assert day("2026-03-01T23:30:00", "d") == "2026-03-01"  # without a zone it says its day itself
    assert today(0) == "1970-01-01"
    assert iso(1_500_000) == "1970-01-01T00:00:01.500000+00:00"
    for wrong in ("2026-13-01", "tomorrow", 5, None):
        with pytest.raises(InvalidTime, match="YYYY-MM-DD"):
            day(wrong, "d")


def test_a_steady_clock_ages_nothing_when_the_clock_is_set() -> None:
    wall, passed = [1_000_000_000], [5.0]
    clock = SteadyClock(wall=lambda: wall[0], monotonic=lambda: passed[0])
    assert clock.now() == 1_000_000_000
    wall[0] += 400 * DAY  # set forward, and a second passes
    passed[0] += 1
    assert clock.now() == 1_001_000_000
    wall[0] = 500_000_000  # set back
    assert clock.now() == 500_000_000
    wall[0] = 1_000_000_000 + 10_000_000
    passed[0] += 9
    assert clock.now() == 1_010_000_000
    later = SteadyClock(last=1_010_000_000, wall=lambda: 1_010_000_000 + 400 * DAY, monotonic=lambda: 0.0)
    assert later.now() == 1_010_000_000 + DAY, "nobody saw more than a day pass"
    earlier = SteadyClock(last=1_010_000_000, wall=lambda: 7, monotonic=lambda: 0.0)
    assert earlier.now() == 7


DAY = 86_400_000_000
