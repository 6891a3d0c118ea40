"""Dates of the calendar, as people write and say them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from toldonce.text import spans
from toldonce.text.lexicon.english import PARTS_OF_DAY, TENS
from toldonce.text.spans import DAY, Span
from toldonce.text.time_words import AT, BOUNDS, RANGE, Words

_BEFORE_MONTH = frozenset({"in", "during", "last", "this", "of", "early", "late", "mid"}) | BOUNDS | RANGE - {"to"}
_BEFORE_YEAR = frozenset({"in", "during", "of", "early", "late", "mid"}) | BOUNDS | RANGE
_VERBS_TOO = frozenset({"may", "march"})
"""Months that are other words in lower case: read beside a day or after "in", not after "this"."""
_GOES_ON = frozenset({"", "?", "!", ".", ",", ";", "of", "and", "to", "until", "till", "in", "at", "with", "-", "–"})
"""What follows a day of the month that is a number alone: "on the 5th?", not "on the 5th floor"."""


class Read(NamedTuple):
    """What a rule read, and where it stopped."""

    span: Span
    at: int
    since_ever: bool = False
    for_ever: bool = False
    weekdays: frozenset[int] | None = None
    hours: tuple[int, int] | None = None
    latest: bool = False
    yearless: bool = False
    """It would be another year's as well."""
    edges: bool = False
    kind: str = ""
    """What it is one of: a day, a week."""


class Dates(Words):
    """Rules that read a date. One returns None where it does not hold."""

    def _date(self, at: int) -> Read | None:
        """``2023-05-08``, ``8 May 2023``, ``the sixth of May``, ``May 8th``, ``May 2023``, ``in May``, ``in 2023``."""
        if (read := self._numeric(at) or self._decade(at)) is not None:
            return read
        if (day_read := self._day_number(at)) is not None:
            number, after = day_read
            after = self._skip(after, "of")
            if (month := self._month(after)) is not None:
                return self._with_year(after + 1, month, number)
            return self._day_alone(at, number, after)
        if (month := self._month(at)) is not None:
            return self._of_month(at, month)
        year, after = self._year(at)
        if year and (self._word(at - 1) in _BEFORE_YEAR or (self._word(at - 1) == "the" and self._word(after) == "s")):
            if self._word(after) == "s" and year % 10 == 0:
                return self._calendar_years(after + 1, year, 10)
            return self._calendar_years(after, year, 1)
        return None

    def _numeric(self, at: int) -> Read | None:
        """``2023-05-08``, ``2023/05/08``, ``8.5.2023``, ``13/5/2023``: not where day and month could be either."""
        parts = self._padded[at : at + 5]
        sign = parts[1]
        if sign not in ("-", "/", ".") or parts[3] != sign or not (parts[0] + parts[2] + parts[4]).isdecimal():
            return None
        if len(parts[0]) == 4 and len(parts[2]) == len(parts[4]) == 2:
            return self._calendar(at + 5, int(parts[0]), int(parts[2]), int(parts[4]))
        if len(parts[4]) != 4 or max(len(parts[0]), len(parts[2])) > 2:
            return None
        first, second = int(parts[0]), int(parts[2])
        if sign == "." or first > 12 or first == second:
            return self._calendar(at + 5, int(parts[4]), second, first)
        return self._calendar(at + 5, int(parts[4]), first, second) if second > 12 else None

    def _of_month(self, at: int, month: int) -> Read | None:
        if self._day_number(at - 1) is not None and not self._found[at - 1].isalpha():
            return None  # the 40th of May
        after = self._skip(at + 1, ".") if len(self._word(at)) <= 4 else at + 1
        if (day_read := self._day_number(self._skip(after, "the"))) is not None:
            return self._with_year(day_read[1], month, day_read[0])
        year, past = self._year(self._skip(self._skip(after, ","), "of"))
        if year:
            return self._calendar(past, year, month, None)
        year, past = self._named_year(after)
        if year:
            return self._calendar(past, year, month, None)
        before = self._word(at - 1)
        lower = self._found[at].islower() and self._word(at) in _VERBS_TOO
        if before in ("-", "–"):
            before = self._word(at - 2)  # mid-May
        if before not in (_BEFORE_MONTH - {"this", "last", "of"} if lower else _BEFORE_MONTH):
            return None
        if before == "last" and self._today is not None and month == self._today.month:
            return self._calendar(after, self._today.year - 1, month, None)
        return self._calendar(after, None, month, None)

    def _with_year(self, at: int, month: int, day: int) -> Read | None:
        if self._word(at) in ("-", "–", "to", "through", "and") and (last := self._last_day(at)) is not None:
            first, end = self._with_year(last[1], month, day), self._with_year(last[1], month, last[0])
            if first is not None and end is not None and first.span.start < end.span.start:
                return end._replace(span=Span(first.span.start, end.span.end), kind="days")
        year, past = self._year(self._skip(at, ",", "of"))
        if not year:
            year, past = self._named_year(self._skip(at, ","))
        return self._calendar(past if year else at, year or None, month, day)

    def _last_day(self, at: int) -> tuple[int, int] | None:
        """The number after ``May 1 to``, if it is a day of the same month."""
        sign, last = self._word(at), self._day_number(self._skip(at + 1, "the"))
        if last is None or self._month(self._skip(last[1], "of")) is not None:
            return None
        ranging = sign != "and" or "between" in self.words[:at]
        return last if ranging and self._word(last[1]) in _GOES_ON | set(self._padded[at + 2 : at + 3]) else None

    def _day_alone(self, at: int, number: int, after: int) -> Read | None:
        """``on the 5th``, ``Monday the 5th``, ``the first of the month``: the latest such day."""
        if self._today is None or self._word(at - 1) != "the" or self._found[at].isdecimal():
            return None
        past = self._skip(after, "the", "this", "last") if self._word(after - 1) == "of" else after
        if past > after and self._word(past) == "month":
            back = int(self._word(after) == "last")
            return self._day_of_month(past + 1, number, back)
        named = self._word(at - 2) in AT or self._weekday_name(at - 2) is not None
        if not named or self._word(after - 1) == "of" or self._word(after) not in _GOES_ON | set(PARTS_OF_DAY):
            return None
        return self._day_of_month(after, number, int(number > self._today.day))

    def _day_of_month(self, at: int, number: int, back: int) -> Read | None:
        today = self._today
        if today is None or not 1 <= number <= 31:
            return None
        for months in range(back, back + 2):  # the month before may have no 31st
            start, end, _ = spans.month(today, -months)
            at_day = start + (number - 1) * DAY
            if at_day < end:
                return Read(spans.day(at_day), at, kind="day")
        return None

    def _calendar(self, at: int, year: int | None, month: int, day: int | None) -> Read | None:
        yearless = year is None
        if year is None:
            if self._today is None:
                return None
            # The latest such day or month that has begun.
            year = self._today.year - ((month, day or 1) > (self._today.month, self._today.day))
        try:
            start = datetime(year, month, day or 1, tzinfo=self._zone)
        except ValueError:
            return None
        span = spans.month(start) if day is None else spans.day(start)
        return Read(span, at, yearless=yearless, kind="month" if day is None else "day")

    def _calendar_years(self, at: int, year: int, years: int) -> Read:
        return Read(spans.year(datetime(year, 1, 1, tzinfo=self._zone), 0, years), at, kind="year")

    def _decade(self, at: int) -> Read | None:
        """``in the nineties``, ``in the 90s``."""
        word = self._word(at)
        if self._word(at - 1) != "the":
            return None
        if len(word) == 2 and word[1] == "0" and word.isdecimal() and self._word(at + 1) == "s":
            tens, after = int(word) // 10, at + 2
        elif word.endswith("ties") and word[:-3] + "y" in TENS:
            tens, after = TENS[word[:-3] + "y"], at + 1
        else:
            return None
        return self._calendar_years(after, (1900 if tens > 2 else 2000) + 10 * tens, 10)
