"""Telling what is said to be polite from what is said to learn something.

Neither words nor vectors of a store can: talk is full of "Hey, how are you?", and nothing is more like it than another
"Hey, how are you?". So the query is judged by itself: what it is about besides pleasantries, and whether it asks; and
where that leaves a doubt, by whether the store speaks of the same things. English, with the commonest greetings of
other languages; what is in no list counts as substance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from toldonce.text.lexicon import english, others

POLITE = english.POLITE.union(*others.POLITE.values())

_TOLD = (0.0, 0.08, 0.15, 0.6, 1.0)
"""How much a statement asks for what is known already, by how many weighty words it has."""

_FEW, _RARE = 3, 0.05
"""Memories that hold a word, and share of all, up to which it is one thing of many they speak of."""

_LAUGHTER = re.compile(r"(?:(?:ha|he|hi|ja|lo|m+|h+|o+|a+)h?)+l?|\w*(\w)\1{2,}\w*")
"""Hahaha, mmhm, sooooo."""

ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|where|when|why|how)\b.*\?"
    r"|(?:^|[.!?,;:]\s*|\b(?:and|so|but|then|hey|hi|ok|okay|please)\s+)"
    r"(?:what(?! an?\b)|which|who|whom|whose|where|when|why|how|did|does|do|has|have|had|is|are|was|were|am|will|would|"
    r"should)\b",
    re.IGNORECASE,
)
_CUES = re.compile(
    r"\b(?:remember|remind|recall|forg[eo]t\w*(?! (?:about )?(?:it|that)\b| i said (?:it|that)\b)|last time|previously|"
    r"tell me (?:about|wh\w+|how)|"
    r"(?:did|have|had) (?:i|we|you) (?:ever|already|mention|tell|say|said|told|talk|discuss)\w*)\b",
    re.IGNORECASE,
)
_OF_A_PERSON = re.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|we|us|our|he|she|his|her|him|they|their|them)\b", re.IGNORECASE
)
_PLEASANTRY = re.compile(
    r"\bhow(?:'s| is| are| was| were| have| has|'ve| do| did)? (?:you|it|life|things|everything|that)\b"
    r"|\bhow (?:do|can|may|could) i help\b"
    r"|\bwhat'?s? (?:is )?(?:up|new|going on|happening)\b|\bwhere were we\b"
    r"|\bwhat (?:can|should|shall|do) (?:i|we) (?:say|do)\b"
    r"|\b(?:do|did|can|could|would|will|may|are|have) you\b(?! (?:remember|recall|know (?:my|what|where|when|who|if)))"
    r"|\bhow(?: was| is| are|'s|s) your\b|\bwho knows\b|\bam i right\b|\bcan i ask\b|\bi mean\b|\bthank\w*\b",
    re.IGNORECASE,
)


class Intent(NamedTuple):
    """What a query wants, judged by itself and by the words the store holds."""

    strength: float
    """How much it wants to know, in [0, 1]: 1 is a question about somebody or something, 0 nothing but "hello"."""
    grounded: bool
    """It asks, or speaks of something that was spoken of before: an answer is not ruled out by likeness alone."""


def intent(
    text: str,
    found: Sequence[str],
    content: Sequence[str],
    names: Iterable[str],
    holding: Callable[[str], int],
    memories: int,
) -> Intent:
    """How much a query wants to know.

    ``found``: its words; ``content``: those that are neither function words nor names; ``names``: people it speaks of;
    ``holding``: how many of the ``memories`` hold a word.
    """
    matters = [word for word in content if word not in POLITE and not _LAUGHTER.fullmatch(word)]
    weighty = [word for word in matters if word not in english.VAGUE]
    if matters and _CUES.search(text):
        return Intent(1.0, grounded=True)
    asks = ASKS.search(text) is not None
    pleasantry = _PLEASANTRY.search(text) is not None
    if asks and not pleasantry and (any(names) or _OF_A_PERSON.search(text) is not None):
        return Intent(1.0 if matters else 0.6 if len(content) == 0 else 0.0, grounded=True)
    known = [count for count in map(holding, weighty) if count]
    questioning = text.rstrip().endswith(("?", "？", "؟"))
    if pleasantry:
        # "Did you say" is asked for politeness' sake, "which flats did you recommend" is not.
        wants = any(count <= max(_FEW, _RARE * memories) for count in known)
    elif asks:
        wants = bool(weighty)
    else:
        wants = (questioning and bool(known)) or _is_keywords(text, found, weighty, known)
    strength = 1.0 if wants else _TOLD[min(len(weighty), len(_TOLD) - 1)]
    return Intent(strength, grounded=asks or questioning or bool(known))


def _is_keywords(text: str, found: Sequence[str], weighty: Sequence[str], known: Sequence[int]) -> bool:
    """Whether this is no sentence: "favourite restaurant Graz", "name of the vet"."""
    if "!" in text or not weighty:
        return False
    return len(weighty) == len(found) or (
        bool(known)
        and all(word in english.GLUE or not (word in english.FUNCTION_WORDS or word in POLITE) for word in found)
    )
