from __future__ import annotations

import pytest

from recollect.recall import analyse, rank
from recollect.recall.followup import in_context
from tests.recall.helpers import embed, talk, view

SKIS = ("user", "Where did I buy my touring skis?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("And how much were they?", "Where did I buy my touring skis?"),
        ("What about the bindings?", "Where did I buy my touring skis? What about the bindings?"),
        ("Why?", "Where did I buy my touring skis?"),
        ("Since when?", "Where did I buy my touring skis?"),
        ("Is it far from there?", "Where did I buy my touring skis? Is it far from there?"),
        ("Which university did my brother choose?", "Which university did my brother choose?"),
        ("Thanks a lot!", "Thanks a lot!"),
    ],
)
def test_what_leans_on_the_turn_before(text: str, expected: str) -> None:
    assert in_context(text, [SKIS, ("assistant", "In Graz.")]) == expected


def test_agreement_goes_with_what_the_assistant_asked() -> None:
    offered = [("user", "I'm hungry"), ("assistant", "I see. Shall I book the Lebanese place again?")]
    assert in_context("Yes please", offered) == "Shall I book the Lebanese place again? Yes please"
    assert in_context("Yes please", [("user", "hi"), ("assistant", "Hello.")]) == "Yes please"


def test_a_chain_of_follow_ups_keeps_its_head() -> None:
    earlier = [SKIS, ("assistant", "In Graz."), ("user", "And what did they cost?"), ("assistant", "Four hundred.")]
    assert in_context("And the bindings?", earlier) == (
        "Where did I buy my touring skis? And what did they cost? And the bindings?"
    )


def test_nothing_before_changes_nothing() -> None:
    assert in_context("And her?", []) == "And her?"


def test_the_first_turns_evidence_is_still_recalled() -> None:
    store = view(
        talk("I finally bought touring skis in Graz", "My brother Timo drills ice cores in Oslo"),
        talk(*(f"Today I repotted plant number {n}" for n in range(20)), session=2, start=10),
    )
    query = analyse(in_context("And the price?", [SKIS, ("assistant", "In Graz.")]), store)
    assert 1 in [hit.memory_id for hit in rank(store, query, embed(query.dense_text), limit=3)]


def test_a_question_asked_right_before_does_not_answer_the_next() -> None:
    fact, asked = (
        "My sister Eva plays the cello in Bergen",
        "What does my sister Eva play? — Eva plays the cello, I think!",
    )
    store = view(talk(fact), talk(asked, session=2, start=2, day=19_510))
    before = ("What does my sister Eva play?", "Eva plays the cello, I think!")
    text = in_context("And where?", [("user", before[0]), ("assistant", before[1])])

    def order(earlier: tuple[str, ...]) -> list[int]:
        query = analyse(text, store, earlier=earlier)
        return [hit.memory_id for hit in rank(store, query, embed(query.dense_text), limit=2)]

    assert order(()) == [2, 1]
    assert order(before) == [1, 2]
    assert order(before[:1]) == [2, 1], "its answer was not said just now"
