"""What a text holds that some questions ask for: a number, a name, a limit, a change. English, but for digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntFlag

from toldonce.text.lexicon.english import CHANGING, ENDED, FIRST_PERSON, LIMITING, MONTHS, NUMERALS, WEEKDAYS
from toldonce.text.lexicon.people import HABITS


class Kind(IntFlag):
    """One bit each."""

    NUMBER = 1
    """A number, in digits or as a word: it may answer "how many"."""
    NAME = 2
    """A name inside a sentence: it may answer "who" or "where"."""
    LIMIT = 4
    """Something is denied, forbidden or limited: it tells whether one may."""
    CHANGE = 8
    """Something is otherwise than it was: what was said of it before holds no more."""
    SELF = 16
    """The speaker says what they are, have, do or like: it tells who they are."""


_NO_NAMES = "|".join(f"(?<={word[0]}){word[1:]}" for word in ["I", *map(str.title, (*MONTHS, *WEEKDAYS))])
_NAME = re.compile(rf"[A-ZÀ-ÖØ-Þ](?:(?<=[^.!?…:] .)|(?<=[^.!?…:] [\"“(].))(?!(?:{_NO_NAMES})s?\b)[\w’'-]", re.DOTALL)
"""A capital after a blank that begins no sentence, and no month or day of the week. The capital stands first in the
pattern because it is rare, and quickly found.
"""
_DIGIT = re.compile(r"\d")
_CHANGE = re.compile(
    r"(?<=[\w,] )(?<!right )(?<!by )(?<!until )(?<!for )now\b|(?:^|[.!?…] )now (?:I|we|you|he|she|it|they|my|our)\b"
    rf"|\b(?:{'|'.join(ENDED)}|any ?more|no longer|instead|mov(?:e|ing)|chang(?:e|ing)|switch(?:ing)?|replac(?:e|ing)"
    r"|shifting|g[ia]ven? up|stopping|quit|split up|took (?:up|over)|done with|wrong|from (?:now|then) on|these days"
    r"|(?:old|new) ones?|(?:gone|went|put \w+|is|are|was|were) (?:up|down|off|over|back))\b"
    r"|(?:\b(?:my|our|the|his|her)|^|[.!?]) new\b"
    r"|^(?:(?:no|sorry|wait|oops|actually)[ ,.]+)++(?:it|the|my|our|that|i meant)\b|\bi meant\b|\bcorrection\b",
    re.IGNORECASE,
)
"""Now, but not "Now, listen" and "right now", which begin or time what is said; a correction ("No, it's the 12th")."""


_SELF = re.compile(
    r"\bI(?:['’]m| am)\b(?! (?:sorry|glad|sure|not sure|fine|good|great|well|ok|okay|back|here|ready|listening)\b)"
    rf"|\b(?:I|we) (?:have|{'|'.join(sorted(HABITS))})\b|\b(?:I|we)['’]ve got\b"
    r"|\b(?:my|our) (?:\w+ ){1,2}(?:is|are|has|have|was)\b|\b(?:my|our) \w+['’]s |\bcall me\b",
    re.IGNORECASE,
)


def kinds(text: str, found: Iterable[str], *, english: bool) -> list[Kind]:
    """What a text holds. ``found``: its words, folded, unstemmed."""
    words = frozenset(found)
    held = []
    if _DIGIT.search(text) or not NUMERALS.isdisjoint(words):
        held.append(Kind.NUMBER)
    if not english:
        return held
    if _NAME.search(text):
        held.append(Kind.NAME)
    if not LIMITING.isdisjoint(words):
        held.append(Kind.LIMIT)
    if not CHANGING.isdisjoint(words) and _CHANGE.search(text):
        held.append(Kind.CHANGE)
    if not FIRST_PERSON.isdisjoint(words) and _SELF.search(text):
        held.append(Kind.SELF)
    return held
