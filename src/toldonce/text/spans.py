"""Stretches of the calendar around a day: its week, the season before, Easter, the night. Arithmetic, no words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SATURDAY = 5


class Span(NamedTuple):
    """From a moment until another, which is no part of it."""

    start: datetime
    end: datetime
    near: tuple[datetime, datetime] | None = None
    """Where what was said may be meant as well: people tell of a weekend on Monday, and mean by "last week" any of the
    last days."""


def day(at: datetime, days: int = 1) -> Span:
    """So many days from midnight on."""
    return Span(at, at + days * DAY)


def week(at: datetime) -> Span:
    """The week a day is in, from Monday."""
    monday = at - at.weekday() * DAY
    return Span(monday, monday + 7 * DAY)


def weekend(at: datetime) -> Span:
    """The Saturday and Sunday of the week a day is in."""
    saturday = at + (SATURDAY - at.weekday()) * DAY
    return Span(saturday, saturday + 2 * DAY, (saturday - 7 * HOUR, saturday + 4 * DAY))


def month(at: datetime, months: int = 0, length: int = 1) -> Span:
    """So many months on from the one a day is in, so many long."""
    return Span(_month(at, months), _month(at, months + length))


def quarter(at: datetime, quarters: int = 0) -> Span:
    """So many quarters on from the one a day is in."""
    return month(at.replace(month=at.month - (at.month - 1) % 3, day=1), 3 * quarters, 3)


def year(at: datetime, years: int = 0, length: int = 1) -> Span:
    """So many years on from the one a day is in."""
    first = at.replace(month=1, day=1)
    return Span(first.replace(year=at.year + years), first.replace(year=at.year + years + length))


def season(at: datetime, begins: int) -> Span:
    """The season of a year that begins in a month; as they are in the north."""
    return month(at.replace(month=begins, day=1), 0, 3)


def hours(at: datetime, first: int, last: int) -> Span:
    """Hours of a day, those after 24 of the next; it may be told of until the day is over."""
    return Span(at + first * HOUR, at + last * HOUR, (at + first * HOUR, at + max(last * HOUR, DAY)))


def third(of: Span, number: int) -> Span:
    """The beginning, the middle or the end of a stretch: 0, 1 or 2."""
    length = (of.end - of.start) / 3
    near = of.near or (of.start, of.end)
    return Span(_midnight(of.start + number * length), _midnight(of.start + (number + 1) * length, up=True), near)


def latest(made: Callable[[datetime], Span], today: datetime, *, ended: bool = False, back: int = 0) -> Span:
    """The latest of what comes once a year that has begun, or has ended, by a day; or the one so many years before it.

    ``made`` takes the first day of a year.
    """
    found = [made(year(today, years).start) for years in (0, -1, -2)]
    number = next((number for number, span in enumerate(found) if (span.end if ended else span.start) <= today), 0)
    return made(year(today, -number - back).start)


def _month(at: datetime, months: int) -> datetime:
    years, month = divmod(at.month - 1 + months, 12)
    return at.replace(year=at.year + years, month=month + 1, day=1)


def _midnight(at: datetime, *, up: bool = False) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + DAY if up and midnight < at else midnight


def easter(at: datetime) -> datetime:
    """Easter Sunday of a year (the anonymous Gregorian algorithm, Nature, 20 April 1876)."""
    century, rest = divmod(at.year, 100)
    golden = at.year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (golden + 11 * moon + 22 * sunday) // 451
    number = moon + sunday - 7 * shift + 114
    return at.replace(month=number // 31, day=number % 31 + 1)


def _fixed(month: int, number: int, days: int = 1) -> Callable[[datetime], Span]:
    return lambda year: day(year.replace(month=month, day=number), days)


def _beside_easter(first: int, days: int) -> Callable[[datetime], Span]:
    return lambda year: day(easter(year) + first * DAY, days)


def _thanksgiving(year: datetime) -> Span:
    november = year.replace(month=11, day=1)
    return day(november + ((3 - november.weekday()) % 7 + 21) * DAY, 4)


OCCASIONS: list[tuple[tuple[str, ...], Callable[[datetime], Span]]] = [
    (("christmas", "eve"), _fixed(12, 24)),
    (("christmas", "day"), _fixed(12, 25)),
    (("boxing", "day"), _fixed(12, 26)),
    (("christmas",), _fixed(12, 24, 3)),
    (("christmases",), _fixed(12, 24, 3)),
    (("xmas",), _fixed(12, 24, 3)),
    (("holidays",), _fixed(12, 20, 14)),
    (("new", "year", "'", "s", "eve"), _fixed(12, 31)),
    (("new", "years", "eve"), _fixed(12, 31)),
    (("new", "year", "'", "s"), _fixed(12, 31, 2)),
    (("new", "years"), _fixed(12, 31, 2)),
    (("new", "year"), _fixed(12, 31, 2)),
    (("valentine", "'", "s", "day"), _fixed(2, 14)),
    (("valentine", "'", "s"), _fixed(2, 14)),
    (("valentines",), _fixed(2, 14)),
    (("halloween",), _fixed(10, 31)),
    (("thanksgiving",), _thanksgiving),
    (("good", "friday"), _beside_easter(-2, 1)),
    (("easter", "sunday"), _beside_easter(0, 1)),
    (("easter", "monday"), _beside_easter(1, 1)),
    (("easter",), _beside_easter(-2, 4)),
]
"""Days that come once a year, the longer names first."""
