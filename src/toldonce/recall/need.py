"""Whether an utterance needs memory, for a voice service that would answer every "thanks" with what it knows.

Neither words nor vectors can tell: talk is full of "Hey, how are you?", and nothing is more like it than another "Hey,
how are you?". So the utterance is judged by what it is about besides pleasantries, by whether it asks, and by whether
what was found for it speaks of the same things. Search itself is never held back by this. English, with the commonest
greetings of other languages; what is in no list counts as substance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from toldonce.recall.overview import overview
from toldonce.text.dates import period
from toldonce.text.lexicon import english, others, talk
from toldonce.text.phrases import made_of, plain
from toldonce.text.tokens import stem, words

POLITE = english.POLITE.union(*others.POLITE.values())

SUBSTANCE = 3
"""Weighty words from which a remark is no pleasantry, whatever the memories speak of."""

FIRST = 3
"""How many of the memories found an utterance has to share a word with to speak of the same: those most like it."""

_LAUGHTER = re.compile(r"(?:he|hi|ja|lo|[hmoa])++l?|(?<!\w)(?=\w++\Z)\w*?(\w)\1\1\w*+")
"""Hahaha, mmhm, sooooo."""

ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|where|when|why|how)s?\b.*\?"
    r"|(?:^|[.!?,;:]\s*|\b(?:and|so|but|then|hey|hi|ok|okay|please)\s+)"
    r"(?:(?:what(?! an?\b)|which|who|whom|whose|where|when|why|how)s?|did|does|do|has|have|had|is|are|was|were|am|will|"
    r"would|should)\b",
    re.IGNORECASE,
)
_QUESTION_WORD = re.compile(r"\b(?:what(?! an?\b)|which|who|whom|whose|where|when|why|how)s?\b", re.IGNORECASE)
_STUTTER = re.compile(r"\b(\w{1,3})-\s*(?=\1)", re.IGNORECASE)
"""G-g-good: not three words."""
_ANY_TIME = 0
"""Microseconds since 1970. Whether a time is named does not depend on when it is asked."""
_PLEASE = others.PLEASE | {"please"}
_VAGUE_STEMS = frozenset(map(stem, english.VAGUE))
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
    r"\bhow(?:'?s| is| are| was| were| have| has|'ve| do| did)? (?:you|it|life|things|everything|that)\b"
    r"|\bhow (?:do|can|may|could) i help\b"
    r"|\bwhat'?s? (?:is )?(?:up|new|going on|happening)\b|\bwhere were we\b"
    r"|\bwhat (?:can|should|shall|do) (?:i|we) (?:say|do)\b"
    r"|(?:^|[.!?,;:]\s*|\b(?:and|so|but|then|hey|hi|ok|okay|well|please|what|why|how|where|when|who)\s+)"
    r"(?:do|did|can|could|would|will|may|are|have) you\b(?! (?:remember|recall|know (?:my|what|where|when|who|if)))"
    r"|\bhow(?: was| is| are|'s|s) your\b|\bwho knows\b|\bam i right\b|\bcan i ask\b|\bi mean\b|\bthank\w*\b",
    re.IGNORECASE,
)


def needs_memory(utterance: str, found: Sequence[str]) -> bool:
    """Whether memories belong beside what was just said, given the texts that a search for it ``found``.

    A question does, unless it is a pleasantry ("How are you?"). A keyword, a wish or a remark does if it speaks of what
    the memories speak of, or says so much that it is no pleasantry. In doubt it does.
    """
    utterance = _STUTTER.sub("", utterance)
    if made_of(plain(utterance), talk.PLEASANTRIES):
        return False
    said = words(utterance)
    content = [word for word in said if word not in english.FUNCTION_WORDS]
    matters = [word for word in content if word not in POLITE and not _LAUGHTER.fullmatch(word)]
    if (matters and _CUES.search(utterance)) or overview(utterance, said) is not None:
        return True
    weighty = [word for word in matters if stem(word) not in _VAGUE_STEMS]
    of_a_person = _OF_A_PERSON.search(utterance) is not None
    told = {stem(word) for text in found[:FIRST] for word in words(text)}
    known = any(stem(word) in told for word in weighty)
    if _PLEASANTRY.search(utterance):
        asks = bool(matters) and ASKS.search(utterance) and _QUESTION_WORD.search(utterance)
        return known or bool(of_a_person and (weighty or asks))
    if ASKS.search(utterance):
        if weighty or not content or (matters and of_a_person):
            return True
        return period(utterance, _ANY_TIME) is not None
    if utterance.rstrip().endswith(("?", "？", "؟")):
        return bool(weighty)
    if known or len(weighty) >= SUBSTANCE or (weighty and _QUESTION_WORD.search(utterance)):
        return True
    occasions = [word for word in matters if word in english.OCCASIONS]
    keywords = "!" not in utterance and all(word in english.GLUE or word in matters or word in _PLEASE for word in said)
    return keywords and (bool(weighty) or any(0 < _holding(word, found) <= FIRST for word in occasions))


def _holding(word: str, found: Sequence[str]) -> int:
    """How many of the memories found hold a word: what most of them hold is said every day."""
    return sum(stem(word) in map(stem, words(text)) for text in found)
