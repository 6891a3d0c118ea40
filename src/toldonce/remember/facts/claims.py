"""What a person plainly states of themselves: read by rules, without a model, precision first.

A claim is made only of a sentence that states: nothing that is asked, supposed, quoted, told of the past or of another
person counts. What the rules do not understand stays what it is, a verbatim memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo

import regex

from toldonce.remember.facts.answers import answered
from toldonce.remember.facts.claim import Claim, Precision
from toldonce.remember.facts.corrections import CORRECTIONS
from toldonce.remember.facts.english import RULES as ENGLISH
from toldonce.remember.facts.frames import ANYWHERE
from toldonce.remember.facts.frames import RULES as FRAMES
from toldonce.remember.facts.orders import ORDER_RULES
from toldonce.remember.facts.rules import Rule, order
from toldonce.remember.facts.values import NAME, fluent, is_name, may_name, with_capitals
from toldonce.remember.questions import ends_as_question, sentences
from toldonce.remember.verbatim import SHORT
from toldonce.text.dates import Period, period
from toldonce.text.keys import ANSWERED
from toldonce.text.lexicon.english import MONTHS, WEEKDAYS
from toldonce.text.phrases import size
from toldonce.times import as_datetime, moment

EXTRACTOR = "rules-2"
"""The name and version of these rules."""
LONGEST = 2000
"""Characters. A longer text is pasted, and mostly speaks of somebody else."""

_ALL = (*ENGLISH, *FRAMES, *ORDER_RULES, *CORRECTIONS)


def _by_word(places: Iterable[int]) -> Mapping[str, list[int]]:
    """Places of rules by a word they look for."""
    found: dict[str, list[int]] = {}
    for place in places:
        for word in _ALL[place].words:
            found.setdefault(word, []).append(place)
    return found


_EVERY = _by_word(range(len(_ALL)))
_STATEMENTS = _by_word(place for place, rule in enumerate((*ENGLISH, *FRAMES)) if rule.claimed is not order)

_CLAUSE = regex.compile(
    r"[,;:(–—-] |[。、¡¿]|\b(?i:and|but|because|as|so|that|no|yes|yeah|actually|well|hi|hello|hey|oh|sorry|ok|okay|now"
    r"|then|also|plus"
    r"|since|though|um|uh|by the way|y|pero|hola|und|aber|hallo) |और "
)
"""After it a clause may begin."""
_PUNCTUATION = tuple(",;:(–—-。、¡¿")
_ASCII_WORD = re.compile(r"[a-z]++")
_WORD = regex.compile(r"[\p{L}\p{M}]++")
_KANA = re.compile("[\u3041-\u30ff]")
_QUOTES = ('"', "“", "”", "«", "`", "「")
_NOT_MEANT = re.compile(
    r"\b(?:imagine|pretend|suppose|novel|story|character|dreamt|dreamed|(?:in|had) (?:a|my|the) (?:dream|game|film"
    r"|movie|book|play|song)|joke|role-?play|for example"
    r"|said|says|told me|thought|thinks?|claims?)\b|と言って",
    re.IGNORECASE,
)
"""In a sentence that somebody else says, or nobody means."""
_JOKING = re.compile(r"\b(?:joking|kidding)\b", re.IGNORECASE)
"""In a sentence that takes back itself and the one before it."""
_SUPPOSED = re.compile(
    r"\b(?:if|unless|would|wish|maybe|might|perhaps|when i was|as a (?:child|kid)|almost|nearly|hopefully|hope"
    r"|considering|planning|want to|wanted|going to|supposed to|si|wenn|falls|vielleicht|quizás)\b",
    re.IGNORECASE,
)
"""In a clause that does not say that it is so."""
_ASKED_FOR = re.compile(
    r"(?:please,? )?(?:can|could|will|would) you (?:please )?(?P<order>(?:always|never) .+?)(?:,? please)?\?",
    re.IGNORECASE,
)
"""An order with a question mark."""
_USED_TO = re.compile(r"\bused to\b", re.IGNORECASE)
_BREAK = re.compile(r"[,;:–—] | but ")
_SINCE = re.compile(r"\b(?P<word>since|from|as of|starting)(?: on| in)? (?:the )?(?P<when>.++)", re.IGNORECASE)
_MOVED = re.compile(r"(?:I|we)\b[\w'’ ]{0,20}\b(?:moved|relocated|started|begun|got|found|joined)\b", re.IGNORECASE)
_HAVE_MOVED = regex.compile(
    r"(?<![\w’'] )\b(?i:so |and |well |yes )?(?:I|[Ww]e)(?:['’]ve| have)?(?: just| finally| recently| all)?+ moved"
    r"(?: house| again| last \w+| in \w+| out)?+(?=[.,;!])"
)
_NOW_IN = regex.compile(
    rf"(?:^|[.!;,] )(?:[Nn]ow )?(?:I am|I['’]m|[Ww]e are|[Ww]e['’]re|[Ii]t['’]s)(?: now| living)?+ in (?P<value>{NAME})"
    r"(?=\s*(?:$|[.,;!]|now\b|these days\b))"
)
_LASTING = frozenset({"home", "employer", "occupation", "diet"})
"""What begins some day."""


def claims(text: str, said_at: int, zone: tzinfo = UTC, *, statements_only: bool = False) -> list[Claim]:
    """What a person's message claims, in order. ``said_at`` (microseconds since 1970): what its days are counted from.

    ``statements_only``: without what it tells the assistant to do, and without corrections of what was said. A text of
    the form ``question — answer`` is a short answer with what was said before it, which is not the person's.
    """
    if len(text) > LONGEST:
        return []
    asked, dash, answer = text.rpartition(ANSWERED)
    joined = bool(dash) and size(answer) <= SHORT
    rules = _STATEMENTS if statements_only else _EVERY
    if not joined and not _places(text, rules):
        return []
    found: list[Claim] = []
    text = fluent(answer if joined else text)
    if joined and ends_as_question(asked):
        found += answered(asked, text, said_at, zone, lambda stated: _stated(stated, said_at, zone, rules))
    before: list[Claim] = []
    for sentence in sentences(text):
        if _JOKING.search(sentence):
            before = []
        found += before
        before = list(_stated(sentence, said_at, zone, rules))
    found += before
    found += _after_move(text)
    return [claim for claim in dict.fromkeys(found) if not _is_part(claim, found)]


def _after_move(text: str) -> Iterator[Claim]:
    """Where people are who say that they moved, and then where they are: "We moved. We're in Leeds now."."""
    for moved in _HAVE_MOVED.finditer(text):
        if (place := _NOW_IN.search(text, moved.end())) is not None and is_name(place["value"]):
            yield Claim("attribute", "home", place["value"], place.group().lstrip(".!;, "), only=True)


def _is_part(claim: Claim, found: Sequence[Claim]) -> bool:
    """Whether an instruction is the end of a longer one: "From now on, reply in French"."""
    return claim.category == "instruction" and any(
        other.category == "instruction" and other.value != claim.value and other.value.endswith(claim.value)
        for other in found
    )


def _places(text: str, rules: Mapping[str, list[int]]) -> list[int]:
    """Places of the rules whose word is in a text, and for a name only where there may be one, in order."""
    folded = text.casefold()
    words = _ASCII_WORD.findall(folded) if folded.isascii() else _WORD.findall(folded)
    places = {place for word in rules.keys() & words for place in rules[word]}
    if text == folded and text.islower() and not may_name(folded):
        places = {place for place in places if not _ALL[place].named}
    if not folded.isascii() and _KANA.search(folded):
        places.update(rules[ANYWHERE])
    return sorted(places)


def _stated(sentence: str, said_at: int, zone: tzinfo, rules: Mapping[str, list[int]]) -> Iterator[Claim]:
    """What one sentence claims, if it states something and its speaker stands for it."""
    places = _places(sentence, rules)
    if not places:
        return
    wanted = _ASKED_FOR.match(sentence)
    read = with_capitals(sentence if wanted is None else wanted["order"])
    if read.islower():
        places = [place for place in places if not _ALL[place].named]
    if not places or ends_as_question(read) or _JOKING.search(read) or any(map(read.__contains__, _QUOTES)):
        return
    starts = [0]
    if any(_ALL[place].inside for place in places):
        starts += [found.end() for found in _CLAUSE.finditer(read)]
    for place in places:
        for match in _matches(_ALL[place], read, starts):
            for claim in _ALL[place].claimed(match, sentence, said_at, zone):
                if not _is_meant(claim, read, match.start("value")):
                    continue
                since = _since(read[match.start() :], said_at, zone) if claim.attribute in _LASTING else None
                yield claim if since is None else claim._replace(valid_from=since[0], precision=since[1])


def _matches(rule: Rule, sentence: str, starts: Sequence[int]) -> Iterator[regex.Match[str]]:
    if rule.anywhere:
        yield from rule.pattern.finditer(sentence)
        return
    if not rule.inside:
        starts = [0]
    if rule.claimed is order:  # "They sing and always make us smile" orders nothing
        starts = [start for start in starts if not start or sentence[start - 2 : start].strip() in _PUNCTUATION]
    found = (rule.pattern.match(sentence, start) for start in starts)
    yield from {match.start("value"): match for match in found if match is not None}.values()


def _is_meant(claim: Claim, sentence: str, at: int) -> bool:
    """Whether the speaker stands for a claim whose value begins at a place: what is ordered may say "if"."""
    if claim.category == "instruction":
        return _NOT_MEANT.search(sentence, 0, at) is None
    if claim.attribute == "preferred name" and _SUPPOSED.search(sentence) is not None:
        return False  # "If I'm late, call me Slowpoke"
    return _NOT_MEANT.search(sentence) is None and _is_so(sentence, at, holds=claim.holds)


def _is_so(sentence: str, at: int, *, holds: bool) -> bool:
    """Whether the clause around a place says that it is so."""
    breaks = [0, *(found.end() for found in _BREAK.finditer(sentence)), len(sentence)]
    start = max(place for place in breaks if place <= at)
    end = min((place for place in breaks if place > at), default=len(sentence))
    clause = sentence[start:end]
    return _SUPPOSED.search(clause) is None and not (holds and _USED_TO.search(clause))


def _since(clause: str, said_at: int, zone: tzinfo) -> tuple[int, Precision] | None:
    """Since or from when a clause says that it holds: "since 2019", "from July", "we moved last week"."""
    match = _SINCE.search(clause)
    if match is None:
        found = period(clause, said_at, zone) if _MOVED.match(clause) else None
        return None if found is None or not _one_stretch(found) or found.start > said_at else _with_precision(found)
    said = match["when"]
    found = period(said, said_at, zone) or period(f"in {said}", said_at, zone)
    if found is None or not _one_stretch(found):
        return None
    if not said.casefold().startswith(found.words.removeprefix("in ").split()[0]):
        return None
    start, precision = _with_precision(found)
    if match["word"].lower() != "since" and start <= said_at:
        start = _coming(start, found.words.split(), zone)
    return start, precision


def _one_stretch(found: Period) -> bool:
    return not (found.recurs or found.latest or found.edges) and found.start > -(1 << 60)


def _with_precision(found: Period) -> tuple[int, Precision]:
    days = (found.end - found.start) // 86_400_000_000
    return found.start, "day" if days == 1 else "month" if 28 <= days <= 31 else "year" if days >= 365 else "range"


def _coming(start: int, words: Sequence[str], zone: tzinfo) -> int:
    """The same day or month of next year, or weekday of next week: "from the first of July", said in May, is ahead."""
    at = as_datetime(start).astimezone(zone)
    if any(word in WEEKDAYS for word in words):
        at += timedelta(days=7)
    elif any(word[:3] in _MONTHS for word in words) and not any(word.isdecimal() and len(word) == 4 for word in words):
        at = at.replace(year=at.year + 1, day=min(at.day, 28) if at.month == 2 else at.day)
    return moment(at, "since")


_MONTHS = frozenset(month[:3] for month in MONTHS)
