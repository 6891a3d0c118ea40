"""Rules for corrections, which say a value and leave to what was said before what it is of: "It's Braga, not Porto"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

import regex

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.rules import Rule, rule
from toldonce.remember.facts.values import NAME, day, is_name, trimmed

_IT_IS = (
    r"(?:(?:no|sorry|actually|wait|well|it['’]s|it is|that['’]s|i meant?|i said|make (?:that|it)|with|to|in)[, ]+)*+"
)
_VALUE = r"[\w’@.+()-]+(?: [\w’@.+()-]+){0,4}?"
_ENDS = r"(?=\s*(?:$|[.,;!]))"


def _instead(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    new, old = (day(match[name], said_at, zone) or trimmed(match[name]) for name in ("value", "old"))
    if new and old and new.casefold() != old.casefold():
        yield Claim("attribute", "", new, sentence, only=True, corrects=old)


def _spelled(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    if is_name(match["value"]):
        yield Claim("attribute", "", match["value"], sentence, only=True, corrects=match["value"])


def _gone(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """Who died or left is nobody's dog or carer any more; nobody shall be asked how they are."""
    if is_name(match["value"]):
        yield Claim("relation", "", match["value"], sentence, only=False, holds=False)


CORRECTIONS: tuple[Rule, ...] = (
    rule(
        "not",
        rf"^(?i:{_IT_IS})(?P<value>{_VALUE})(?i:,? (?:and )?not)(?: (?i:in|on|the|at))* (?P<old>{_VALUE}){_ENDS}",
        _instead,
    ),
    rule(
        "not",
        rf"^(?i:(?:{_IT_IS})not(?: in| on| the| at)*) (?P<old>{_VALUE})(?i:,? (?:but|it['’]s|it is)|,) "
        rf"(?P<value>{_VALUE}){_ENDS}",
        _instead,
    ),
    rule(
        "b c d e f g h j k l n o p q r u v w x y z",
        rf"^(?i:{_IT_IS})(?P<value>{NAME}),? (?i:(?:spelled )?with (?:an?|one|two|double|no)) \w\b",
        _spelled,
    ),
    rule(
        "died passed left leaving broke dumped",
        rf"(?:(?:[Mm]y|[Oo]ur) \w+ )?(?P<value>{NAME})(?i:(?: has| just|['’]s| is)? (?:died|passed away|left me"
        rf"|leaving(?: me| us)?|broke up with me"
        r"|dumped me))(?=\s*(?:$|[.,;!]|(?i:last|this|in|on|yesterday|today|and|for|because|at)\b))",
        _gone,
    ),
)
