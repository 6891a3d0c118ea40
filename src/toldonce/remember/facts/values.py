"""The values of claims: names, and days of the year."""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo

from toldonce.text.dates import period
from toldonce.text.lexicon.english import FUNCTION_WORDS, MONTHS, POLITE, SELF, VAGUE, WEEKDAYS
from toldonce.times import as_datetime

NAME = r"\p{Lu}[\w’-]*+(?: (?:(?:van|de|der|von|da|del|la|bin|al|of|dos) )?\p{Lu}[\w’-]*+){0,3}"
"""A name begins with a capital; "van" and the like may stand inside it."""
TITLED = rf"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?{NAME}"

EMAIL = r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++"
NUMBER = r"\+?\d(?:[\d ().-]{4,20})\d(?!\w)"
"""Of a telephone."""

_STUTTER = re.compile(r"\b(?:(\w{1,2})-)(?:\1-)*(?=\1)", re.IGNORECASE)
_DAYS_OFF = {"today": 0, "tomorrow": 1, "yesterday": -1}
_OFF = re.compile(r"(today|tomorrow|yesterday)\b", re.IGNORECASE)


def fluent(text: str) -> str:
    """A text without the beginnings that were repeated: ``M-m-mylapore`` is Mylapore."""
    if "-" not in text:
        return text
    found, at = [], 0
    for stutter in _STUTTER.finditer(text):
        found += [text[at : stutter.start()], text[stutter.start()]]
        at = stutter.end() + 1
    return "".join([*found, text[at:]])


def with_capitals(text: str) -> str:
    """A text that a recogniser wrote without capitals, with one where only a name can be: "my name is rowan"."""
    folded = text.casefold()
    if not may_name(folded) or (text != folded and _SMALL_I.search(text) is None):
        return text
    return _NAMED.sub(lambda found: found[0] if _is_common(found[2]) else found[1] + found[2].title(), text)


_SMALL_I = re.compile(r"(?<![\w'’])i(?![\w.])")
_NAMED = re.compile(
    r"\b((?:(?:my|her|his|their) name(?:['’]s| is)|['’]s name is|calls me|(?:live|living|based|lived) in|moved(?:"
    r" back)? to"
    r"|(?:am|['’]m|is|are|sister|brother|son|daughter|dog|cat|wife|husband|friend|partner) called) )"
    r"((?:(?:new|san|los|las|el|la|saint|st|cape|rio|buenos|tel|novi|south|north|east|west) )?[^\W\d_]{2,}+)",
    re.IGNORECASE,
)
_BEFORE_NAMES = ("name", "called", "calls", "live", "living", "based", "moved")


def may_name(folded: str) -> bool:
    """Whether ``with_capitals`` may find a name in a text. ``folded``: in lower case."""
    return any(map(folded.__contains__, _BEFORE_NAMES))


_COMMON = (
    FUNCTION_WORDS
    | POLITE
    | VAGUE
    | SELF
    | frozenset(
        """
    fear hope town peace pain sin poverty luxury style bed denial sync theory practice tears pieces bits work
    home school college spelled spelt hard mud every daily names twice later abroad fine wrong
    """.split()
    )
)


def _is_common(name: str) -> bool:
    return name.split()[-1].casefold() in _COMMON or name[0].isupper()


def day(text: str, said_at: int, zone: tzinfo) -> str | None:
    """``17 May`` or ``17 May 1980``: the day a text begins with, or None."""
    if (off := _OFF.match(text)) is not None:
        at = as_datetime(said_at).astimezone(zone) + timedelta(days=_DAYS_OFF[off.group(1).lower()])
        return f"{at.day} {MONTHS[at.month - 1].title()}"
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
    frozenset(WEEKDAYS)
    | frozenset(MONTHS)
    | POLITE
    | {"god", "jesus", "lord", "christmas", "easter", "guess", "none", "secret", "unknown", "whatever"}
)


def is_name(text: str) -> bool:
    """Whether a capitalised word is likely somebody's or some place's name."""
    first = text.split()[0].casefold() if text else ""
    return bool(first) and first not in FUNCTION_WORDS and first not in _NO_NAMES
