"""From what a person stated, in whatever order it was recorded, to facts with their two times.

Valid time is when something holds in the world, transaction time when the store learned it (Snodgrass, "Developing
Time-Oriented Database Applications in SQL", 1999). Nothing is kept of a fact but the statements that prove it: the same
statements give the same facts, so a statement that is edited, deleted or erased takes its part of them along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import NamedTuple

from toldonce.remember.facts.claim import Category, Claim, Precision
from toldonce.remember.facts.claims import EXTRACTOR
from toldonce.text.lexicon.people import EXCLUSIVE_DIETS, LANGUAGES, MEASURES
from toldonce.text.tokens import words

_ALIKE = 0.6
"""Of two spellings of one name."""


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
        mine, other = _key(self.claim.value), _key(fact.value)
        if not self.claim.holds:
            return mine == other
        if fact.category == "instruction":
            return mine != other and _same_topic(self.claim.statement, fact.statement)
        return mine != other and (self.claim.only or {mine, other} <= EXCLUSIVE_DIETS)


def facts_of(statements: Iterable[Statement], as_of: int | None = None) -> list[Fact]:
    """Every fact that the statements prove, superseded ones too, in the order they begin to hold.

    ``as_of``: with no statement that was recorded later. Among statements of one attribute the one that was said last
    holds, whichever was recorded last.
    """
    known = [one for one in statements if as_of is None or one.recorded_at <= as_of]
    known.sort(key=lambda one: (one.said_at, one.recorded_at, one.memory_id))
    said: dict[str, list[_Said]] = {}
    for one in _resolved(known):
        said.setdefault(one.claim.attribute, []).append(one)
    facts = [fact for one in said.values() for fact in _of_attribute(one)]
    return sorted(facts, key=lambda fact: (fact.valid_from, fact.recorded_at))  # else as they were said


def holds(fact: Fact, at: int) -> bool:
    """Whether a fact holds at a moment, or will, as far as anybody said."""
    return fact.valid_to is None or fact.valid_to > at


def _resolved(known: Iterable[Statement]) -> Iterator[_Said]:
    """Every claim with its attribute: a correction has that of the value it corrects, if that was stated before.

    ``known``: in the order they were said.
    """
    latest: dict[str, Claim] = {}
    for statement in known:
        for claim in statement.claims:
            if claim.attribute:
                yield _Said(statement, claim)
                if claim.holds:
                    latest[_key(claim.value)] = claim
                continue
            meant = latest.get(_meant(claim, latest))
            if meant is None or (not claim.holds and meant.category != "relation"):
                continue
            told = meant._replace(value=claim.value, statement=claim.statement, valid_from=None, precision="instant")
            if claim.holds:
                if not meant.only:  # else the new value takes the place of the old one
                    yield _Said(statement, meant._replace(statement=claim.statement, holds=False))
                latest[_key(claim.value)] = told
            yield _Said(statement, told._replace(holds=claim.holds))


def _meant(claim: Claim, latest: Mapping[str, Claim]) -> str:
    """The key of the value that a claim without an attribute is about."""
    if claim.corrects is None:
        return _key(claim.value)
    wrong, right = _key(claim.corrects), _key(claim.value)
    if wrong != right:
        return wrong
    near = [key for key in latest if key != right and SequenceMatcher(None, key, right).ratio() >= _ALIKE]
    return near[-1] if near else right


def begun(fact: Fact, at: int) -> bool:
    """Whether a fact holds already. A plan says from when on it will; anything else has held since it was said."""
    return fact.valid_from <= at or fact.valid_from_precision == "instant"


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


def _same_topic(newer: str, older: str) -> bool:
    """Whether two instructions are about one thing: when to call, which language to speak, what to measure in."""
    topics = _topic(newer), _topic(older)
    return "" not in topics and (topics[0].startswith(topics[1]) or topics[1].startswith(topics[0]))


def _topic(statement: str) -> str:
    """``""``: none that is known. "Only after six" is "not before six"."""
    said = words(statement)
    if not _CALLING.isdisjoint(said):
        edge = next((word for word in said if word in _EDGES), None)
        if edge is not None:
            return f"call {edge if _ONLY.isdisjoint(said) else _EDGES[edge]}"
        return "" if _HOURS.isdisjoint(said) else "call"
    if not LANGUAGES.isdisjoint(said) and not _SPEAKING.isdisjoint(said):
        return "language"
    return "measures" if not MEASURES.isdisjoint(said) else ""


_EDGES = {"before": "after", "after": "before", "between": "outside"}
_ONLY = frozenset({"only", "always"})
_HOURS = frozenset("time times hours".split())
_CALLING = frozenset("call calls ring phone".split())
_SPEAKING = frozenset("speak talk answer reply write respond".split())


def _key(value: str) -> str:
    return " ".join(value.casefold().split())


def _id(statement: Statement, claim: Claim) -> str:
    """The same whenever the same statement states the same."""
    parts = "\x1f".join((statement.memory_id, str(statement.said_at), claim.attribute, _key(claim.value)))
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
