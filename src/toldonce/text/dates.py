"""When something was: the words a memory's day is found by, and the stretch of time a query speaks of.

``time_grammar`` reads the words of a query, ``spans`` knows the calendar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from toldonce.text.lexicon.english import MONTHS
from toldonce.text.time_dates import Read
from toldonce.text.time_grammar import Reader
from toldonce.times import as_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR_MICROS = timedelta(hours=1) // _MICROSECOND
_DAY_MICROS = timedelta(days=1) // _MICROSECOND
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
_FOR_EVER = 1 << 62
"""Microseconds."""
_HALF_LIFE = 14 * _DAY_MICROS
"""After which the latest counts half."""
NEAR = np.float32(0.5)
"""What a moment counts that may be meant as well."""

_TOKEN = re.compile(r"(?<!\w)\d++(?:st|nd|rd|th)?|[^\W\d_]++|[^\w\s]", re.IGNORECASE)
"""The number in "covid19" or "B12" is no day and no year."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, microseconds since 1970, and the words that named it."""

    start: int
    end: int
    """Not part of it."""
    words: str
    near: tuple[int, int] | None = None
    """Where what was said may be meant as well; see ``spans.Span``."""
    weekdays: frozenset[int] | None = None
    """Only these days of the week, Monday is 0."""
    hours: tuple[int, int] | None = None
    """Only these hours of a day."""
    offset: int = 0
    """Microseconds the zone of its days is ahead of UTC."""
    latest: bool = False
    """The later, the more it is meant."""
    edges: bool = False
    """The words name one end of what has no other ("since June"), not the days that lie in it."""

    @property
    def recurs(self) -> bool:
        """It is no one stretch: "on Fridays", "in the mornings"."""
        return self.weekdays is not None or self.hours is not None

    def weight(self, said_at: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much each moment (microseconds since 1970, shape (n,)) is meant, in [0, 1]; float32, shape (n,)."""
        weight = ((said_at >= self.start) & (said_at < self.end)).astype(np.float32)
        if self.near is not None:
            near = (said_at >= self.near[0]) & (said_at < self.near[1])
            np.maximum(weight, NEAR * near, out=weight)
        days, micros = np.divmod(said_at + self.offset, _DAY_MICROS)
        if self.weekdays is not None:
            weight *= np.isin((days + _FIRST_WEEKDAY) % 7, list(self.weekdays))
        if self.hours is not None:
            first, last = self.hours
            weight *= (micros // _HOUR_MICROS - first) % 24 < last - first
        if self.latest:
            age = np.maximum(self.end - said_at, 0) / _HALF_LIFE
            weight *= np.exp2(-age).astype(np.float32)
        return weight


def date_words(said_at: int) -> str:
    """``8 may 2023``: the day, UTC, in the words people ask for it with."""
    day = as_datetime(said_at)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def period(text: str, now: int | None = None, zone: tzinfo = UTC) -> Period | None:
    """The first stretch of time a text speaks of, or None.

    ``now`` (microseconds) is what "last week" and a month without a year are counted from; without it they are not
    read. ``zone``: whose days are meant.
    """
    found = [found.group() for found in _TOKEN.finditer(text)]
    reader = Reader(found, None if now is None else as_datetime(now).astimezone(zone), zone)
    for at in reader.places():
        try:
            read = reader.period(at)
        except (OverflowError, ValueError):  # it leads out of the calendar, or there is no such day
            continue
        if read is not None:
            return _period(read, " ".join(reader.words[at : read.at]))
    return None


def _period(read: Read, words: str) -> Period:
    start, end, near = read.span
    recurs = read.weekdays is not None or read.hours is not None
    offset = start.utcoffset() if recurs else None
    return Period(
        -_FOR_EVER if read.since_ever else _micros(start),
        _FOR_EVER if read.for_ever else _micros(end),
        words,
        None if near is None or read.since_ever or read.for_ever else (_micros(near[0]), _micros(near[1])),
        read.weekdays,
        read.hours,
        0 if offset is None else offset // _MICROSECOND,
        read.latest,
        read.edges,
    )


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
