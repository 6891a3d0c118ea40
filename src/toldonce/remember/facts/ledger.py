"""From what a person stated, in whatever order it was recorded, to facts with their two times.

Valid time is when something holds in the world, transaction time when the store learned it (Snodgrass, "Developing
Time-Oriented Database Applications in SQL", 1999). Nothing is kept of a fact but the statements that prove it: the same
statements give the same facts, so a statement that is edited, deleted or erased takes its part of them along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from toldonce.remember.facts.claim import Category, Claim, Precision
from toldonce.remember.facts.claims import EXTRACTOR


class Statement(NamedTuple):
    """A memory of what a person said, and the claims it makes."""

    memory_id: str
    said_at: int
    """Microseconds since 1970, as all times here."""
    recorded_at: int
    """When the store learned it."""
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a person stated, mostly of themselves."""

    id: str
    category: Category
    attribute: str
    value: str
    statement: str
    """The sentence that states it, as it was said."""
    valid_from: int
    valid_from_precision: Precision
    recorded_at: int
    valid_to: int | None = None
    """None: it holds, as far as anybody said."""
    superseded_at: int | None = None
    """When the store learned that it does not hold any more."""
    superseded_by: str | None = None
    """The fact that took its place, if one did."""
    evidence: tuple[str, ...] = ()
    """Ids of the memories that prove it, the first said first."""
    extractor: str = EXTRACTOR
    about: str = "user"
    """Whom it is about; a model reads facts about others too."""


class _Said(NamedTuple):
    """A claim, and the statement that makes it."""

    statement: Statement
    claim: Claim

    def contradicts(self, fact: Fact) -> bool:
        """Whether both cannot hold."""
        same = _key(self.claim.value) == _key(fact.value)
        return self.claim.only and not same if self.claim.holds else same


def facts_of(statements: Iterable[Statement], as_of: int | None = None) -> list[Fact]:
    """Every fact that the statements prove, superseded ones too, in the order they begin to hold.

    ``as_of``: with no statement that was recorded later. Among statements of one attribute the one that was said last
    holds, whichever was recorded last.
    """
    known = [one for one in statements if as_of is None or one.recorded_at <= as_of]
    known.sort(key=lambda one: (one.said_at, one.recorded_at, one.memory_id))
    said: dict[str, list[_Said]] = {}
    for statement in known:
        for claim in statement.claims:
            said.setdefault(claim.attribute, []).append(_Said(statement, claim))
    facts = [fact for one in said.values() for fact in _of_attribute(one)]
    return sorted(facts, key=lambda fact: (fact.valid_from, fact.recorded_at))  # else as they were said


def holds(fact: Fact, at: int) -> bool:
    """Whether a fact holds at a moment, or will, as far as anybody said."""
    return fact.valid_to is None or fact.valid_to > at


def _of_attribute(said: Sequence[_Said]) -> list[Fact]:
    """The facts of one attribute. ``said``: the claims about it, in the order they were said."""
    held: dict[str, Fact] = {}
    ended: list[Fact] = []
    for place, one in enumerate(said):
        value = _key(one.claim.value)
        new: Fact | None = None
        if one.claim.holds and value in held:
            held[value] = _proved_again(held[value], one.statement)
        elif one.claim.holds:
            new = _fact(one)
        for other in [other for other, fact in held.items() if one.contradicts(fact)]:
            ended.append(_ended(held.pop(other), said[place:], new))
        if new is not None:
            held[value] = new
    return [*ended, *held.values()]


def _fact(said: _Said) -> Fact:
    statement, claim = said
    return Fact(
        id=_id(statement, claim),
        category=claim.category,
        attribute=claim.attribute,
        value=claim.value,
        statement=claim.statement,
        valid_from=statement.said_at if claim.valid_from is None else claim.valid_from,
        valid_from_precision=claim.precision,
        recorded_at=statement.recorded_at,
        evidence=(statement.memory_id,),
    )


def _proved_again(fact: Fact, statement: Statement) -> Fact:
    proof = fact.evidence if statement.memory_id in fact.evidence else (*fact.evidence, statement.memory_id)
    return replace(fact, evidence=proof, recorded_at=min(fact.recorded_at, statement.recorded_at))


def _ended(fact: Fact, said: Sequence[_Said], by: Fact | None) -> Fact:
    """A fact that holds no more. ``said``: what was said from its end on; ``by``: what took its place.

    The store learned that it ended from the first of these claims that it heard of, which need not be the first said.
    """
    heard = min(one.statement.recorded_at for one in said if one.contradicts(fact))
    return replace(
        fact,
        valid_to=max(said[0].statement.said_at if by is None else by.valid_from, fact.valid_from),
        superseded_at=max(heard, fact.recorded_at),
        superseded_by=None if by is None else by.id,
    )


def _key(value: str) -> str:
    return " ".join(value.casefold().split())


def _id(statement: Statement, claim: Claim) -> str:
    """The same whenever the same statement states the same."""
    parts = "\x1f".join((statement.memory_id, str(statement.said_at), claim.attribute, _key(claim.value)))
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
