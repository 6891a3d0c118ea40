"""What a query asks for, told by its words: which kind of thing, of which attribute, of now or of the past. English.

"How many" asks for a number, "who" and "where" for a name, "can I" for what limits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from toldonce.text.kinds import Kind
from toldonce.text.lexicon.people import ASKED_WITH, ONE_AT_A_TIME, ORDERS

_NUMBER = re.compile(
    r"\bhow (?:many|much|old|far|long|often|big|tall|wide|high|heavy|fast|late|early|strong)\b"
    r"|\b(?:what|which)(?:'s| is| was)?(?: (?:the|my|our|your|his|her|their))?(?: \w+)? "
    r"(?:number|code|price|size|amount|weight|age|score|time|pin)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:who|whom|whose|where|names?|called)\b"
    r"|\b(?:what|which) (?:city|town|country|place|company|street|restaurant|school|book|movie|film|band|song)\b",
    re.IGNORECASE,
)
_DO = "|".join(sorted(ORDERS | set("find get pick reserve plan cook bake teach".split())))
_BEGINS = r"^\W*(?:(?:and|so|but|then|also|please|ok|okay|hey|hi|well|now|um+|uh+|oh)[ ,.]+)*+"
_LIMIT = re.compile(
    rf"{_BEGINS}(?:can|could|may|might|should|shall|am i allowed)\b(?: not)? (?!you\b)"
    rf"|{_BEGINS}(?:{_DO})\b"
    r"|\b(?:I|we)(?:['’]m| am|['’]re| are) \w+ing\b|\b(?:I|we)(?:['’]ll| will| want)\b|\blet(?:'s| us)\b",
    re.IGNORECASE,
)
"""Asks whether one may, asks for something to be done, or tells of a plan."""

_PAST = re.compile(
    r"\b(?:used to|previous(?:ly)?|former(?:ly)?|before|earlier|originally|old|first|last|ex|did|was|were|had)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\bused? to\b|\b(?:previous|former|original)(?:ly)?\b", re.IGNORECASE)
_WAS, _EARLIER = (
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for words in ("did|was|were|had|has|have", "before|earlier")
)
_PRESENT = re.compile(
    r"\b(?:now|finally|in the end|these days|nowadays|currently|at the moment|still)\b", re.IGNORECASE
)
_ASKED_WITH = [
    ASKED_WITH.get(attribute, frozenset()) | ASKED_WITH.get(attribute.split()[-1], frozenset(attribute.split()))
    for attribute in ONE_AT_A_TIME
]
_ATTRIBUTES = {
    word: sum(1 << bit for bit, asked in enumerate(_ASKED_WITH) if word in asked)
    for word in frozenset().union(*_ASKED_WITH)
}
"""By word that asks about an attribute: a bit for each of ``ONE_AT_A_TIME``."""


def asked_for(text: str) -> Kind:
    """The kinds of thing that speak for a memory as an answer; none for most queries."""
    asked = Kind(0)
    for kind, asks in ((Kind.NUMBER, _NUMBER), (Kind.NAME, _NAME), (Kind.LIMIT, _LIMIT)):
        if asks.search(text):
            asked |= kind
    return asked


def attributes(found: Sequence[str]) -> int:
    """Which of ``ONE_AT_A_TIME`` a query may ask about by its words (folded, unstemmed): a bit for each."""
    asked = 0
    for word in found:
        asked |= _ATTRIBUTES.get(word, 0)
    return asked


def own_attributes(kept: Collection[str]) -> int:
    """The same, if the query's words but for function words, at least one, ask about nothing else: "my name"."""
    asked = 0
    for bit, known in enumerate(_ASKED_WITH):
        asked |= int(bool(kept) and known.issuperset(kept)) << bit
    return asked


def asks_of_the_past(text: str) -> bool:
    """Whether a query may want what holds no more: nothing is put first then."""
    return _PAST.search(text) is not None and _PRESENT.search(text) is None


def asks_what_was_before(text: str) -> bool:
    """Whether a query wants what something else took the place of."""
    was = _WAS.search(text)
    return _BEFORE.search(text) is not None or (was is not None and _EARLIER.search(text, was.end()) is not None)
