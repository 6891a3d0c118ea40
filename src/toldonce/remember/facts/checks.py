"""Whether a fact that a model proposes is proved by what was said. What is not is dropped and counted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, TypeAlias

from toldonce.remember.facts.answer import Proposal
from toldonce.remember.facts.claim import Precision
from toldonce.remember.facts.claims import claims
from toldonce.remember.facts.stored import ASSISTANT, CATEGORIES, USER, Origin, StoredFact
from toldonce.remember.facts.window import Said, Window
from toldonce.remember.facts.words import (
    capitalised,
    content,
    is_foreign,
    likeness,
    numbers,
    of_oneself,
    share,
)
from toldonce.remember.questions import asked_in, only_asks
from toldonce.text.dates import period

Reason: TypeAlias = Literal[
    "shape", "evidence", "speaker", "question", "number", "name", "words", "date", "order", "category"
]
VALUE_SAID, STATEMENT_SAID = 0.6, 0.5
"""How much of a fact's value, and of its statement, must be words of its evidence."""
NEAR = 0.34
"""Likeness (see ``words.likeness``) of value or statement from which a fact may repeat another."""
_SHORT = 200
"""Characters of a message in which a person says how they want to be treated; longer ones are pasted."""
_OPEN = 1 << 60
"""Beyond it a stretch of time has no end, or no beginning."""
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T.*)?")


@dataclass(frozen=True, slots=True)
class Proved:
    """A fact that passed."""

    statement: str
    about: str
    attribute: str
    value: str
    category: str
    places: tuple[int, ...]
    """Of the messages that prove it, in the conversation."""
    said_at: int
    """When the last of them was said."""
    origin: Origin
    actor: str | None
    valid_from: int | None
    valid_from_precision: Precision
    valid_to: int | None
    labels: tuple[str, ...]
    repeats: str | None = None
    """Uid of the known fact that says the same."""
    replaces: str | None = None
    """Uid of the known fact that does not hold beside it."""


def check(proposal: Proposal | None, window: Window, labels: Collection[str] = ()) -> Proved | Reason:
    """The fact, or why it is none. ``labels``: those that facts may get."""
    if proposal is None:
        return "shape"
    if proposal.category not in CATEGORIES:
        return "category"
    by_id = {message.id: message for message in window.messages}
    if not proposal.evidence or not all(one in by_id for one in proposal.evidence):
        return "evidence"
    proof = sorted((by_id[one] for one in proposal.evidence), key=lambda message: message.place)
    if not any(message.is_new for message in proof):
        return "evidence"
    about = _about(proposal.about, window)
    tellers = [message for message in proof if (message.role == ASSISTANT) is (about == ASSISTANT)]
    if not tellers:
        return "speaker"  # what an assistant says of a person is a guess, or what it remembers
    if all(only_asks(message.text) for message in tellers):
        return "question"
    if (reason := _unsaid(proposal, about, proof, window)) is not None:
        return reason
    if proposal.category == "instruction" and (about != USER or not any(map(_is_order, tellers))):
        return "order"
    since = _moment(proposal.valid_from, proof, window.zone)
    until = _moment(proposal.valid_to, proof, window.zone)
    if since == "wrong" or until == "wrong":
        return "date"
    teller = tellers[-1]
    proved = Proved(
        statement=proposal.statement,
        about=about,
        attribute=proposal.attribute,
        value=proposal.value,
        category=proposal.category,
        places=tuple(message.place for message in proof),
        said_at=max(message.said_at for message in tellers),
        origin="assistant" if about == ASSISTANT else "person",
        actor=teller.name,
        valid_from=None if since is None else since[0],
        valid_from_precision="unknown" if since is None else since[1],
        valid_to=None if until is None else until[0],
        labels=tuple(label for label in proposal.categories if label in labels),
    )
    return _related(proved, proposal, window)


def _about(named: str, window: Window) -> str:
    """Who it is about, in one spelling; a speaker by name is who talks under that name."""
    folded = named.casefold()
    if folded in (USER, "the user", "i", "me", "self", "speaker"):
        return USER
    if folded in (ASSISTANT, "the assistant"):
        return ASSISTANT
    roles = {message.role for message in window.messages if message.name and message.name.casefold() == folded}
    if len(roles) == 1:
        names = {message.name.casefold() for message in window.messages if message.name and message.role in roles}
        if len(names) == 1:
            return USER if USER in roles else ASSISTANT
    return named


def _unsaid(proposal: Proposal, about: str, proof: Sequence[Said], window: Window) -> Reason | None:
    """What of the fact its evidence does not say."""
    told = " ".join(_told(proof, about, window))
    fact = f"{proposal.statement} {proposal.value}" + ("" if about in (USER, ASSISTANT) else f" {about}")
    if not numbers(fact) <= numbers(told):
        return "number"
    heard = content(told)
    known = heard | content(" ".join(window.names))
    names = content(" ".join(capitalised(fact)))
    if share(names, known) < 1:
        return "name"
    if share(content(proposal.value), heard) < VALUE_SAID or share(content(proposal.statement), known) < STATEMENT_SAID:
        return "words"
    if about not in (USER, ASSISTANT) and share(content(about), known) < 1:
        return "name"
    return None


def _told(proof: Sequence[Said], about: str, window: Window) -> Iterator[str]:
    """The words that count: what who may tell it says, and what the other side asked right before, if that is cited.

    An assistant that says what it remembers of a person proves nothing, whatever the person says next.
    """
    cited = {message.id for message in proof}
    asked = ""
    for message in window.messages:
        if (message.role == ASSISTANT) is not (about == ASSISTANT):
            asked = (asked_in(message.text) or "") if message.id in cited else ""
        elif message.id in cited:
            yield f"{asked} {message.text}"
            asked = ""
        else:
            asked = ""


def _is_order(message: Said) -> bool:
    """Whether a person says in it how they want to be treated.

    By the rules, where they know the language. Elsewhere by a word for oneself: "Nunca me llames antes de las nueve".
    """
    if message.role != USER or len(message.text) > _SHORT:
        return False
    if is_foreign(message.text):
        return of_oneself(message.text)
    return any(claim.category == "instruction" for claim in claims(message.text, message.said_at))


def _moment(text: str | None, proof: Sequence[Said], zone: tzinfo) -> tuple[int, Precision] | Literal["wrong"] | None:
    """When a fact begins or ends; None: nobody says; "wrong": a message says another time.

    A time in words that are not understood here proves nothing: then it counts as unsaid.
    """
    if text is None:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            return "wrong"
        year, month, day = (int(part) if part else None for part in match.groups())
        begins = datetime(year or 1, month or 1, day or 1, tzinfo=zone)
    except ValueError:
        return "wrong"
    precision: Precision = "day" if day else "month" if month else "year"
    start = (begins - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    spans = [found for message in proof if (found := period(message.text, message.said_at, zone)) is not None]
    spans = [found for found in spans if not found.recurs and not found.latest]
    if spans:
        length = {"day": 86_400_000_000, "month": 31 * 86_400_000_000, "year": 366 * 86_400_000_000}[precision]
        fits = any(_fits(start, start + length, found.start, found.end) for found in spans)
        return (start, precision) if fits else "wrong"
    said = numbers(" ".join(message.text for message in proof))
    if {str(part) for part in (year, day) if part} <= said:
        return start, precision
    return None


def _fits(start: int, end: int, first: int, last: int) -> bool:
    """Whether two stretches of time overlap; of one without an end, or a beginning, the edge counts."""
    if last > _OPEN:
        return start <= first < end
    if first < -_OPEN:
        return start <= last <= end
    return first < end and start < last


def _related(proved: Proved, proposal: Proposal, window: Window) -> Proved:
    """Which known fact it repeats or replaces, if the model's word for that can be believed."""
    known = window.known.get(proposal.existing or "")
    if known is None or not about_the_same(proved, known):
        return proved
    if proposal.relation == "repeats" and (is_near(proved, known) or proved.attribute == known.attribute.casefold()):
        same = likeness(content(proved.value), content(known.value)) >= NEAR or is_near(proved, known)
        return replace(proved, repeats=known.uid) if same else proved
    if proposal.relation in ("refines", "contradicts"):
        related = proved.attribute == known.attribute.casefold() or is_near(proved, known)
        return replace(proved, replaces=known.uid) if related else proved
    return proved


def about_the_same(proved: Proved, known: StoredFact) -> bool:
    """Whether both are about the same person or thing."""
    return proved.about.casefold() == known.about.casefold()


def is_near(proved: Proved, known: StoredFact) -> bool:
    """Whether two statements have words in common."""
    return likeness(content(proved.statement), content(known.text)) >= NEAR
