"""Facts of a model beside those of rules: each thing is told once, and what one of them knows to be over is over."""

from __future__ import annotations

from typing import Any

from toldonce.remember.facts import Fact
from toldonce.remember.facts.listing import facts_as_of, with_those_of_rules
from toldonce.remember.facts.stored import StoredFact, stored_facts
from toldonce.stores.protocol import FactMemory

UIDS = {1: "one", 2: "two", 3: "three"}


def row(number: int, text: str, **body: Any) -> FactMemory:
    told = {"about": "user", "attribute": "home", "value": text.split()[-1].strip("."), "category": "attribute", **body}
    return FactMemory(100 + number, f"f{number}", text, told, number * 10, number * 10 + 1, None, (number,), False)


def rule(number: int, value: str, **more: Any) -> Fact:
    return Fact(
        f"r{number}",
        "attribute",
        "home",
        value,
        f"I live in {value}.",
        number * 10,
        "instant",
        number * 10,
        evidence=(UIDS[number],),
        **more,
    )


LISBON = row(1, "I live in Lisbon.", superseded_by="f2", superseded_at=25, valid_to=20)
PORTO = row(2, "I settled in Porto.")


def listed(*rows: FactMemory, as_of: int | None = None, rules: tuple[Fact, ...] = ()) -> list[Fact]:
    return with_those_of_rules(facts_as_of(stored_facts(rows), UIDS, as_of), rules)


def test_a_fact_of_both_is_told_once_and_ended_by_what_only_the_model_knows() -> None:
    lisbon, porto = listed(LISBON, PORTO, rules=(rule(1, "Lisbon"),))
    assert (lisbon.id, lisbon.valid_to, lisbon.superseded_at, lisbon.superseded_by) == ("r1", 20, 25, "f2")
    assert (porto.id, porto.superseded_by, porto.evidence) == ("f2", None, ("two",))


def test_what_ended_it_is_named_as_it_is_told() -> None:
    lisbon, porto = listed(LISBON, PORTO, rules=(rule(2, "Porto"),))
    assert (lisbon.superseded_by, porto.id) == ("r2", "r2")
    ended = rule(1, "Lisbon", valid_to=19, superseded_at=22, superseded_by="r9")
    assert listed(LISBON, PORTO, rules=(ended,))[0] == ended, "what the rule knows itself stays"


def test_before_it_was_learned_that_it_ended_it_holds() -> None:
    assert [one.id for one in listed(LISBON, PORTO, as_of=5)] == []
    (lisbon,) = listed(LISBON, PORTO, as_of=12)
    assert (lisbon.valid_to, lisbon.superseded_by) == (None, None)
    assert listed(LISBON, PORTO, as_of=30)[0].superseded_by == "f2"


def test_without_what_took_its_place_it_holds_again() -> None:
    (lisbon,) = listed(LISBON, PORTO._replace(deleted=True))
    assert (lisbon.valid_to, lisbon.superseded_at) == (None, None)


def test_of_another_person_or_other_words_a_rule_says_nothing() -> None:
    mother = row(1, "My mother lives in Lisbon.", about="my mother")
    assert len(listed(mother, rules=(rule(1, "Lisbon"),))) == 2
    assert len(listed(row(1, "I live by the sea."), rules=(rule(1, "Lisbon"),))) == 2
    assert len(listed(row(3, "I live in Lisbon."), rules=(rule(1, "Lisbon"),))) == 2


def test_what_is_odd_in_a_fact_is_told_as_well_as_it_can() -> None:
    (odd,) = listed(FactMemory(9, "f9", "Odd.", {"valid_from": "soon", "category": "mood"}, 7, 8, None, (), False))
    assert (odd.category, odd.valid_from, odd.valid_from_precision, odd.about) == ("attribute", 7, "unknown", "user")
    (event,) = listed(row(1, "I went to Rome.", category="event", valid_from=3, valid_from_precision="year"))
    assert (event.valid_from, event.valid_from_precision) == (3, "year")
    assert isinstance(stored_facts([PORTO])[0], StoredFact)
