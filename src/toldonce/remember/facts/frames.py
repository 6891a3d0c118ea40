"""Rules for languages other than English, from the frames of ``text.lexicon.statements``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

import regex

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.rules import Reader, Rule, any_of, diet, each, one, order, rule
from toldonce.remember.facts.values import NAME, trimmed
from toldonce.text.lexicon.people import ONLY_ONE
from toldonce.text.lexicon.statements import FRAMES, KINDS

ANYWHERE = "*"
"""Stands for the word of a rule that runs wherever there is Japanese."""
_VALUES = {
    "{name}": rf"(?P<value>(?-i:{NAME}))(?!\w)",
    "{thing}": r"(?P<value>[^\d.,;:!?]{2,60}?)(?=\s*(?:$|[.,;:!?]|(?:pero|porque|und das|aber|así)\b))",
    "{word}": r"(?P<value>[\p{Han}\p{Katakana}ー・]{1,12}|\p{Devanagari}+(?: \p{Devanagari}+)?)",
    "{number}": r"(?P<value>\+?\d[\d ().-]{4,20}\d)",
    "{email}": r"(?P<value>[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)",
}


def _relation(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """Somebody of the person's: what they are to the person is said in English, like all attributes."""
    kind = next(kinds[match["kind"].casefold()] for kinds in KINDS.values() if match["kind"].casefold() in kinds)
    yield Claim("relation", kind, trimmed(match["value"]), sentence, only=kind in ONLY_ONE)


_READERS: dict[str, Reader] = {"allergy": each("allergy"), "diet": diet, "instruction": order, "relation": _relation}


def _rules() -> Iterator[Rule]:
    for language, attributes in FRAMES.items():
        for attribute, frames in attributes.items():
            for word, frame in frames:
                pattern = frame.replace("{{", "{").replace("}}", "}")
                for slot, value in _VALUES.items():
                    pattern = pattern.replace(slot, value)
                named = "{name}" in frame
                pattern = pattern.replace("{kind}", f"(?P<kind>{'|'.join(KINDS.get(language, ()))})")
                reader = _READERS.get(attribute) or (one(attribute) if named else any_of(attribute))
                yield rule(word or ANYWHERE, f"(?i)(?:{pattern})", reader, anywhere=not word)


RULES: tuple[Rule, ...] = tuple(_rules())
