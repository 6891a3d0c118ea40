"""The time expressions of a query: a small grammar over its words, one function a rule.

General date parsers take a quarter of a second to load and read dates into "what may I march to"; here a month needs a
day, a year or a preposition beside it. Days are days of the zone that is asked in.

    period  = "between" point "and" point | "from" point "to" point | bound point | beside | point
    beside  = ([count] unit | weekday) ("before" | "after") point
    bound   = "since" | "after" | "before" | "until" | "till"
    point   = third of stretch | stretch | date | day [part of day] | weekday | occasion | recurring | lately

What the words mean on the calendar is in ``spans``; what a month or a number is called, in the lexicon.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from toldonce.text import spans
from toldonce.text.lexicon.english import ORDINALS, PARTS, PARTS_OF_DAY, SEASONS, UNITS
from toldonce.text.spans import DAY, OCCASIONS, Span
from toldonce.text.time_dates import Dates, Read
from toldonce.text.time_words import AT, BOUNDS, WHICH

_SIDES = frozenset({"before", "after"})
_OLDEST = 365 * 100
"""Days. An age nobody could mean would overflow the calendar."""
_THE_OTHER = 14
"""Days in which the other day was."""


class Reader(Dates):
    """The grammar over one text. A rule takes the place where it begins, and returns None where it does not hold."""

    def period(self, at: int) -> Read | None:
        word = self._word(at)
        if word in ("between", "from") and (found := self._range(at + 1, word)) is not None:
            return found
        if word in BOUNDS and (point := self.point(self._skip(at + 1, "the"))) is not None and not point.latest:
            if word == "since":
                return point._replace(for_ever=True, edges=True)
            if word == "after":
                return point._replace(span=Span(point.span.end, point.span.end), for_ever=True, edges=True)
            end = point.span.start if word == "before" else point.span.end
            return point._replace(span=Span(end, end), since_ever=True, edges=True)
        return self._beside(at) or self.point(at)

    def point(self, at: int) -> Read | None:
        """A date, a day or a stretch; of a day, its part."""
        read = self._third(at) or self._date(at)
        if read is None and self._today is not None:
            for rule in _RULES:
                if (read := rule(self, at, self._today)) is not None:
                    break
        return None if read is None else self._part_of(read)

    def _beside(self, at: int) -> Read | None:
        """``the week before 3 August``, ``two days after Friday``: from there to the date, and the date.

        What somebody did in the week before is told in it or on that day ("last week I ..."), so both are meant.
        """
        counted = self._count(at) or (1, at)
        length = counted[0] * (
            7 if self._weekday_name(counted[1]) is not None else UNITS.get(self._word(counted[1]), 0)
        )
        side = self._word(counted[1] + 1)
        if not length or side not in _SIDES:
            return None
        point = self.point(self._skip(counted[1] + 2, "the"))
        if point is None or point.weekdays is not None or point.latest:
            return None
        beside = timedelta(days=min(length, _OLDEST))
        if side == "before":
            return point._replace(span=Span(point.span.start - beside, point.span.end))
        return point._replace(span=Span(point.span.start, point.span.end + beside))

    def _range(self, at: int, word: str) -> Read | None:
        first = self.point(self._skip(at, "the"))
        between = ("and",) if word == "between" else ("to", "until", "till", "through")
        if first is None or first.since_ever or self._word(first.at) not in between:
            # "between May 1 and 10" is a date by itself
            return first if first is not None and first.kind == "days" else None
        last = self.point(self._skip(first.at + 1, "the"))
        if last is None:
            return None
        start, end = first.span.start, last.span.end
        if start >= end and last.kind == first.kind == "weekday":
            later = end + 7 * DAY <= (self._today or end) + DAY
            start, end = (start, end + 7 * DAY) if later else (start - 7 * DAY, end)
        elif start >= end and first.yearless and start.year > 1:
            start = start.replace(year=start.year - 1, day=min(start.day, 28))
        return last._replace(span=Span(start, end)) if start < end else None

    def _third(self, at: int) -> Read | None:
        """``early May``, ``the end of last month``, ``the first week of June``, ``the week of May 5``."""
        word = self._word(at)
        after = at + 1
        if word in ("early", "late", "mid"):
            after = self._skip(after, "-", "–")
        elif self._word(at + 2) in ("of", "in") and (word in ORDINALS or word in ("last", "the")):
            return self._piece_of(at)
        elif word in PARTS and self._word(after) == "of":
            after += 1
        else:
            return None
        read = self._whole(after)
        return None if read is None else read._replace(span=spans.third(read.span, PARTS[word]), kind="")

    def _piece_of(self, at: int) -> Read | None:
        """``the first week of May``, ``the last Friday of the month``, ``the week of 5 May``."""
        word, unit = self._word(at), self._word(at + 1)
        if word == "the":
            inner = self._date(self._skip(at + 3, "the")) if unit == "week" else None
            return None if inner is None else inner._replace(span=spans.week(inner.span.start))
        weekday = spans.SATURDAY if unit == "weekend" else self._weekday_name(at + 1)
        whole = self._whole(at + 3) if weekday is not None or unit in ("week", "day") else None
        if whole is None or whole.kind not in ("month", "quarter", "season", "year"):
            return None
        start, end, _ = whole.span
        if weekday is not None:
            first = start + (weekday - start.weekday()) % 7 * DAY
            last = end - ((end.weekday() - weekday - 1) % 7 + 1) * DAY
            found = last if word == "last" else first + 7 * (ORDINALS[word] - 1) * DAY
            return whole._replace(span=spans.weekend(found) if unit == "weekend" else spans.day(found), kind=unit)
        length = 7 * DAY if unit == "week" else DAY
        begins = end - length if word == "last" else start + (ORDINALS[word] - 1) * length
        return whole._replace(span=Span(begins, begins + length), kind=unit)

    def _whole(self, at: int) -> Read | None:
        """A stretch that has a beginning and an end: a month, ``the year``, ``last week``, ``summer``."""
        after = self._skip(at, "the")
        if self._today is not None:
            if self._word(after) in ("week", "month", "year") and after > at:
                return Read(self._current(self._word(after)), after + 1, kind=self._word(after))
            for rule in (Reader._before_last, Reader._span, Reader._season):
                if (read := rule(self, after, self._today)) is not None:
                    return read
        return self._date(after)

    def _current(self, unit: str, back: int = 0) -> Span:
        """This week, month or year; or so many before."""
        today = self._today
        if today is None:
            raise ValueError("there is no such day")
        if unit == "week":
            return spans.week(today - back * 7 * DAY)
        if unit == "weekend":
            return spans.weekend(today - (back * 7 + 7 * (today.weekday() < spans.SATURDAY)) * DAY)
        if unit == "month":
            return spans.month(today, -back)
        return spans.quarter(today, -back) if unit == "quarter" else spans.year(today, -back)

    def _before_last(self, at: int, today: datetime) -> Read | None:
        """``the week before last``, ``the Friday before last``, ``the night before last``, ``summer before last``."""
        word = self._word(at)
        if self.words[at + 1 : at + 3] != ["before", "last"]:
            return None
        if word in PARTS_OF_DAY:
            return Read(spans.hours(today - 2 * DAY, *PARTS_OF_DAY[word]), at + 3)
        if word in ("week", "weekend", "month", "quarter", "year"):
            return Read(self._current(word, 1 if word == "weekend" else 2), at + 3, kind=word)
        if word in SEASONS:
            span = spans.latest(lambda year: spans.season(year, SEASONS[word]), today, ended=True, back=1)
            return Read(span, at + 3, kind="season")
        if (number := self._weekday_name(at)) is not None:
            return Read(spans.day(self._latest_weekday(number, today) - 7 * DAY), at + 3, kind="day")
        return None

    def _ago(self, at: int, today: datetime) -> Read | None:
        """``two weeks ago``, ``half an hour ago``, ``three Fridays ago``, ``two summers ago``."""
        half = self._word(at) == "half"
        counted = self._count(at + half)
        if counted is None or self._word(counted[1] + 1) not in ("ago", "back"):
            return None
        number, unit_at = counted
        unit, after = self._word(unit_at), unit_at + 2
        if (weekday := self._weekday_name(unit_at)) is not None:
            return Read(spans.day(self._latest_weekday(weekday, today) - 7 * (number - 1) * DAY), after, kind="day")
        if (season := SEASONS.get(unit.removesuffix("s"))) is not None:
            span = spans.latest(lambda year: spans.season(year, season), today, ended=True, back=number - 1)
            return Read(span, after, kind="season")
        if unit.startswith("weekend"):
            return Read(self._current("weekend", number - (today.weekday() < spans.SATURDAY)), after)
        length = UNITS.get(unit, 0) / (1 + half)
        if not length:
            return None
        if length < 1:
            at_about = self._moment(today) - timedelta(days=number * length)
            around = timedelta(days=max(number * length / 2, 1 / 48))
            return Read(Span(at_about - around, at_about + around), after)
        if unit.startswith("night"):
            return Read(spans.hours(today - number * DAY, *PARTS_OF_DAY["night"]), after)
        middle = today - timedelta(days=min(number * int(length), _OLDEST))
        slack = timedelta(days=int(length) // 2)
        return Read(Span(middle - slack, middle + slack + DAY), after, kind=unit.removesuffix("s"))

    def _last(self, at: int, today: datetime) -> Read | None:
        """``the last two weeks``, ``the past few days``, ``the last 24 hours``, ``the last hour``."""
        if self._word(at) not in ("last", "past", "previous"):
            return None
        counted = self._count(at + 1) or (1, at + 1)
        length = UNITS.get(self._word(counted[1]), 0)
        if not length or (counted[1] == at + 1 and length >= 1 and self._word(at + 1) != "decade"):
            return None
        back = timedelta(days=min(counted[0] * length, _OLDEST))
        if length < 1:
            now = self._moment(today)
            return Read(Span(now - back, now), counted[1] + 1)
        return Read(Span(today - back, today + DAY), counted[1] + 1)

    def _span(self, at: int, today: datetime) -> Read | None:
        """``last week``, ``this month``, ``over the past year``, ``at the weekend``, ``last Friday``."""
        which, unit = self._word(at), self._word(at + 1)
        if which == "weekend" and self._word(at - 1) == "the" and self._word(at - 2) in AT:
            return Read(self._current("weekend"), at + 1, kind="weekend")
        if which not in WHICH or unit not in ("week", "weekend", "month", "quarter", "year", "night"):
            return None
        if unit == "night":
            return Read(spans.hours(today - DAY, *PARTS_OF_DAY["night"]), at + 2) if which == "last" else None
        length = UNITS[unit]
        if unit == "weekend":
            weekdays_left = today.weekday() < spans.SATURDAY
            span = self._current(unit, int(which in ("last", "previous") and not weekdays_left))
            last_days = (
                (today - 2 * length * DAY, today) if which != "this" else (today - (length - 1) * DAY, today + DAY)
            )
            return Read(span._replace(near=last_days), at + 2, kind=unit)
        if which == "past":
            span, near = Span(today - length * DAY, today + DAY), (today - 2 * length * DAY, today + DAY)
        elif which == "this":
            span, near = self._current(unit), (today - (length - 1) * DAY, today + DAY)
        else:  # "Last week" is said of anything between a day and two weeks ago.
            span, near = self._current(unit, 1), (today - 2 * length * DAY, today)
        read = Read(span._replace(near=near), at + 2, kind=unit)
        return self._within(read, today)

    def _within(self, read: Read, today: datetime) -> Read:
        """``last week on Tuesday``, ``last year in May``."""
        after = self._skip(self._skip(read.at, ","), "on", "in")
        if read.kind == "week" and (weekday := self._weekday_name(after)) is not None:
            return Read(spans.day(read.span.start + weekday * DAY), after + 1, kind="day")
        if read.kind == "year" and after > read.at and (month := self._month(after)) is not None:
            return Read(spans.month(read.span.start.replace(month=month)), after + 1, kind="month")
        return read

    def _moment(self, today: datetime) -> datetime:
        return self._now or today

    def _day(self, at: int, today: datetime) -> Read | None:
        word, following = self._word(at), self._word(at + 1)
        if word == "the" and self.words[at + 1 : at + 4] == ["day", "before", "yesterday"]:
            return Read(spans.day(today - 2 * DAY), at + 4, kind="day")
        if word == "the" and following == "other" and self._word(at + 2) in ("day", "night", "evening", "morning"):
            return Read(Span(today - _THE_OTHER * DAY, today), at + 3)
        if word == "yesterday":
            return Read(spans.day(today - DAY), at + 1, kind="day")
        if word == "today":
            return Read(spans.day(today), at + 1, kind="day")
        if word == "tonight":
            return Read(spans.hours(today, *PARTS_OF_DAY["night"]), at + 1)
        if word == "this" and following in PARTS_OF_DAY:
            return Read(spans.hours(today, *PARTS_OF_DAY[following]), at + 2)
        if word == "last" and following == "evening":
            return Read(spans.hours(today - DAY, *PARTS_OF_DAY[following]), at + 2)
        return None

    def _part_of(self, read: Read) -> Read:
        """``yesterday morning``, ``on Friday night``, ``May 5 in the evening``: those hours of the day, or of each."""
        if read.kind not in ("day", "weekday", "each"):
            return read
        after = read.at
        if self._word(after) in ("in", "at", "during"):
            after = self._skip(after + 1, "the")
        word = self._word(after)
        part = PARTS_OF_DAY.get(word) or (PARTS_OF_DAY.get(word.removesuffix("s")) if read.kind == "each" else None)
        if part is None:
            return read
        if read.kind == "each":
            return read._replace(at=after + 1, hours=part)
        return read._replace(at=after + 1, span=spans.hours(read.span.start, *part))

    def _weekday(self, at: int, today: datetime) -> Read | None:
        """``on Friday``, ``last Friday``, ``Friday night``: the latest; ``Friday last week``; ``Monday, May 5th``."""
        at += self._word(at) in WHICH
        number, before, after = self._weekday_name(at), self._word(at - 1), at + 1
        if number is None or before in ("next", "coming") or self._word(at).endswith("days"):
            return None
        date = self._date(self._skip(self._skip(after, ","), "the"))
        if date is not None and date.kind == "day":
            return date
        week = self._week_of(self._skip(self._skip(after, "of", "in"), "the"), today)
        if week is not None:
            return Read(spans.day(week.span.start + number * DAY), week.at, kind="day")
        following = self._word(after)
        meant = before in AT or following in PARTS_OF_DAY or (at > 0 and following in ("", "?", ".", "!"))
        return Read(spans.day(self._latest_weekday(number, today)), after, kind="weekday") if meant else None

    def _week_of(self, at: int, today: datetime) -> Read | None:
        """``last week``, ``the week before last``, ``two weeks ago``: from its Monday."""
        read = self._before_last(at, today) or self._ago(at, today) or self._span(at, today)
        if read is None or read.kind != "week":
            return None
        middle = read.span.start + (read.span.end - read.span.start) / 2
        return read._replace(span=spans.week(middle.replace(hour=0, minute=0, second=0, microsecond=0)))

    def _latest_weekday(self, number: int, today: datetime) -> datetime:
        return today - ((today.weekday() - number) % 7 or 7) * DAY

    def _occasion(self, at: int, today: datetime) -> Read | None:
        """``at Christmas``, ``since Easter``, ``last Thanksgiving``, ``two Christmases ago``, ``Easter 2024``."""
        counted = self._count(at)
        named = self._skip(at if counted is None else counted[1], *WHICH)
        name, made = next(
            ((name, made) for name, made in OCCASIONS if self.words[named : named + len(name)] == list(name)),
            ((), None),
        )
        if made is None:
            return None
        after = named + len(name)
        year, past = self._year(self._skip(after, "of"))
        if not year:
            year, past = self._named_year(after)
        if year:
            return Read(_told(made(today.replace(year=year, month=1, day=1))), past)
        if counted is not None and self._word(after) in ("ago", "back"):
            return Read(_told(spans.latest(made, today, back=counted[0] - 1)), after + 1)
        if self.words[after : after + 2] == ["before", "last"]:
            return Read(_told(spans.latest(made, today, back=1)), after + 2)
        before = self._word(named - 2) if self._word(named - 1) == "the" else self._word(named - 1)
        return Read(_told(spans.latest(made, today)), after) if counted is None and before in AT else None

    def _season(self, at: int, today: datetime) -> Read | None:
        """``last summer``, ``in the winter``, ``the summer of 2024``, ``spring last year``."""
        named = self._skip(at + 1, "the") if self._word(at) in AT else at
        begins = SEASONS.get(self._word(named))
        if begins is None:
            return None
        year, past = self._year(self._skip(named + 1, "of"))
        if not year:
            year, past = self._named_year(named + 1)
        if year:
            return Read(spans.season(today.replace(year=year, month=1, day=1), begins), past, kind="season")
        before = self._word(named - 2) if self._word(named - 1) == "the" else self._word(named - 1)
        if before not in AT:
            return None
        ended = before in ("last", "previous")
        span = spans.latest(lambda first: spans.season(first, begins), today, ended=ended)
        return Read(span, named + 1, kind="season")

    def _recurring(self, at: int, today: datetime) -> Read | None:
        """``on Fridays``, ``every Friday``, ``at weekends``, ``on weekdays``, ``in the mornings``, ``every night``."""
        before, word = self._word(at - 1), self._word(at)
        every = before in ("every", "each")
        number = self._weekday_name(at)
        weekdays: frozenset[int] | None = None
        hours: tuple[int, int] | None = None
        if number is not None and (word.endswith("days") or every):
            weekdays = frozenset({number})
        elif word == "weekends" or (every and word == "weekend"):
            weekdays = frozenset({5, 6})
        elif word == "weekdays" or (every and word == "weekday"):
            weekdays = frozenset(range(5))
        elif word.removesuffix("s") in PARTS_OF_DAY and (every or (before == "the" and word.endswith("s"))):
            hours = PARTS_OF_DAY[word.removesuffix("s")]
        else:
            return None
        return Read(spans.day(today), at + 1, True, True, weekdays=weekdays, hours=hours, kind="each")

    def _lately(self, at: int, today: datetime) -> Read | None:
        """``lately``, ``most recently``, ``the last time``: no stretch has an edge here, the newer the better."""
        pair = (self._word(at), self._word(at + 1)) in _LATELY
        if not pair and self._word(at) not in ("lately", "recently", "nowadays"):
            return None
        return Read(spans.day(today), at + 1 + pair, since_ever=True, latest=True)


_LATELY = {("most", "recently"), ("last", "time"), ("these", "days"), ("of", "late")}


def _told(span: Span) -> Span:
    """People tell of an occasion for a week."""
    return span._replace(near=(span.start - 3 * DAY, span.end + 7 * DAY))


_RULES: tuple[Callable[[Reader, int, datetime], Read | None], ...] = (
    Reader._day,
    Reader._before_last,
    Reader._ago,
    Reader._last,
    Reader._span,
    Reader._recurring,
    Reader._weekday,
    Reader._occasion,
    Reader._season,
    Reader._lately,
)
