"""What a rule is: a pattern over one sentence, the words it looks for, and what it claims.

In a pattern ``value`` is what is claimed, ``which`` tells one of several ("work"), ``kind`` is the relative or the pet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import NamedTuple, TypeAlias

import regex

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.values import NAME, TITLED, day, is_name, trimmed
from toldonce.text.lexicon.english import FUNCTION_WORDS, MONTHS, WEEKDAYS
from toldonce.text.lexicon.people import ONLY_ONE

Reader: TypeAlias = Callable[[regex.Match[str], str, int, tzinfo], Iterator[Claim]]
"""Match, sentence, when it was said and in whose days -> what it claims."""

_AND = regex.compile(r",? (?:and|or|y|e|o|und|oder) |, ")
_BEFORE = regex.compile(
    r"^(?:the|all|any|most|some|certain|only|just|mainly|mostly|especially|both|to|tree(?= nuts))(?: kinds? of)? ",
    regex.I,
)
_AFTER = regex.compile(r",? (?:mostly|mainly|only|too|as well|though|badly|I think|especially)$", regex.IGNORECASE)
_PLEASE = regex.compile(r"^(?:please|por favor|bitte),? |,? (?:please|por favor|bitte)$", regex.IGNORECASE)
_NO_THING = frozenset(WEEKDAYS) | frozenset(MONTHS) | frozenset("mornings work nothing none life people".split())
_NAMES = (NAME, f"(?-i:{NAME}", TITLED)
_THING = 3
"""Words of one thing in a list."""


class Rule(NamedTuple):
    """One way to say something."""

    words: frozenset[str]
    """Case-folded. One of them is in any sentence that the pattern matches."""
    pattern: regex.Pattern[str]
    """Tried where a clause begins."""
    claimed: Reader
    anywhere: bool = False
    """The pattern is looked for in all of the sentence."""
    inside: bool = True
    """It may match where a clause begins that does not begin the sentence."""
    named: bool = False
    """What it claims begins with a capital letter."""


def rule(words: str | Iterable[str], pattern: str, claimed: Reader, *, anywhere: bool = False) -> Rule:
    """A rule. ``words``: those it looks for, as one text or several."""
    listed = words.split() if isinstance(words, str) else [word.split("-")[0] for word in words]
    return Rule(
        frozenset(word.casefold() for word in listed),
        regex.compile(pattern, regex.V0),
        claimed,
        anywhere,
        inside=not anywhere and not pattern.startswith("^"),
        named=all(value.startswith(_NAMES) for value in pattern.split("(?P<value>")[1:]),
    )


def one(attribute: str, *, holds: bool = True) -> Reader:
    """A claim whose value is a name, of something that a person has one of."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        value = trimmed(match["value"])
        if is_name(value):
            yield Claim("attribute", attribute, value, sentence, only=True, holds=holds)

    return read


def any_of(attribute: str) -> Reader:
    """The same for a value that is no name. The group ``which``, if there is one, tells a work number from another."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        which = match.groupdict().get("which")
        named = f"{which.strip().lower()} {attribute}" if which else attribute
        yield Claim("attribute", named, trimmed(match["value"]), sentence, only=True)

    return read


def each(attribute: str, *, holds: bool = True) -> Reader:
    """A claim for each of several things, as in "peanuts, shellfish and latex"."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        for value in things(match["value"]):
            yield Claim("attribute", attribute, value, sentence, only=False, holds=holds)

    return read


def things(text: str) -> list[str]:
    """The things in a list, in lower case, without those that say nothing ("anything", "Mondays")."""
    found = []
    for part in _AND.split(text):
        value = _AFTER.sub("", _BEFORE.sub("", trimmed(part), count=1)).lower()
        words = value.split()
        if (
            words
            and len(words) <= _THING
            and words[0] not in FUNCTION_WORDS
            and words[-1].rstrip("s") not in _NO_THINGS
        ):
            found.append(value)
    return found


_NO_THINGS = frozenset(word.rstrip("s") for word in _NO_THING)


def relation(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """Somebody or an animal of the person's, by name. An ex-wife is no wife any more."""
    name, kind = trimmed(match["value"]), match["kind"].lower().replace(" ", "-")
    former = match.groupdict().get("former")
    if not is_name(name):
        return
    if former:
        yield Claim("relation", kind, name, sentence, only=False, holds=False)
    yield Claim("relation", f"ex-{kind}" if former else kind, name, sentence, only=kind in ONLY_ONE and not former)


def relations(singular: Mapping[str, str]) -> Reader:
    """Several of one kind ("my sons Tom and Max"). ``singular``: by plural."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        for part in _AND.split(match["value"]):
            if is_name(name := trimmed(part)):
                yield Claim("relation", singular[match["kind"].lower()], name, sentence, only=False)

    return read


def birthday(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """The day a person was born, or has their birthday."""
    value = day(match["value"], said_at, zone)
    if value is not None:
        yield Claim("attribute", "birthday", value, sentence, only=True)


def order(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """What the assistant shall do or leave from now on."""
    value = _PLEASE.sub("", trimmed(match["value"]))
    yield Claim("instruction", "instruction", value, sentence, only=False)


def diet(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """How a person eats; with the group ``no``, how no more."""
    no = match.groupdict().get("no")
    yield Claim("preference", "diet", match["value"].lower(), sentence, only=False, holds=no is None)


NAMES = rf"{NAME}(?:(?:, | and |, and ){NAME})*"
"""One name or several."""
