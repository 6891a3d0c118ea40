"""Which kind of thing answers a query: "how many" a number, "who" and "where" a name, "can I" what limits. English."""

from __future__ import annotations

import re

from toldonce.text.kinds import Kind
from toldonce.text.lexicon.people import ORDERS

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


def asked_for(text: str) -> Kind:
    """The kinds of thing that speak for a memory as an answer; none for most queries."""
    asked = Kind(0)
    for kind, asks in ((Kind.NUMBER, _NUMBER), (Kind.NAME, _NAME), (Kind.LIMIT, _LIMIT)):
        if asks.search(text):
            asked |= kind
    return asked
