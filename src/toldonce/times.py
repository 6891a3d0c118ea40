"""Reading and showing moments. Inside, a moment is an integer: microseconds since 1970-01-01, UTC."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from operator import index
from typing import SupportsIndex

from toldonce.errors import InvalidTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = -62_135_596_800_000_000  # 0001-01-01
_LONGEST_UNSEEN = 86_400_000_000
_A_DAY = "Use YYYY-MM-DD; a memory holds until the end of it, UTC."
LAST = 253_402_300_799_999_999  # 9999-12-31


def now() -> int:
    """This moment."""
    return time.time_ns() // 1000


class SteadyClock:
    """The time of day to tell ages by. A step of the system's clock ages nothing.

    It goes no faster than time passes, and is never ahead of the system's clock.
    """

    def __init__(
        self,
        last: int | None = None,
        wall: Callable[[], int] = now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``last``: what an earlier one said last. While nobody looked, a day passed at most, whatever clocks say."""
        self._wall = wall
        self._monotonic = monotonic
        self._began = monotonic()
        self._start = wall() if last is None else min(wall(), last + _LONGEST_UNSEEN)

    def now(self) -> int:
        """This moment, in microseconds since 1970."""
        passed = int((self._monotonic() - self._began) * 1_000_000)
        return min(self._wall(), self._start + passed)


def moment(value: object, key: str) -> int:
    """Read a moment: an aware datetime, unix seconds, or an ISO 8601 string with a zone.

    Raises ``InvalidTime`` that names ``key``. A time without a zone is refused: it means another moment on every
    machine.
    """
    micros = instant(value, key)
    if not FIRST <= micros <= LAST:  # its zone leads out of the calendar
        raise InvalidTime(f"{key}: {value!s:.80} lies outside the years 1 to 9999 in UTC.")
    return micros


def instant(value: object, key: str) -> int:
    """The same for a moment that is only compared with others: its zone may lead out of the calendar."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise InvalidTime(
                f"{key}: {value!r} is not a time. Use ISO 8601 with a zone, such as 2026-03-01T09:30:00+00:00."
            ) from error
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidTime(
                f"{key}: {value.isoformat()} has no time zone. Say which, e.g. value.replace(tzinfo=timezone.utc)."
            )
        return (value - _EPOCH) // timedelta(microseconds=1)
    if not isinstance(value, (int, float)) and isinstance(value, SupportsIndex):
        value = index(value)  # a NumPy integer, which would overflow
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if FIRST <= value * 1_000_000 <= LAST:
            return round(value * 1_000_000)
        raise InvalidTime(f"{key}: this number is no date between the years 1 and 9999. Pass unix seconds.")
    raise InvalidTime(f"{key}: {value!r} is not a time. Pass an aware datetime, unix seconds or an ISO 8601 string.")


def zone_of(value: object) -> tzinfo:
    """The zone of a moment as a caller passed it, whose days it is told in; UTC where it has none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return UTC
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.tzinfo
    return UTC


def day(value: object, key: str) -> str:
    """Read a day, YYYY-MM-DD, or the day of a time: in UTC, or as written where no zone is.

    Raises ``InvalidTime`` that names ``key``.
    """
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise InvalidTime(f"{key}: {value!r} is not a day. {_A_DAY}") from error
        value = read.date() if read.tzinfo is None else read
    if isinstance(value, datetime):
        return as_datetime(moment(value, key)).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise InvalidTime(f"{key}: {value!r} is not a day. {_A_DAY}")


def as_datetime(micros: int) -> datetime:
    """The moment as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


@lru_cache(maxsize=8192)  # a memory's three times are often one, and the same memories are shown again
def iso(micros: int) -> str:
    """The moment as ISO 8601 in UTC, with its offset."""
    seconds, fraction = divmod(micros, 1_000_000)
    days, second = divmod(seconds, 86_400)
    shown = f"{_day(days)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{shown}.{fraction:06}+00:00" if fraction else f"{shown}+00:00"


def today(micros: int) -> str:
    """The day of a moment, YYYY-MM-DD in UTC."""
    return _day(micros // 86_400_000_000)


@lru_cache(maxsize=1024)  # calendars are slow, and ten memories are of few days
def _day(number: int) -> str:
    """YYYY-MM-DD of a day counted from 1970-01-01."""
    return (_EPOCH + timedelta(number)).date().isoformat()
