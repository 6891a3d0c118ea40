"""What a person plainly states of themselves: read by rules, in English, precision first.

A claim is made only of a sentence that states: nothing that is asked, supposed, quoted, told of the past or of another
person counts. What the rules do not understand stays what it is, a verbatim memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, tzinfo

import regex

from toldonce.remember.facts.claim import Claim, Precision
from toldonce.remember.facts.rules import read
from toldonce.remember.facts.values import EMAIL, NAME, NUMBER, day, is_name, trimmed
from toldonce.remember.questions import ends_as_question, sentences
from toldonce.text.dates import period
from toldonce.text.lexicon.people import TELLING

EXTRACTOR = "rules-1"
"""The name and version of these rules."""
LONGEST = 2000
"""Characters. A longer text is pasted, and mostly speaks of somebody else."""


def claims(text: str, said_at: int, zone: tzinfo = UTC) -> list[Claim]:
    """What a person's message claims, in order. ``said_at`` (microseconds since 1970): what its days are counted from.

    A text of the form ``question — answer`` is a short answer with its question.
    """
    if len(text) > LONGEST or TELLING.isdisjoint(_WORD.findall(text.casefold())):
        return []
    asked, dash, answer = text.partition(" — ")
    found: list[Claim] = []
    if dash and ends_as_question(asked):
        found += _answered(asked, answer, said_at, zone)
        text = answer
    for sentence in sentences(text):
        if not _states(sentence):
            continue
        for claim in read(sentence, said_at, zone):
            since = _since(sentence, said_at, zone) if claim.attribute in _LASTING else None
            found.append(claim if since is None else claim._replace(valid_from=since[0], precision=since[1]))
    return found


_WORD = re.compile(r"[^\W\d_]++")
_SUPPOSED = re.compile(
    r"\b(?:if|unless|would|wish|imagine|pretend|suppose|maybe|might|perhaps|used to|when i was|as a (?:child|kid)"
    r"|novel|story|character|dream|dreamt|dreamed|joke|joking|kidding|role-?play|for example|said|says|told me|thought"
    r"|thinks?|almost|nearly|hopefully|hope|considering|planning|want to|wanted|going to|supposed to)\b",
    re.IGNORECASE,
)
_QUOTES = ('"', "“", "”", "«", "`")


def _states(sentence: str) -> bool:
    """Whether a sentence states something, and its speaker stands for it."""
    return not (
        ends_as_question(sentence)
        or any(mark in sentence for mark in _QUOTES)
        or _SUPPOSED.search(sentence) is not None
    )


_ASKS_NAME = re.compile(r"\byour (?:full |first )?name\b|\bwho am i (?:speaking|talking) (?:to|with)\b", re.IGNORECASE)
_ASKS_BIRTHDAY = re.compile(r"\byour (?:birthday|date of birth)\b|\bwere you born\?", re.IGNORECASE)
_ASKS_PHONE = re.compile(
    r"\byour (?:phone|mobile|cell|telephone)(?: number)?\b|\bnumber .{0,20}\breach you\b", re.IGNORECASE
)
_ASKS_EMAIL = re.compile(r"\byour e-?mail\b", re.IGNORECASE)
_ASKS_HOME = re.compile(r"\bwhere (?:do you live|are you based|are you living)\b", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:(?:yes|yeah|yep|sure|it['’]s|it is|i['’]m|i am|this is|that['’]s|just|in|on|the|um+|uh+|oh)[ ,.]+)*+",
    re.IGNORECASE,
)
_NUMBER = re.compile(NUMBER)
_EMAIL = re.compile(EMAIL)
_WHOLE_NAME = regex.compile(rf"{NAME}(?:, {NAME})?")


def _answered(asked: str, answer: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """What a short answer claims with its question: the whole answer is the value."""
    told = trimmed(_BEGINS.sub("", answer, count=1))  # it matches the beginning, if only with nothing
    statement = f"{asked} — {answer}"
    for asks, attribute in ((_ASKS_NAME, "name"), (_ASKS_HOME, "home")):
        if asks.search(asked) and _WHOLE_NAME.fullmatch(told) and is_name(told):
            yield Claim("attribute", attribute, told, statement, only=True)
    if _ASKS_BIRTHDAY.search(asked) and (birthday := day(told, said_at, zone)) is not None:
        yield Claim("attribute", "birthday", birthday, statement, only=True)
    for asks, attribute, form in ((_ASKS_PHONE, "phone", _NUMBER), (_ASKS_EMAIL, "email", _EMAIL)):
        if asks.search(asked) and (found := form.fullmatch(told)) is not None:
            yield Claim("attribute", attribute, found.group(), statement, only=True)


_SINCE = re.compile(r"\b(?:since|from|as of|starting)(?: on| in)? (?:the )?(?P<when>.++)", re.IGNORECASE)
_LASTING = frozenset({"home", "employer", "occupation", "diet"})
"""What begins some day."""


def _since(sentence: str, said_at: int, zone: tzinfo) -> tuple[int, Precision] | None:
    """Since or from when the sentence says that it holds."""
    match = _SINCE.search(sentence)
    if match is None:
        return None
    said = match["when"]
    found = period(said, said_at, zone) or period(f"in {said}", said_at, zone)
    if found is None or found.recurs or found.latest or found.edges or found.start <= -(1 << 60):
        return None
    if not said.casefold().startswith(found.words.removeprefix("in ").split()[0]):
        return None
    days = (found.end - found.start) // 86_400_000_000
    precision: Precision = "day" if days == 1 else "month" if 28 <= days <= 31 else "year" if days >= 365 else "range"
    return found.start, precision
