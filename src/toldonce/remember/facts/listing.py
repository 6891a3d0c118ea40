"""Facts that a model read beside those that rules read, told in one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from toldonce.remember.facts.claim import Category, Precision
from toldonce.remember.facts.ledger import Fact
from toldonce.remember.facts.stored import CATEGORIES, StoredFact
from toldonce.remember.facts.words import content

_PRECISE = ("day", "month", "year", "range")


def facts_as_of(stored: Iterable[StoredFact], uids: Mapping[int, str], as_of: int | None) -> list[Fact]:
    """Stored facts as they stood at a moment; None: now. ``uids``: of the memories that prove them, by id."""
    return [_fact(fact, uids, as_of) for fact in stored if as_of is None or fact.recorded_at <= as_of]


def with_those_of_rules(read: Sequence[Fact], ruled: Sequence[Fact]) -> list[Fact]:
    """All of them, in the order they begin to hold. What a rule read too is told once, as the rule has it.

    Where only the model knows that something took its place, that is told with it.
    """
    twins = {fact.id: rule for fact in read for rule in ruled if _says(rule, fact)}
    ended = {rule.id: fact for fact in read if (rule := twins.get(fact.id)) is not None and fact.superseded_by}
    told = [fact for fact in read if fact.id not in twins]
    for rule in ruled:
        fact = ended.get(rule.id)
        if fact is not None and rule.superseded_at is None:
            rule = replace(
                rule, valid_to=fact.valid_to, superseded_at=fact.superseded_at, superseded_by=fact.superseded_by
            )
        told.append(rule)
    renamed = [
        replace(fact, superseded_by=twins[fact.superseded_by].id) if fact.superseded_by in twins else fact
        for fact in told
    ]
    return sorted(renamed, key=lambda fact: (fact.valid_from, fact.recorded_at))


def _says(rule: Fact, fact: Fact) -> bool:
    """Whether both were read from the same words: the rule's value stands in what the model read."""
    if set(rule.evidence).isdisjoint(fact.evidence) or fact.about != rule.about:
        return False
    return content(rule.value) <= content(f"{fact.statement} {fact.value}")


def _fact(stored: StoredFact, uids: Mapping[int, str], as_of: int | None) -> Fact:
    begins = stored.time("valid_from")
    precision = str(stored.body.get("valid_from_precision", ""))
    lasting = stored.category in ("attribute", "preference", "relation", "instruction")
    fact = Fact(
        id=stored.uid,
        category=cast(Category, stored.category if stored.category in CATEGORIES else "attribute"),
        attribute=stored.attribute,
        value=stored.value,
        statement=stored.text,
        valid_from=stored.said_at if begins is None else begins,
        valid_from_precision=cast(
            Precision, precision if precision in _PRECISE else "instant" if lasting else "unknown"
        ),
        recorded_at=stored.recorded_at,
        valid_to=stored.time("valid_to"),
        evidence=tuple(uids[one] for one in stored.evidence if one in uids),
        extractor=str(stored.body.get("extractor", "")),
        about=stored.about,
    )
    ended = stored.time("superseded_at")
    if stored.superseded and ended is not None and (as_of is None or ended <= as_of):
        return replace(fact, superseded_at=ended, superseded_by=str(stored.body["superseded_by"]))
    return fact if not stored.superseded and "superseded_by" not in stored.body else replace(fact, valid_to=None)
