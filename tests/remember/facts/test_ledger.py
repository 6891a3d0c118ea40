"""What holds, as of when, and what took whose place: held against a plain model."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from toldonce.remember.facts import Claim, Fact, Statement, claims, facts_of, holds

PLACES = ["Porto", "Braga", "Faro"]


def said(number: int, at: int, recorded: int, value: str, *, only: bool = True, stands: bool = True) -> Statement:
    attribute = "home" if only else "allergy"
    claim = Claim("attribute", attribute, value, f"I live in {value}.", only, stands)
    return Statement(f"m{number}", at, recorded, (claim,))


statements = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(PLACES), st.booleans(), st.booleans()), max_size=8
).map(
    lambda drawn: [
        said(number, at, recorded, value, only=only, stands=stands)
        for number, (at, recorded, value, only, stands) in enumerate(drawn)
    ]
)


def held(found: list[Fact]) -> set[tuple[str, str]]:
    return {(fact.attribute, fact.value) for fact in found if fact.valid_to is None}


def model(known: list[Statement]) -> set[tuple[str, str]]:
    """What holds after hearing everything in the order it was said."""
    standing: set[tuple[str, str]] = set()
    for statement in sorted(known, key=lambda one: (one.said_at, one.recorded_at, one.memory_id)):
        [claim] = statement.claims
        this = (claim.attribute, claim.value)
        if not claim.holds:
            standing.discard(this)
        else:
            if claim.only:
                standing = {other for other in standing if other[0] != claim.attribute}
            standing.add(this)
    return standing


@settings(max_examples=500, deadline=None)
@given(statements, st.integers(0, 9), st.randoms(use_true_random=False))
def test_as_of_any_moment_the_latest_said_holds(drawn: list[Statement], as_of: int, order: Random) -> None:
    known = [one for one in drawn if one.recorded_at <= as_of]
    shuffled = list(drawn)
    order.shuffle(shuffled)
    found = facts_of(shuffled, as_of)
    assert held(found) == model(known)
    assert found == facts_of(known)
    assert held(facts_of(drawn)) == model(drawn)


@settings(max_examples=500, deadline=None)
@given(statements)
def test_links_and_times_agree(drawn: list[Statement]) -> None:
    found = {fact.id: fact for fact in facts_of(drawn)}
    for fact in found.values():
        assert fact.evidence
        assert (fact.valid_to is None) == (fact.superseded_at is None)
        if fact.valid_to is not None and fact.superseded_at is not None:
            assert fact.valid_to >= fact.valid_from
            assert fact.superseded_at >= fact.recorded_at
        if fact.superseded_by is not None:
            successor = found[fact.superseded_by]
            assert successor.attribute == fact.attribute
            assert successor.value != fact.value
            assert fact.valid_to == max(successor.valid_from, fact.valid_from)


def test_a_move_is_recorded_with_both_its_times() -> None:
    old, new = facts_of([said(1, 10, 100, "Porto"), said(2, 20, 200, "Braga")])
    assert (old.value, old.valid_from, old.valid_to, old.recorded_at, old.superseded_at) == ("Porto", 10, 20, 100, 200)
    assert old.superseded_by == new.id
    assert new.valid_to is None
    assert holds(new, 10**6)
    assert not holds(old, 20)


def test_what_is_recorded_late_takes_its_place_in_the_past() -> None:
    first, between, last = facts_of([said(1, 10, 100, "Porto"), said(3, 30, 200, "Faro"), said(2, 20, 300, "Braga")])
    assert [first.value, between.value, last.value] == ["Porto", "Braga", "Faro"]
    assert first.superseded_by == between.id
    assert first.superseded_at == 200  # when "Faro" was heard
    assert between.superseded_at == 300
    assert last.valid_to is None


def test_the_same_said_again_is_more_evidence() -> None:
    [fact] = facts_of([said(1, 10, 100, "Porto"), said(2, 20, 200, "porto")])
    assert fact.evidence == ("m1", "m2")
    assert fact.valid_from == 10


def test_a_denial_ends_what_it_names_and_nothing_else() -> None:
    nuts, milk = said(1, 10, 10, "nuts", only=False), said(2, 11, 11, "milk", only=False)
    found = facts_of([nuts, milk, said(3, 20, 20, "nuts", only=False, stands=False)])
    assert {fact.value: fact.valid_to for fact in found} == {"nuts": 20, "milk": None}
    assert [fact.superseded_by for fact in found] == [None, None]


def told(*texts: str) -> dict[str, bool]:
    """By value: whether it holds after the texts, said one after the other."""
    statements = [Statement(f"m{n}", n, n, tuple(claims(text, n))) for n, text in enumerate(texts)]
    return {fact.value: fact.valid_to is None for fact in facts_of(statements)}


def test_an_instruction_takes_the_place_of_one_about_the_same_thing() -> None:
    assert told("Never call me before nine.", "No calls before eight.", "Never call me after ten.") == {
        "Never call me before nine": False,
        "No calls before eight": True,
        "Never call me after ten": True,
    }
    assert told(
        "Only call me after six.", "Don't call me Bob.", "No calls after ten.", "Never call me before seven."
    ) == {
        "Only call me after six": False,
        "Don't call me Bob": True,
        "No calls after ten": True,
        "Never call me before seven": True,
    }
    assert told("Always answer in Spanish.", "Speak English with me.", "Don't mention my ex.", "Use metric units.") == {
        "Always answer in Spanish": False,
        "Speak English with me": True,
        "Don't mention my ex": True,
        "Use metric units": True,
    }


def test_of_diets_that_exclude_each_other_the_last_holds() -> None:
    assert told("I'm vegetarian.", "I'm diabetic.", "I've gone vegan.") == {
        "vegetarian": False,
        "diabetic": True,
        "vegan": True,
    }


def test_a_correction_of_one_of_several_ends_the_wrong_one() -> None:
    assert told("I'm allergic to peanuts and latex.", "It's pistachios, not peanuts.") == {
        "peanuts": False,
        "latex": True,
        "pistachios": True,
    }


def test_who_left_is_a_friend_no_more() -> None:
    assert told("My assistant Bethan drives.", "My dog Rex barks.", "Bethan's leaving me.", "Rex is leaving hair.") == {
        "Bethan": False,
        "Rex": True,
    }


def test_a_correction_of_what_nobody_stated_changes_nothing() -> None:
    assert told("I live in Porto.", "It's tea, not coffee.", "No, Lena with an e.") == {"Porto": True}
