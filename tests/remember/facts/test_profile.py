"""A person at a glance: what a greeting needs comes first, several values stand in a list."""

from __future__ import annotations

from toldonce.remember.facts import Statement, claims, facts_of, holds, in_order, profile_of

NOW = 1_700_000_000_000_000


def known(*texts: str) -> list[Statement]:
    return [Statement(f"m{n}", NOW + n, NOW + n, tuple(claims(text, NOW + n))) for n, text in enumerate(texts)]


def test_what_a_greeting_needs_comes_first() -> None:
    facts = facts_of(
        known(
            "My email is ana@example.org.",
            "I'm allergic to peanuts and latex.",
            "My birthday is on May 6th.",
            "My sister is called Rita.",
            "My work number is 555-010-022.",
            "I work as a nurse.",
            "Never call me before nine.",
            "I live in Porto.",
            "My name is Ana.",
            "My dog is called Rex.",
            "Always use metric units.",
        )
    )
    assert list(profile_of(facts).items()) == [
        ("name", "Ana"),
        ("instruction", ["Never call me before nine", "Always use metric units"]),
        ("home", "Porto"),
        ("occupation", "nurse"),
        ("allergy", ["peanuts", "latex"]),
        ("dog", ["Rex"]),
        ("sister", ["Rita"]),
        ("birthday", "6 May"),
        ("work phone", "555-010-022"),
        ("email", "ana@example.org"),
    ]
    assert [fact.attribute for fact in in_order(facts)][:2] == ["name", "instruction"]


def test_one_value_of_what_a_person_has_one_of() -> None:
    facts = facts_of(known("I live in Porto.", "We've moved to Braga.", "My wife is called Ines."))
    assert profile_of(fact for fact in facts if holds(fact, NOW + 9)) == {"home": "Braga", "wife": "Ines"}


def test_nobody_has_an_empty_profile() -> None:
    assert profile_of([]) == {}
