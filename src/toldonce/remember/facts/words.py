"""Words of facts: what two texts share, in any language."""

from __future__ import annotations

import regex

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.lexicon.others import NEGATED_ENDINGS, NEGATIONS, NOT_ENGLISH, SELF
from toldonce.text.tokens import is_english, stem, words

_FUNCTION = FUNCTION_WORDS | NOT_ENGLISH
_CAPITALISED = regex.compile(r"\p{Lu}[\p{L}\p{M}'’-]*+")
_DIGITS = regex.compile(r"\p{Nd}+")
_NEGATIONS = frozenset[str]().union(*NEGATIONS.values())
_SELF = frozenset[str]().union(*SELF.values())
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_ALIKE = 4
"""Letters at the beginning that forms of one word share."""


def content(text: str) -> frozenset[str]:
    """The words that say something, stemmed; pairs of characters in scripts without spaces."""
    return frozenset(stem(word) for word in words(text) if word not in _FUNCTION and word[0].isalnum())


def share(said: frozenset[str], heard: frozenset[str]) -> float:
    """How much of ``said`` is ``heard``, in [0, 1]: as a word or as another form of it."""
    if not said:
        return 1.0
    beginnings = {word[:_ALIKE] for word in heard if len(word) >= _ALIKE and word.isalpha()}
    return sum(
        word in heard or (len(word) >= _ALIKE and word.isalpha() and word[:_ALIKE] in beginnings) for word in said
    ) / len(said)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's: what both have of what either has, in [0, 1]."""
    return len(one & other) / len(one | other) if one or other else 1.0


def negated(text: str) -> bool:
    """Whether it denies something: "I am not allergic to nuts"."""
    folded = text.casefold()
    return not _NEGATIONS.isdisjoint(_WORD.findall(folded)) or any(ending in folded for ending in NEGATED_ENDINGS)


def is_foreign(text: str) -> bool:
    """Whether its words speak for another language than English."""
    found = words(text)
    foreign, english = (sum(word in known for word in found) for known in (NOT_ENGLISH, FUNCTION_WORDS))
    return bool(foreign and foreign >= english) or not is_english(found)


def of_oneself(text: str) -> bool:
    """Whether its speaker names themselves, in one of the other languages whose words for that are known."""
    return not _SELF.isdisjoint(_WORD.findall(text.casefold()))


def numbers(text: str) -> set[str]:
    """Its runs of digits, as western digits and without leading zeros."""
    return {str(int(run)) for run in _DIGITS.findall(text) if len(run) < 64}


def capitalised(text: str) -> list[str]:
    """Words that begin with a capital and are no function words: where a language writes names so, they are among
    these."""
    return [word for word in _CAPITALISED.findall(text) if word.casefold().split("'")[0].split("’")[0] not in _FUNCTION]
