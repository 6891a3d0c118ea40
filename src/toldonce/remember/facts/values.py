"""The values of claims: names, and days of the year."""

from __future__ import annotations

import re
from datetime import tzinfo

from toldonce.text.dates import period
from toldonce.text.lexicon.english import FUNCTION_WORDS, MONTHS, WEEKDAYS
from toldonce.times import as_datetime

NAME = r"\p{Lu}[\w’-]*+(?: (?:(?:van|de|der|von|da|del|la|bin|al|of) )?\p{Lu}[\w’-]*+){0,3}"
"""A name begins with a capital; "van" and the like may stand inside it."""

EMAIL = r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++"
NUMBER = r"\+?\d(?:[\d ().-]{4,20})\d(?!\w)"
"""Of a telephone."""


def day(text: str, said_at: int, zone: tzinfo) -> str | None:
    """``17 May`` or ``17 May 1980``: the day a text begins with, or None."""
    found = period(text, said_at, zone)
    if found is None or found.recurs or found.latest or found.edges:
        return None
    if found.end - found.start != 86_400_000_000 or not _names_month(found.words):
        return None
    if text.casefold().replace(",", "").find(found.words.split()[0]) > len("on the "):
        return None
    at = as_datetime(found.start).astimezone(zone)
    year = re.search(r"\b(?:19|20)\d\d\b", found.words)
    return f"{at.day} {MONTHS[at.month - 1].title()}" + (f" {year.group()}" if year else "")


def _names_month(words: str) -> bool:
    return any(word[:3] in {month[:3] for month in MONTHS} for word in words.split()) or "-" in words


def trimmed(text: str) -> str:
    """Without punctuation around it, and without a possessive."""
    text = re.sub(r"['’]s$", "", text.strip(" ,.;:!?–—-"))
    return text.strip()


_NO_NAMES = (
    frozenset(WEEKDAYS) | frozenset(MONTHS) | {"god", "jesus", "lord", "dear", "christmas", "easter", "ok", "okay"}
)


def is_name(text: str) -> bool:
    """Whether a capitalised word is likely somebody's or some place's name."""
    first = text.split()[0].casefold() if text else ""
    return bool(first) and first not in FUNCTION_WORDS and first not in _NO_NAMES
