"""When something was: the words a memory's day is found by, and the stretch of time a query speaks of.

A small grammar of its own. General date parsers take a quarter of a second to load and read dates into "what may I
march to"; here a month needs a capital and a day, a year or a preposition beside it. Days are UTC days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from toldonce.text.lexicon.english import MONTHS, WEEKDAYS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
} | {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 4}

_MONTH = "|".join(rf"{month}|{month[:3]}t?(?![a-z])\.?+" for month in map(str.capitalize, MONTHS))
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"

_ABSOLUTE = re.compile(
    rf"""\b(?:
      (?P<iso>(?P<y1>{_YEAR})-(?P<m1>\d\d)-(?P<d1>\d\d))
    | (?P<d2>{_DAY})\ (?:of\ )?(?P<m2>{_MONTH})(?:,?\ (?P<y2>{_YEAR}))?
    | (?P<m3>{_MONTH})\ (?:the\ )?(?P<d3>{_DAY})(?!\d)(?:,?\ (?P<y3>{_YEAR}))?
    | (?P<m4>{_MONTH}),?\ (?:of\ )?(?P<y4>{_YEAR})
    | (?:in|since|during|last|this|of|until|before|after)\ (?P<m5>{_MONTH})(?!,?\ (?:of\ )?{_YEAR})
    | (?:in|since|during|of|until|before|after)\ (?P<y6>{_YEAR})
    )(?!\w)""",
    re.VERBOSE,
)
_SPANS = {"day": 1, "night": 1, "weekend": 7, "week": 7, "fortnight": 14, "month": 30, "year": 365}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The month they begin in, in the north."""
_OPEN = re.compile(
    r"\b(?:(?P<since>since)|(?P<after>after)|(?P<until>until|till)|(?P<before>before))\s+(?:the\s+)?$", re.I
)
_RELATIVE = re.compile(
    rf"""\b(?:
      (?P<day>today|tonight|this\ (?:morning|afternoon|evening)|yesterday|the\ day\ before\ yesterday)
    | (?:(?P<half>half)\ )?(?:a\ )?(?P<count>\d+|{"|".join(_NUMBERS)})\ (?:of\ )?
      (?P<unit>{"|".join(_SPANS)})s?\ (?:ago|back)
    | (?P<which>last|past|this|previous)\ (?P<span>night|week|weekend|month|year|{"|".join(WEEKDAYS)})
    | (?:last|this|past|in|during|over)\ (?:the\ )?(?P<season>{"|".join(_SEASONS)})
    | (?:over|during)\ the\ (?P<over>weekend)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)


_MAY_BE_ABSOLUTE = re.compile(r"[\dJFMASOND]")
_IN_RELATIVE = "day night morning afternoon evening week month year ago back spring summer autumn fall winter".split()
"""What every match has: a number or a month's first letter, and one of these words. Most texts have none, and looking
for them takes a tenth of the time."""

_FOR_EVER = 1 << 62
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, microseconds since 1970, and the words that named it."""

    start: int
    end: int
    """Not part of it."""
    words: str


def moment(microseconds: int) -> datetime:
    """A UTC datetime from microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def date_words(said_at: int) -> str:
    """``8 may 2023``: the day in the words people ask for it with."""
    day = moment(said_at)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def period(text: str, now: int | None = None) -> Period | None:
    """The first stretch of time a text speaks of, or None.

    ``now`` (microseconds) is what "last week" and a month without a year are counted from; without it they are not
    read.
    """
    absolute = _ABSOLUTE.search(text) if _MAY_BE_ABSOLUTE.search(text) else None
    if absolute is not None:
        found = _absolute(absolute, now)
        if found is not None:
            return _opened(found, text[: min(at for at in map(absolute.start, absolute.groupdict()) if at >= 0)])
    if now is None:
        return None
    folded = text.casefold()
    # A long s is an s to a regular expression that ignores case, and no key of the tables.
    plain = text if text.isascii() else folded
    relative = _RELATIVE.search(plain) if any(word in folded for word in _IN_RELATIVE) else None
    return None if relative is None else _relative(relative, now)


def _absolute(match: re.Match[str], now: int | None) -> Period | None:
    groups = {name[0]: value for name, value in match.groupdict().items() if value and name != "iso"}
    month = _month(groups["m"]) if "m" in groups else None
    day = int(re.sub(r"\D", "", groups["d"])) if "d" in groups else None
    year = int(groups["y"]) if "y" in groups else None
    try:
        if year is None:
            if now is None or month is None:
                return None
            # The latest such day or month that has begun.
            today = moment(now)
            year = today.year - ((month, day or 1) > (today.month, today.day))
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
    except ValueError:
        return None
    if day is not None:
        end = start + timedelta(days=1)
    elif month is not None:
        end = start.replace(year=year + month // 12, month=month % 12 + 1)
    else:
        end = start.replace(year=year + 1)
    return _period(start, end, match.group())


def _opened(found: Period, before: str) -> Period:
    """The stretch that "before June" and "since 2021" speak of; ``before``: the text before the date."""
    bound = _OPEN.search(before)
    if bound is None:
        return found
    if bound["since"] or bound["after"]:
        return Period(found.start if bound["since"] else found.end, _FOR_EVER, found.words)
    return Period(-_FOR_EVER, found.start if bound["before"] else found.end, found.words)


def _month(name: str) -> int:
    if name.isdecimal():
        return int(name)
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name.lower().rstrip(".")))


def _relative(match: re.Match[str], now: int) -> Period:
    today = moment(now).replace(hour=0, minute=0, second=0, microsecond=0)
    one = timedelta(days=1)
    if match["day"]:
        back = {"yesterday": 1, "the day before yesterday": 2}.get(match["day"].lower(), 0)
        return _period(today - back * one, today - (back - 1) * one, match.group())
    if match["count"]:
        word = match["count"].lower()
        # An age nobody could mean would overflow the calendar.
        count = min(_NUMBERS.get(word) or int(word[:4]), 1000)
        length = _SPANS[match["unit"].lower()] // (2 if match["half"] else 1)
        middle = today - timedelta(days=min(count * length, 365 * 100))
        slack = timedelta(days=length // 2)
        return _period(middle - slack, middle + slack + one, match.group())
    if match["season"]:
        begins = _SEASONS[match["season"].lower()]
        start = today.replace(year=today.year - (begins > today.month), month=begins, day=1)
        return _period(start, start + timedelta(days=91), match.group())
    span, which = (match["span"] or match["over"]).lower(), (match["which"] or "last").lower()
    if span in WEEKDAYS:
        back = (today.weekday() - WEEKDAYS.index(span)) % 7 or 7
        return _period(today - back * one, today - (back - 1) * one, match.group())
    length = _SPANS[span]
    if which == "this":
        return _period(today - timedelta(days=length - 1), today + one, match.group())
    # "Last week" is said of anything between a day and two weeks ago.
    return _period(today - timedelta(days=2 * length), today, match.group())


def _period(start: datetime, end: datetime, words: str) -> Period:
    microsecond = timedelta(microseconds=1)
    return Period((start - _EPOCH) // microsecond, (end - _EPOCH) // microsecond, words)
