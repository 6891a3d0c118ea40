"""When something was: the words a memory's day is found by, and the stretch of time a query speaks of.

A small grammar over the words of a text, one function a rule; what a month, a weekday or a number is called stands in
the lexicon. General date parsers take a quarter of a second to load and read dates into "what may I march to"; here a
month needs a day, a year or a preposition beside it. Days are days of the zone that is asked in.

    period  = "between" point "and" point | "from" point "to" point | bound point | beside | point
    beside  = ([count] unit | weekday) ("before" | "after") point
    bound   = "since" | "after" | "before" | "until" | "till"
    point   = date | day | ago | last | span | weekday | season | lately
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.text.lexicon.english import MONTHS, NUMBERS, ORDINALS, WEEKDAYS
from toldonce.times import as_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_DAY_MICROS = _DAY // _MICROSECOND
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
_FOR_EVER = 1 << 62
"""Microseconds."""

_TOKEN = re.compile(r"(?<!\w)\d++(?:st|nd|rd|th)?|[^\W\d_]++|[^\w\s]", re.IGNORECASE)
"""The number in "covid19" or "B12" is no day and no year."""
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_SPANS = {"day": 1, "night": 1, "weekend": 7, "week": 7, "fortnight": 14, "month": 30, "year": 365}
"""Days."""
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The month they begin in, in the north."""
_BOUNDS = frozenset({"since", "after", "before", "until", "till"})
_SIDES = frozenset({"before", "after"})
_BEFORE_MONTH = frozenset({"in", "since", "during", "last", "this", "of", "until", "before", "after", "till"})
_BEFORE_YEAR = _BEFORE_MONTH - {"last", "this"}
_VERBS_TOO = frozenset({"may", "march"})
"""Months that are other words in lower case: read beside a day or after "in", not after "this"."""
_HALF_LIFE = 14 * _DAY_MICROS
"""After which the latest counts half."""
_NOTHING = ("",) * 16
"""After a text: no rule looks further ahead than that."""
_OLDEST = 365 * 100
"""Days. An age nobody could mean would overflow the calendar."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, microseconds since 1970, and the words that named it."""

    start: int
    end: int
    """Not part of it."""
    words: str
    weekday: int | None = None
    """Only this day of the week, Monday is 0."""
    offset: int = 0
    """Microseconds the zone of its days is ahead of UTC."""
    latest: bool = False
    """The later, the more it is meant."""
    edges: bool = False
    """The words name one end of what has no other ("since June"), not the days that lie in it."""

    def weight(self, said_at: NDArray[np.int64]) -> NDArray[np.float32]:
        """How much each moment (microseconds since 1970, shape (n,)) is meant, in [0, 1]; float32, shape (n,)."""
        meant = (said_at >= self.start) & (said_at < self.end)
        if self.weekday is not None:
            days = (said_at + self.offset) // _DAY_MICROS
            meant &= (days + _FIRST_WEEKDAY) % 7 == self.weekday
        weight = meant.astype(np.float32)
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
    reader = _Reader(found, None if now is None else as_datetime(now).astimezone(zone), zone)
    at = 0
    while at < len(found):
        read = reader.period(at)
        if read is not None:
            return read.period(" ".join(reader.words[at : read.at]))
        at += 1
    return None


class _Read(NamedTuple):
    """What a rule read, and where it stopped."""

    start: datetime | None
    end: datetime | None
    """None: for ever."""
    at: int
    weekday: int | None = None
    latest: bool = False
    yearless: bool = False
    edges: bool = False

    def period(self, words: str) -> Period:
        offset = self.start.utcoffset() if self.weekday is not None and self.start is not None else None
        return Period(
            -_FOR_EVER if self.start is None or self.weekday is not None else (self.start - _EPOCH) // _MICROSECOND,
            _FOR_EVER if self.end is None else (self.end - _EPOCH) // _MICROSECOND,
            words,
            self.weekday,
            0 if offset is None else offset // _MICROSECOND,
            self.latest,
            self.edges,
        )


class _Reader:
    """The grammar over one text. A rule takes the place where it begins, and returns None where it does not hold."""

    def __init__(self, found: list[str], now: datetime | None, zone: tzinfo) -> None:
        self.words = [word.casefold() for word in found]
        self._padded = [*self.words, *_NOTHING]
        self._sides = not _SIDES.isdisjoint(self.words)
        self._found = found
        self._zone = zone
        self._now = now
        self._today = None if now is None else now.replace(hour=0, minute=0, second=0, microsecond=0)

    def _word(self, at: int) -> str:
        """The word at a place, which may be one before the first and a few after the last; "" there."""
        return self._padded[at]

    def _skip(self, at: int, *words: str) -> int:
        return at + 1 if self._word(at) in words else at

    def period(self, at: int) -> _Read | None:
        word = self._word(at)
        if word in ("between", "from") and (found := self._range(at + 1, word)) is not None:
            return found
        if word in _BOUNDS and (point := self.point(self._skip(at + 1, "the"))) is not None and not point.latest:
            if word == "since":
                return point._replace(end=None, edges=True)
            if word == "after":
                return point._replace(start=point.end, end=None, edges=True)
            return point._replace(start=None, end=point.start if word == "before" else point.end, edges=True)
        return (self._beside(at) if self._sides else None) or self.point(at)

    def _beside(self, at: int) -> _Read | None:
        """``the week before 3 August``, ``two days after Friday``: from there to the date, and the date.

        What somebody did in the week before is told in it or on that day ("last week I ..."), so both are meant.
        """
        counted = self._count(at) or (1, at)
        length = counted[0] * (7 if self._word(counted[1]) in WEEKDAYS else self._unit(counted[1]) or 0)
        side = self._word(counted[1] + 1)
        if not length or side not in _SIDES:
            return None
        point = self.point(self._skip(counted[1] + 2, "the"))
        if point is None or point.start is None or point.end is None or point.weekday is not None:
            return None
        beside = timedelta(days=min(length, _OLDEST))
        try:
            if side == "before":
                return point._replace(start=point.start - beside)
            return point._replace(end=point.end + beside)
        except OverflowError:
            return None

    def _range(self, at: int, word: str) -> _Read | None:
        first = self.point(self._skip(at, "the"))
        between = ("and",) if word == "between" else ("to", "until", "till", "through")
        if first is None or first.start is None or self._word(first.at) not in between:
            return None
        last = self.point(self._skip(first.at + 1, "the"))
        if last is None or last.end is None:
            return None
        start = first.start
        if start >= last.end and first.yearless and start.year > 1:
            start = start.replace(year=start.year - 1, day=min(start.day, 28))
        return last._replace(start=start) if start < last.end else None

    def point(self, at: int) -> _Read | None:
        read = self._date(at)
        if read is not None or self._today is None:
            return read
        for rule in (self._day, self._before_last, self._ago, self._last, self._span, self._weekday, self._season):
            if (read := rule(at, self._today)) is not None:
                return read
        return self._lately(at, self._today)

    def _date(self, at: int) -> _Read | None:
        """``2023-05-08``, ``8 May 2023``, ``the sixth of May``, ``May 8th``, ``May 2023``, ``in May``, ``in 2023``."""
        word = self._word(at)
        if (year := self._year(at)) and self._word(at + 1) == self._word(at + 3) == "-":
            month, day = self._word(at + 2), self._word(at + 4)
            if len(month) == len(day) == 2 and month.isdecimal() and day.isdecimal():
                return self._calendar(at + 5, year, int(month), int(day))
            return None
        if (day_read := self._day_number(at)) is not None:
            number, after = day_read
            after = self._skip(after, "of")
            if (month_number := self._month(after)) is not None:
                return self._with_year(after + 1, month_number, number)
            return None
        if (month_number := self._month(at)) is not None:
            if self._day_number(at - 1) is not None and not self._found[at - 1].isalpha():
                return None  # the 40th of May
            after = self._skip(at + 1, ".") if len(word) <= 4 else at + 1
            if (day_read := self._day_number(self._skip(after, "the"))) is not None:
                return self._with_year(day_read[1], month_number, day_read[0])
            past = self._skip(self._skip(after, ","), "of")
            if year := self._year(past):
                return self._calendar(past + 1, year, month_number, None)
            return self._alone(at, after, month_number)
        if year and self._word(at - 1) in _BEFORE_YEAR | {"the"} and self._word(at - 1) != "the":
            return self._calendar(at + 1, year, None, None)
        return None

    def _alone(self, at: int, after: int, month: int) -> _Read | None:
        """A month by itself, after a preposition."""
        before = self._word(at - 1)
        lower = self._found[at].islower() and self._word(at) in _VERBS_TOO
        if before not in (_BEFORE_MONTH - {"this", "last", "of"} if lower else _BEFORE_MONTH):
            return None
        return self._calendar(after, None, month, None)

    def _with_year(self, at: int, month: int, day: int) -> _Read | None:
        past = self._skip(at, ",")
        year = self._year(past)
        return self._calendar(past + 1 if year else at, year or None, month, day)

    def _calendar(self, at: int, year: int | None, month: int | None, day: int | None) -> _Read | None:
        yearless = year is None
        if year is None:
            if self._today is None or month is None:
                return None
            # The latest such day or month that has begun.
            year = self._today.year - ((month, day or 1) > (self._today.month, self._today.day))
        try:
            start = datetime(year, month or 1, day or 1, tzinfo=self._zone)
        except ValueError:
            return None
        if day is not None:
            end = start + _DAY
        elif month is not None:
            end = start.replace(year=year + month // 12, month=month % 12 + 1)
        else:
            end = start.replace(year=year + 1)
        return _Read(start, end, at, yearless=yearless)

    def _year(self, at: int) -> int:
        word = self._word(at)
        return int(word) if len(word) == 4 and word.isdecimal() and word[:2] in ("19", "20") else 0

    def _month(self, at: int) -> int | None:
        """A month's name, or its first three letters ("Sept" too) with a capital."""
        word = self._word(at)
        if word in MONTHS:
            return MONTHS.index(word) + 1
        if len(word) in (3, 4) and self._found[at][0].isupper():
            short = word if len(word) == 3 else word.removesuffix("t")
            return next((number for number, month in enumerate(MONTHS, 1) if month[:3] == short), None)
        return None

    def _day_number(self, at: int) -> tuple[int, int] | None:
        """``8``, ``8th``, ``eighth``, ``twenty first``; the number and where it stops."""
        word = self._word(at)
        if word[:1].isdecimal() and (digits := _ORDINAL.fullmatch(word)) is not None:
            return int(digits[1]), at + 1
        if word in ("twenty", "thirty"):
            second = self._skip(at + 1, "-")
            units = ORDINALS.get(self._word(second), 0)
            return ({"twenty": 20, "thirty": 30}[word] + units, second + 1) if 0 < units < 10 else None
        return (ORDINALS[word], at + 1) if word in ORDINALS else None

    def _day(self, at: int, today: datetime) -> _Read | None:
        word, following = self._word(at), self._word(at + 1)
        if word == "the" and self.words[at + 1 : at + 4] == ["day", "before", "yesterday"]:
            return _Read(today - 2 * _DAY, today - _DAY, at + 4)
        if word == "yesterday":
            return _Read(today - _DAY, today, at + 1)
        if word in ("today", "tonight"):
            return _Read(today, today + _DAY, at + 1)
        if word == "this" and following in ("morning", "afternoon", "evening"):
            return _Read(today, today + _DAY, at + 2)
        if word == "last" and following == "night":
            noon = timedelta(hours=12)
            return _Read(today - noon, today + noon, at + 2)
        return None

    def _before_last(self, at: int, today: datetime) -> _Read | None:
        """``the week before last``."""
        if self.words[at + 1 : at + 3] != ["before", "last"]:
            return None
        monday = today - today.weekday() * _DAY
        this_month = today.replace(day=1)
        last_month = (this_month - _DAY).replace(day=1)
        read = {
            "night": (today - 2 * _DAY, today - _DAY),
            "week": (monday - 14 * _DAY, monday - 7 * _DAY),
            "weekend": (monday - 9 * _DAY, monday - 7 * _DAY),
            "month": ((last_month - _DAY).replace(day=1), last_month),
            "year": (
                today.replace(month=1, day=1, year=today.year - 2),
                today.replace(month=1, day=1, year=today.year - 1),
            ),
        }.get(self._word(at))
        return None if read is None else _Read(*read, at + 3)

    def _count(self, at: int) -> tuple[int, int] | None:
        """``3``, ``three``, ``a couple of``, ``a few``; the number and where it stops."""
        word = self._word(at)
        if word == "a" and self._word(at + 1) in NUMBERS:
            at, word = at + 1, self._word(at + 1)
        number = int(word[:4]) if word.isdecimal() else NUMBERS.get(word)
        return None if number is None else (min(number, 1000), self._skip(at + 1, "of"))

    def _unit(self, at: int) -> int | None:
        word = self._word(at)
        return _SPANS.get(word) or _SPANS.get(word.removesuffix("s"))

    def _ago(self, at: int, today: datetime) -> _Read | None:
        """``two weeks ago``, ``half a year ago``."""
        half = self._word(at) == "half"
        counted = self._count(at + half)
        if (
            counted is None
            or not (length := self._unit(counted[1]))
            or self._word(counted[1] + 1) not in ("ago", "back")
        ):
            return None
        length //= 1 + half
        middle = today - timedelta(days=min(counted[0] * length, _OLDEST))
        slack = timedelta(days=length // 2)
        return _Read(middle - slack, middle + slack + _DAY, counted[1] + 2)

    def _last(self, at: int, today: datetime) -> _Read | None:
        """``the last two weeks``, ``the past few days``."""
        if self._word(at) not in ("last", "past", "previous") or (counted := self._count(at + 1)) is None:
            return None
        length = self._unit(counted[1])
        if not length:
            return None
        return _Read(today - timedelta(days=min(counted[0] * length, _OLDEST)), today + _DAY, counted[1] + 1)

    def _span(self, at: int, today: datetime) -> _Read | None:
        """``last week``, ``this month``, ``last Friday``, ``over the weekend``."""
        which, span = self._word(at), self._word(at + 1)
        if which in ("over", "during") and span == "the" and self._word(at + 2) == "weekend":
            return _Read(today - 14 * _DAY, today, at + 3)
        if which not in ("last", "past", "this", "previous"):
            return None
        if span in WEEKDAYS:
            return self._latest_weekday(at + 2, span, today)
        if span not in _SPANS or span in ("day", "fortnight"):
            return None
        length = _SPANS[span]
        if which == "this":
            return _Read(today - timedelta(days=length - 1), today + _DAY, at + 2)
        # "Last week" is said of anything between a day and two weeks ago.
        return _Read(today - timedelta(days=2 * length), today, at + 2)

    def _weekday(self, at: int, today: datetime) -> _Read | None:
        """``on Friday``: the latest; ``on Fridays``, ``every Friday``: each."""
        before, word = self._word(at - 1), self._word(at)
        if word.removesuffix("s") in WEEKDAYS and (word.endswith("s") or before in ("every", "each")):
            return _Read(today, None, at + 1, weekday=WEEKDAYS.index(word.removesuffix("s")))
        if word in WEEKDAYS and before in (*_BOUNDS, "on", "by", "between", "from", "and", "to"):
            return self._latest_weekday(at + 1, word, today)
        return None

    def _latest_weekday(self, at: int, name: str, today: datetime) -> _Read:
        start = today - ((today.weekday() - WEEKDAYS.index(name)) % 7 or 7) * _DAY
        return _Read(start, start + _DAY, at)

    def _season(self, at: int, today: datetime) -> _Read | None:
        """``last summer``, ``in the winter``."""
        if self._word(at) not in ("last", "this", "past", "in", "during", "over"):
            return None
        after = self._skip(at + 1, "the")
        begins = _SEASONS.get(self._word(after))
        if begins is None:
            return None
        start = today.replace(year=today.year - (begins > today.month), month=begins, day=1)
        return _Read(start, start + 91 * _DAY, after + 1)

    def _lately(self, at: int, today: datetime) -> _Read | None:
        """``lately``, ``most recently``, ``the last time``: no stretch has an edge here, the newer the better."""
        word, following = self._word(at), self._word(at + 1)
        pair = (word, following) in (("most", "recently"), ("last", "time"), ("these", "days"))
        if not pair and word not in ("lately", "recently"):
            return None
        return _Read(None, today + _DAY, at + 1 + pair, latest=True)
