"""A person at a glance: the facts that hold, what a greeting needs first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from toldonce.remember.facts.ledger import Fact
from toldonce.text.lexicon.people import ONE_AT_A_TIME

Profile: TypeAlias = dict[str, str | list[str]]
"""Attribute -> its value, or its values where a person may have several."""

_FIRST = ("name", "preferred name", "instruction", "home", "occupation", "employer")
_LAST = ("birthday", "phone", "email")
_ONLY_ONE = frozenset(ONE_AT_A_TIME)


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Name, wishes, home and work first, then relatives, pets, diets and allergies, then dates and addresses."""
    return sorted(facts, key=lambda fact: (_place(fact.attribute), fact.attribute, fact.valid_from))


def profile_of(facts: Iterable[Fact]) -> Profile:
    """What the facts say, by attribute, in the order of ``in_order``. ``facts``: those that hold."""
    found: Profile = {}
    for fact in in_order(facts):
        if fact.attribute in _ONLY_ONE:
            found[fact.attribute] = fact.value
        else:
            values = found.setdefault(fact.attribute, [])
            assert isinstance(values, list)
            values.append(fact.value)
    return found


def _place(attribute: str) -> int:
    if attribute in _FIRST:
        return _FIRST.index(attribute)
    kind = attribute.rpartition(" ")[2]  # "work phone" is a phone
    return len(_FIRST) + (1 + _LAST.index(kind) if kind in _LAST else 0)
