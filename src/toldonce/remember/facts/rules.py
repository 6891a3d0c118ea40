"""The table of rules: how English plainly says a name, a birthday, a home, an allergy, a relative, an order.

A rule is a pattern over one sentence and what it claims. ``value`` is what is claimed, ``which`` tells one of several
("work"), ``kind`` is the relative or the pet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from typing import TypeAlias

import regex

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.values import EMAIL, NAME, NUMBER, day, is_name, trimmed
from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.lexicon.people import DIETS, ONLY_ONE, ORDERS, PETS, RELATIVES

_START = (
    r"(?:^|(?<=[,;:(–—-] )"
    + "".join(rf"|(?<=\b{word} )" for word in "and but because as so that no actually well Well".split())
    + ")"
)
"""Where a clause may begin."""
_FIRST = (
    r"^(?i:(?:and|so|but|ok|okay|also|oh|yes|no(?=[,.])|well|actually|right|please|now|one more thing)[ ,:.–—-]+)*+"
)
"""What may stand before an order."""
_AM = r"I(?:['’]m| am)"
_IS = r"(?:['’]s| is)"
_DO_NOT = r"(?:don['’]t|do not)"
_NOW = r"(?: now| still)?"
_ENDS = r"(?=\s*(?:$|[.,;:!)]|(?i:and|but|with|now|again|since|because|near|for|from|so|these days)\b))"
_MOVED = r"(?i:(?:I|we)(?:['’]ve| have)?(?: just| recently| now)? moved(?: back)?(?: from [\w’ -]{2,40}?)? to)"
_LATELY = r"(?=\s*(?:$|[.,;:!)]|(?i:and|but|with|now|again|because|last|this|in|on|a|two|three|yesterday)\b))"
_OF_MINE = r"\b(?:my|our)(?: late| older| younger| little| big| elder| twin| eldest| youngest)?"
_CALLED = rf"(?i:,?(?: (?:is called|is named|called|named)|{_IS} name is|['’]s name is)?)"
_FAMILY = "|".join(sorted(RELATIVES, key=len, reverse=True))
_PET = "|".join(sorted(PETS, key=len, reverse=True))
_AT_TIMES = r"(?:before|after|on|between|at|during|in)"

Reader: TypeAlias = Callable[[regex.Match[str], str, int, tzinfo], Iterator[Claim]]


def _one(attribute: str, *, holds: bool = True) -> Reader:
    """A claim whose value is a name, of something that a person has one of."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        value = trimmed(match["value"])
        if is_name(value):
            yield Claim("attribute", attribute, value, sentence, only=True, holds=holds)

    return read


def _any(attribute: str) -> Reader:
    """The same for a value that is no name. The group ``which``, if there is one, tells a work number from another."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        which = match.groupdict().get("which")
        named = f"{which.strip().lower()} {attribute}" if which else attribute
        yield Claim("attribute", named, trimmed(match["value"]), sentence, only=True)

    return read


def _each(attribute: str, *, holds: bool = True) -> Reader:
    """A claim for each of several things, as in "peanuts, shellfish and latex"."""

    def read(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
        for part in regex.split(r",? (?:and|or) |, ", match["value"]):
            value = trimmed(part)
            words = value.lower().split()
            if words and words[0] not in FUNCTION_WORDS and len(words) <= 3:
                yield Claim("attribute", attribute, value.lower(), sentence, only=False, holds=holds)

    return read


def _relative(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    name, kind = trimmed(match["value"]), match["kind"].lower()
    former = match.groupdict().get("former")
    if is_name(name):
        only = kind in ONLY_ONE and not former
        yield Claim("relation", f"ex-{kind}" if former else kind, name, sentence, only)


def _pet(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    name = trimmed(match["value"])
    if is_name(name):
        yield Claim("relation", match["kind"].lower(), name, sentence, only=False)


def _birthday(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    value = day(match["value"], said_at, zone)
    if value is not None:
        yield Claim("attribute", "birthday", value, sentence, only=True)


def _order(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    yield Claim("instruction", "instruction", trimmed(match["value"]), sentence, only=False)


def _diet(match: regex.Match[str], sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    yield Claim("preference", "diet", match["value"].lower(), sentence, only=False, holds=match["no"] is None)


_MY_NAME = regex.compile(rf"{_START}(?i:my (?:full )?name{_IS}) (?P<value>{NAME})")
_CALL_ME = regex.compile(
    rf"{_START}(?i:(?:please |just |you can )?call me|(?:everybody|everyone|people|my friends) calls? me|I go by) "
    rf"(?P<value>{NAME}){_ENDS}"
)
_MY_BIRTHDAY = regex.compile(rf"{_START}(?i:my birthday{_IS}|I was born on) (?P<value>.++)")
_MY_NUMBER = regex.compile(
    rf"{_START}(?i:my (?P<which>work |home |office |mobile |cell )?(?:new )?(?:(?:tele)?phone |mobile |cell )?"
    rf"number{_IS}(?: now)?) (?P<value>{NUMBER})"
)
_MY_EMAIL = regex.compile(
    rf"{_START}(?i:my (?P<which>work |private |personal )?(?:new )?e-?mail(?: address)?{_IS}(?: now)?) "
    rf"(?P<value>{EMAIL})"
)
_I_LIVE = regex.compile(
    rf"{_START}(?i:(?:I|we){_NOW} live(?: now)?|{_AM}(?: now)? (?:living|based)) (?i:in) "
    rf"(?P<value>{NAME}(?:, {NAME})?){_ENDS}"
)
_I_MOVED = regex.compile(rf"{_START}{_MOVED} (?P<value>{NAME}(?:, {NAME})?){_LATELY}")
_I_LIVE_NO_LONGER = regex.compile(rf"{_START}(?i:(?:I|we) (?:no longer|{_DO_NOT}) live in) (?P<value>{NAME})")
_I_WORK_AT = regex.compile(rf"{_START}(?i:I{_NOW} work (?:at|for)) (?P<value>{NAME}(?: and {NAME})?){_ENDS}")
_I_WORK_NO_LONGER = regex.compile(
    rf"{_START}(?i:I (?:no longer|{_DO_NOT}) work (?:at|for)) (?P<value>{NAME}(?: and {NAME})?)"
)
_I_WORK_AS = regex.compile(
    rf"{_START}(?i:I{_NOW} work as an?) (?P<value>[\w’ -]{{3,40}}?)"
    r"(?=\s*(?:$|[.,;:!)]|(?:and|but|at|for|in|with|on|now|since|because|these days)\b))"
)
_MY_RELATIVE = regex.compile(rf"(?i:{_OF_MINE} (?P<former>ex-?)?)(?P<kind>(?i:{_FAMILY})){_CALLED} (?P<value>{NAME})")
_IS_MY_RELATIVE = regex.compile(rf"{_START}(?P<value>{NAME})(?i: is my) (?P<kind>(?i:{_FAMILY})){_ENDS}")
_MY_PET = regex.compile(
    rf"(?i:\b(?:my|our|have an?|got an?)(?: \w++)?) (?P<kind>(?i:{_PET})){_CALLED} (?P<value>{NAME})"
)
_ALLERGIC = regex.compile(
    rf"{_START}(?i:{_AM}(?: very| also| badly| severely| really| deathly)? allergic to) "
    r"(?P<value>[\w’, -]{2,80}?)(?=\s*(?:$|[.;:!)]|,? (?:so|but|because|which|that|since|too|as well)\b))"
)
_NOT_ALLERGIC = regex.compile(
    rf"{_START}(?i:{_AM} not allergic to) (?P<value>[\w’, -]{{2,60}}?)(?=\s*(?:$|[.;:!)]| (?:after|any)\b))"
)
_AN_ALLERGY = regex.compile(
    rf"{_START}(?i:I(?:['’]ve| have)(?: got)? an?(?: severe| bad| mild)?) (?P<value>\w{{3,20}}+) (?i:allergy)\b"
)
_DIET = regex.compile(
    rf"{_START}(?i:{_AM}(?P<no> not| no longer)?(?: a| an| now| still| strictly| strict| also| basically)*+) "
    rf"(?P<value>(?i:{'|'.join(sorted(DIETS)).replace('-', '[- ]')}))\b"
)
_NEVER_OR_ALWAYS = regex.compile(
    rf"{_FIRST}(?P<value>(?i:(?:please )?(?:never|always|{_DO_NOT} ever|from now on,?(?: please)?) "
    rf"(?:{'|'.join(sorted(ORDERS))})\b(?! (?:up|never)\b)).++)"
)
_DO_NOT_CALL = regex.compile(
    rf"{_FIRST}(?P<value>(?i:(?:please )?(?:{_DO_NOT}|only) "
    rf"(?:call|ring|phone|text|message|wake|disturb|contact|bother) me {_AT_TIMES}\b).++)"
)
_NO_CALLS = regex.compile(rf"{_FIRST}(?P<value>(?i:no (?:calls|messages|texts) {_AT_TIMES}\b).++)")

_RULES: Mapping[regex.Pattern[str], Reader] = {
    _MY_NAME: _one("name"),
    _CALL_ME: _one("preferred name"),
    _MY_BIRTHDAY: _birthday,
    _MY_NUMBER: _any("phone"),
    _MY_EMAIL: _any("email"),
    _I_LIVE: _one("home"),
    _I_MOVED: _one("home"),
    _I_LIVE_NO_LONGER: _one("home", holds=False),
    _I_WORK_AT: _one("employer"),
    _I_WORK_NO_LONGER: _one("employer", holds=False),
    _I_WORK_AS: _any("occupation"),
    _MY_RELATIVE: _relative,
    _IS_MY_RELATIVE: _relative,
    _MY_PET: _pet,
    _ALLERGIC: _each("allergy"),
    _NOT_ALLERGIC: _each("allergy", holds=False),
    _AN_ALLERGY: _each("allergy"),
    _DIET: _diet,
    _NEVER_OR_ALWAYS: _order,
    _DO_NOT_CALL: _order,
    _NO_CALLS: _order,
}


def read(sentence: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    """What one sentence that states something claims."""
    for pattern, claimed in _RULES.items():
        for match in pattern.finditer(sentence):
            yield from claimed(match, sentence, said_at, zone)
