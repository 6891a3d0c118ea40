"""Times in a filter, as spans of microseconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from toldonce.errors import InvalidFilter
from toldonce.filters.checks import kind_of
from toldonce.filters.tree import Span
from toldonce.times import instant

_DAY = 86_400_000_000
_FIRST_SECOND = -62_135_596_800  # of the year 1
_LAST_SECOND = 253_402_300_799  # of the year 9999

# datetime.fromisoformat alone would also read "20240731", "2024-W31-3" and any character between date and time.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)

TIME_FORMS = "a date (2024-07-31), an ISO datetime (2024-07-31T10:00:00Z) or unix seconds"


def read_time(value: object, path: str) -> Span:
    """The span a filter value stands for.

    A date, as a string or ``datetime.date``, is its whole day in UTC. A datetime string without a zone is UTC. Numbers
    are unix seconds. Anything finer than a microsecond is dropped.

    Raises:
        InvalidTime: for a ``datetime`` object without a zone; unlike a string, it may well mean local time.
        InvalidFilter: for anything else that is no time. Both name ``path``.
    """
    if isinstance(value, datetime):
        return _instant(value, path)
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, str):
        return _read_text(value, path)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Compared before anything is computed: a float may be infinite or NaN, an integer too large for a float.
        if _FIRST_SECOND <= value <= _LAST_SECOND:
            return _instant(value, path)
        raise InvalidFilter(f"{path}: unix seconds must lie in the years 1 to 9999; milliseconds do not")
    raise InvalidFilter(f"{path}: must be {TIME_FORMS}, not {kind_of(value)}")


def end_of_day(day: str) -> int | None:
    """The last microsecond of a day given as YYYY-MM-DD, in UTC; None if it is no such day."""
    try:
        return _day(date.fromisoformat(day)).last
    except ValueError:
        return None


def _read_text(text: str, path: str) -> Span:
    try:
        if _DATE.fullmatch(text):
            return _day(date.fromisoformat(text))
        if _DATETIME.fullmatch(text):
            when = datetime.fromisoformat(text)
            return _instant(when if when.tzinfo else when.replace(tzinfo=UTC), path)
    except ValueError as error:  # the 31st of February, 25 o'clock
        raise InvalidFilter(f"{path}: {text!r} is no time: {error}; allowed: {TIME_FORMS}") from error
    raise InvalidFilter(f"{path}: {text[:40]!a} is no time; allowed: {TIME_FORMS}")


def _instant(when: datetime | float, path: str) -> Span:
    at = instant(when, path)
    return Span(at, at)


def _day(day: date) -> Span:
    first = (day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY
    return Span(first, first + _DAY - 1)
