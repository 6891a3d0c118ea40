"""The words of a time expression: what a month, a weekday, a number and a year are called."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from toldonce.text.lexicon.english import (
    MONTHS,
    NUMBERS,
    OF_TIME,
    ORDINALS,
    PARTS_OF_DAY,
    SEASONS,
    SHORT_WEEKDAYS,
    TENS,
    UNITS,
    WEEKDAYS,
)

_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
BOUNDS = frozenset({"since", "after", "before", "until", "till"})
RANGE = frozenset({"between", "from", "and", "to", "through", "until", "till", "-", "–"})
WHICH = frozenset({"last", "past", "this", "previous"})
AT = frozenset({"on", "at", "in", "over", "during", "by", "for"}) | BOUNDS | RANGE | WHICH
"""What stands before a named day."""
_NOTHING = ("",) * 16
"""After a text: no rule looks further ahead than that."""


_OF_TIME = frozenset(
    form
    for words in (MONTHS, WEEKDAYS, SEASONS, PARTS_OF_DAY, UNITS, ORDINALS, TENS, OF_TIME)
    for word in words
    for form in (word, word + "s", word[:-1] + "ies")
) | {*SHORT_WEEKDAYS, *(month[:3] for month in MONTHS), "sept"}
"""Every time expression has one of these, or digits."""


class Words:
    """The words of one text, and the day they are read on. A method takes the place where it begins."""

    def __init__(self, found: list[str], now: datetime | None, zone: tzinfo) -> None:
        self.words = [word.casefold() for word in found]
        self._padded = [*self.words, *_NOTHING]
        self._found = found
        self._zone = zone
        self._now = now
        self._today = None if now is None else now.replace(hour=0, minute=0, second=0, microsecond=0)

    def places(self) -> range:
        """Where an expression may begin: nowhere in most texts."""
        speaks = not _OF_TIME.isdisjoint(self.words) or any(word[0].isdecimal() for word in self.words)
        return range(len(self.words) if speaks else 0)

    def _word(self, at: int) -> str:
        """The word at a place, which may be one before the first and a few after the last; "" there."""
        return self._padded[at]

    def _skip(self, at: int, *words: str) -> int:
        return at + 1 if self._word(at) in words else at

    def _count(self, at: int) -> tuple[int, int] | None:
        """``3``, ``three``, ``a couple of``, ``a few``, ``forty-five``; the number and where it stops."""
        word = self._word(at)
        if word == "a" and self._word(at + 1) in NUMBERS:
            at, word = at + 1, self._word(at + 1)
        if word in TENS and 0 < NUMBERS.get(self._word(second := self._skip(at + 1, "-")), 0) < 10:
            return NUMBERS[word] + NUMBERS[self._word(second)], second + 1
        number = int(word[:4]) if word.isdecimal() else NUMBERS.get(word)
        return None if number is None else (min(number, 1000), self._skip(at + 1, "of"))

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
            return (10 * TENS[word] + units, second + 1) if 0 < units < 10 else None
        return (ORDINALS[word], at + 1) if word in ORDINALS else None

    def _year(self, at: int) -> tuple[int, int]:
        """``2024``, ``twenty twenty four``, ``nineteen ninety nine``; 0 if there is none, and where it stops."""
        word = self._word(at)
        if len(word) == 4 and word.isdecimal() and word[:2] in ("19", "20"):
            return int(word), at + 1
        if word in ("twenty", "nineteen"):
            century = {"twenty": 2000, "nineteen": 1900}[word]
            second, third = self._word(at + 1), self._word(at + 2)
            if second in TENS:
                units = NUMBERS.get(third, 0) if third not in ("a", "an", "couple", "few", "several") else 0
                ends = at + 3 if 0 < units < 10 else at + 2
                return century + 10 * TENS[second] + (units if units < 10 else 0), ends
            if 10 <= NUMBERS.get(second, 0) <= 20:
                return century + NUMBERS[second], at + 2
        return 0, at

    def _named_year(self, at: int) -> tuple[int, int]:
        """``last year``, ``of the year before last`` after a month or a season; 0 if there is none."""
        if self._today is None:
            return 0, at
        after = self._skip(self._skip(self._skip(at, "of"), "in"), "the")
        if self.words[after : after + 3] == ["year", "before", "last"]:
            return self._today.year - 2, after + 3
        back = {"last": 1, "previous": 1, "this": 0}.get(self._word(after))
        if back is None or self._word(after + 1) != "year":
            return 0, at
        return self._today.year - back, after + 2

    def _weekday_name(self, at: int) -> int | None:
        """The number of a weekday, in the singular or the plural, short ones too."""
        word = self._word(at)
        if word.removesuffix("s") in WEEKDAYS:
            return WEEKDAYS.index(word.removesuffix("s"))
        short = SHORT_WEEKDAYS.get(word)
        return short if short is not None and (self._found[at][0].isupper() or self._word(at - 1) in AT) else None
