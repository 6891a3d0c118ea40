"""What a short answer claims together with its question, which stands before it: ``Where do you live? — Porto``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import tzinfo

import regex

from toldonce.remember.facts.claim import Claim
from toldonce.remember.facts.english import any_word
from toldonce.remember.facts.rules import things
from toldonce.remember.facts.values import EMAIL, NAME, NUMBER, day, is_name, trimmed
from toldonce.text.lexicon.english import POLITE
from toldonce.text.lexicon.people import ACQUAINTANCES, DIETS, FOODS, ONLY_ONE, PETS, RELATIVES
from toldonce.text.lexicon.statements import ASKED_EMAIL, ASKED_HOME, ASKED_NAME, ASKED_PHONE
from toldonce.text.lexicon.talk import ASSENTS, FILLING, NO, YES
from toldonce.text.phrases import made_of, plain

Statements = Callable[[str], Iterator[Claim]]
"""What the rules find in a sentence."""


def _asks(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_CALLED = _asks(
    r"\b(?:like (?:me )?to (?:be called|call you)|(?:what|how) (?:should|can|may|shall|could|do people|do your"
    r" friends|do they) "
    r"(?:I |we )?call you|prefer to be called|go by)\b"
)
_NAME = _asks(
    rf"\byour (?:full |first |last )?name\b|\bwho (?:am I|is) (?:speaking|talking|calling)|\bwhom am I|\bwho is this\b"
    rf"|{ASKED_NAME}"
)
_HOME = _asks(
    rf"\bwhere (?:do you live|are you (?:based|living)|is home|did you move|have you moved)\b"
    rf"|\b(?:which|what) (?:city|town|country|place|part)\b.*\b(?:live|based|living)\b|{ASKED_HOME}"
)
_EMPLOYER = _asks(r"\bwho (?:do you work|are you working) for\b|\bwhere do you work\b|\b(?:which|what) company\b")
_JOB = _asks(r"\bwhat do you do (?:for (?:a living|work)|professionally)\b|\byour (?:job|profession|occupation)\b")
_BIRTHDAY = _asks(r"\byour (?:birthday|date of birth|birth date|birthdate)\b|\bwere you born\?")
_PHONE, _EMAIL = _asks(ASKED_PHONE + "|reach you|call you"), _asks(ASKED_EMAIL + "|reach you|write to you")
_ALLERGY = _asks(r"\ballerg(?:y|ies|ic)\b")
_AVOIDS = _asks(r"\byou (?:can['’]t|cannot|don['’]t|do not|avoid|must not)\b")
_FOOD = _asks(r"\b(?:foods?|anything|something)\b")
_YOURS = _asks(r"\byou\b|\byour\b|\banything\b|\bany\b")
_DIET = _asks(r"\b(?:diet|dietary|vegetarian|vegan|eat meat)\b")
_WHEN = _asks(
    r"\b(?:when|what time|how|where|in (?:which|what) language|which language) (?:may|can|should|shall|do you "
    r"(?:want|prefer|like)"
    r"(?: me| us)?(?: to)?|would you like(?: me| us)?(?: to)?)\b.*\b(?:call|reach|contact|text|write|speak|talk"
    r"|answer|address)\b"
)
_KIND = _asks(
    rf"\b(?:what(?:['’]s| is)|what are) (?:your|the) (?P<kind>{any_word(RELATIVES | PETS | ACQUAINTANCES)})(?:['’]s"
    rf" name|(?: is)? called)"
    rf"|\bwhat is the name of your (?P<other>{any_word(RELATIVES | PETS | ACQUAINTANCES)})"
)
_BEGINS = re.compile(
    r"(?:(?:yes|yeah|yep|sure|actually|sorry|it['’]s|it is|he['’]s|she['’]s|i['’]m|i am|i live|this is|that['’]s|my"
    r" name is|name['’]s"
    r"|just|in|on|at|the|um+|uh+|oh|well|en|soy|ich heiße|ich bin|ist|me llamo)[ ,.]+)*+",
    re.IGNORECASE,
)
_FIRST_NAME = regex.compile(rf"(?P<value>{NAME})(?=\s*(?:$|[.,;!]|(?i:but|please|here|and|for)\b))")
_PLACE = regex.compile(rf"(?P<value>{NAME}(?:, {NAME})?)(?=\s*(?:$|[.,;!]|(?i:with|now|and|but|these|at)\b))")
_COMPANY = regex.compile(rf"(?P<value>{NAME}(?: (?:and|&) {NAME})?)(?=\s*(?:$|[.,;!]|(?i:in|as|now)\b))")
_AN_OCCUPATION = regex.compile(r"(?:an? )(?P<value>[a-z][\w’-]*+(?: [\w’-]++){0,2})(?=\s*(?:$|[.,;!]))")
_SOME_DIET = regex.compile(rf"(?:an? )?(?P<value>(?i:{any_word(DIETS)}))\b")
_NUMBER, _ADDRESS = re.compile(NUMBER), re.compile(EMAIL)
_LONGEST_WISH = 60


def answered(asked: str, answer: str, said_at: int, zone: tzinfo, stated: Statements) -> Iterator[Claim]:
    """What an answer claims. ``stated``: what the rules find in a statement, for "Do you live in Porto? — Yes."."""
    statement = f"{asked} — {answer}"
    if (confirms := made_of(plain(answer), YES | ASSENTS | FILLING)) or made_of(plain(answer), NO | FILLING):
        for claim in stated(_as_statement(asked)):
            yield claim._replace(statement=statement, holds=confirms)
        return
    begins = _BEGINS.match(answer)
    told = trimmed(answer if begins is None else answer[begins.end() :])
    for claim in (
        *_named(asked, told),
        *_reached(asked, told),
        *_of_body(asked, told),
        *_of_days(asked, answer, told, said_at, zone),
    ):
        yield claim._replace(statement=statement)
    yield from _corrected(asked, answer, statement, stated)


def _named(asked: str, told: str) -> Iterator[Claim]:
    for asks, attribute, form in (
        (_CALLED, "preferred name", _FIRST_NAME),
        (_NAME, "name", _FIRST_NAME),
        (_HOME, "home", _PLACE),
        (_EMPLOYER, "employer", _COMPANY),
    ):
        if asks.search(asked):
            if (found := form.match(told)) is not None and is_name(found["value"]):
                yield Claim("attribute", attribute, found["value"], "", only=True)
            return
    if (which := _KIND.search(asked)) is not None:
        kind = (which["kind"] or which["other"]).lower()
        if (found := _FIRST_NAME.match(told)) is not None and is_name(found["value"]):
            yield Claim("relation", kind, found["value"], "", only=kind in ONLY_ONE)


def _reached(asked: str, told: str) -> Iterator[Claim]:
    for asks, attribute, form in ((_PHONE, "phone", _NUMBER), (_EMAIL, "email", _ADDRESS)):
        if asks.search(asked) and (found := form.fullmatch(told)) is not None:
            yield Claim("attribute", attribute, found.group(), "", only=True)


def _of_body(asked: str, told: str) -> Iterator[Claim]:
    if _ALLERGY.search(asked) and _YOURS.search(asked):
        for thing in things(told):
            if len(thing.split()) <= 2 and not made_of(thing, NO | YES | ASSENTS) and thing.split()[0] not in POLITE:
                yield Claim("attribute", "allergy", thing, "", only=False)
    if _AVOIDS.search(asked) and _FOOD.search(asked):
        for thing in things(told):
            if _is_food(thing):
                yield Claim("attribute", "avoids", thing, "", only=False)
    if _DIET.search(asked) and (found := _SOME_DIET.match(told)) is not None:
        yield Claim("preference", "diet", found["value"].lower(), "", only=False)
    if _JOB.search(asked) and (found := _AN_OCCUPATION.match(told)) is not None:
        yield Claim("attribute", "occupation", found["value"], "", only=True)


def _is_food(thing: str) -> bool:
    return thing in FOODS or f"{thing}s" in FOODS or thing.removesuffix("s") in FOODS


def _of_days(asked: str, answer: str, told: str, said_at: int, zone: tzinfo) -> Iterator[Claim]:
    if _BIRTHDAY.search(asked) and (born := day(told, said_at, zone)) is not None:
        yield Claim("attribute", "birthday", born, "", only=True)
    if _YOUR_HOURS.search(asked) and _MAKE_IT.search(answer):
        yield Claim("instruction", "instruction", trimmed(answer), "", only=False)
    if (
        _WHEN.search(asked)
        and not _CALLED.search(asked)
        and len(answer) <= _LONGEST_WISH
        and not _ADDRESS.search(answer)
        and not _NUMBER.search(answer)
    ):
        yield Claim("instruction", "instruction", trimmed(answer), "", only=False)


_YOUR_HOURS = _asks(r"\byour\b.*\b(?:no-call|call|calling|quiet)[- ](?:time|times|hours?)\b")
_MAKE_IT = re.compile(r"\bmake (?:it|that) \w+", re.IGNORECASE)
_YOU = re.compile(r"\b(are you|do you|have you|is your|you are|you['’]re|your|yours|you)\b", re.IGNORECASE)
_MINE = {
    "are you": "I am",
    "do you": "I",
    "have you": "I have",
    "is your": "my",
    "you are": "I am",
    "you're": "I'm",
} | {
    "your": "my",
    "yours": "mine",
    "you": "I",
}
_IS_YOUR = re.compile(
    r"\b[Ii]s your (?P<what>[\w ]+?) (?P<value>(?:called |named |on |still |now )*[\dA-Z].*)", re.DOTALL
)
_TAG = re.compile(
    r",? (?:right|correct|isn['’]t it|aren['’]t you|don['’]t you|yes|no|is that right|is it)\?\s*$", re.IGNORECASE
)


def _as_statement(asked: str) -> str:
    """What a question says of the person, as they would say it: "Do you live in Porto?" is "I live in Porto."."""
    text = _TAG.sub("?", asked.strip())
    text = _IS_YOUR.sub(lambda found: f"my {found['what']} is {found['value']}", text)
    text = re.sub(r"^(?:so|and|but|ok|okay|then)[, ]+", "", text, flags=re.IGNORECASE)
    return _YOU.sub(lambda found: _MINE[found.group().lower().replace("’", "'")], text).rstrip("?") + "."


_NO_BUT = regex.compile(
    rf"(?i:no|nope|actually|not quite|sorry|almost)[,.!]* (?i:(?:it['’]s|it is|that['’]s|i['’]m|in|actually|now)["
    rf" ,]+)*+(?P<value>{NAME})"
    r"(?=\s*(?:$|[.,;!]|(?i:with|now|not|please)\b))"
)


def _corrected(asked: str, answer: str, statement: str, stated: Statements) -> Iterator[Claim]:
    """ "Your name is Lina, right? — No, Lena with an e": of one thing that is asked, another value."""
    found = _NO_BUT.match(answer)
    supposed = [claim for claim in stated(_as_statement(asked)) if claim.only]
    if found is None or len(supposed) != 1 or not is_name(found["value"]):
        return
    if supposed[0].attribute not in ("birthday", "phone", "email"):
        yield supposed[0]._replace(value=found["value"], statement=statement)
