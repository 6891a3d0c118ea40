"""What is asked in a message: by a question mark, by the form of the sentence, or because nothing tells otherwise."""

from __future__ import annotations

import regex
from sentencex import segment

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.phrases import plain, size

_MARKS = ("?", "？", "؟", "\u037e", "՞", "⁇", "‽")  # the fourth is Greek
_STOPS = (".", "!", "…", "。", "！", "।", "։", "።", ":")
_QUOTES = " \"'”’»)]}*"

_FORM = regex.compile(
    r"(?:(?:and|so|but|ok|okay|now|then|well|alright|great|fine|good|thanks|thank you|right|first|next|also|finally|"
    r"please)[ ,.!:]+)*+"
    r"(?:(?:who|whom|whose|what|when|where|which|why|how)(?:'s|'re|'d|'ll)?"
    r"|(?:do|does|did|are|is|was|were|am|have|has|had|can|could|will|would|should|shall|may|might)(?:n't)?"
    r"|(?:tell|give|send|show|spell|say|name|repeat|confirm|describe|state|enter|choose|pick|let)|any|your|please)\b",
    regex.IGNORECASE,
)
"""How English asks: with a question word or an auxiliary in front, with an imperative, or with a bare "your name"."""

_OF_OTHER = regex.compile(r"(?:(?:so|and|then|but|ok|okay|well)[ ,]+)*+you(?:r|'re|'ve|'ll|'d)?\b", regex.IGNORECASE)
_BARE = 2
"""Words of a question that has none of its own ("Stimmt das?") in a language whose function words are not known."""


def asked_in(text: str) -> str | None:
    """The last sentence of a message that asks something, whole; None if nothing in it does.

    "Is that right?" asks about the sentence before it, and takes that along.
    """
    found = sentences(text)
    for place in range(len(found) - 1, -1, -1):
        if _asks(found[place]):
            return f"{found[place - 1]} {found[place]}" if place and _points_back(found[place]) else found[place]
    return None


def may_ask(text: str) -> bool:
    """Whether a message may be meant as a question, though its form does not tell.

    So it is if its last sentence ends without any mark, as recognisers write, or is about the person it is said to:
    "So you still live in Oslo.".
    """
    last = last_sentence(text)
    return not ends_as_question(last) and (
        not last.rstrip(_QUOTES).endswith(_STOPS) or _OF_OTHER.match(last) is not None
    )


def ends_as_question(text: str) -> bool:
    """Whether a text ends with a question mark of any script."""
    return text.rstrip(_QUOTES).endswith(_MARKS)


def last_sentence(text: str) -> str:
    """The sentence a message ends with."""
    found = sentences(text)
    return found[-1] if found else text.strip()


def sentences(text: str) -> list[str]:
    """The sentences of a text; titles, abbreviations, amounts and addresses do not end one."""
    return [
        sentence.strip()
        for line in text.splitlines()
        for sentence in segment("en", line)
        if any(character.isalnum() for character in sentence)
    ]


def _asks(sentence: str) -> bool:
    return ends_as_question(sentence) or _FORM.match(sentence.lstrip(_QUOTES + "“‘«([¿")) is not None


def _points_back(question: str) -> bool:
    """Whether it has no word of its own."""
    words = plain(question).split()
    if all(word in FUNCTION_WORDS or word in _POINTING for word in words):
        return True
    return size(question) <= _BARE and FUNCTION_WORDS.isdisjoint(words)


_POINTING = frozenset("right correct ok okay true fine sure agreed good accurate".split())
