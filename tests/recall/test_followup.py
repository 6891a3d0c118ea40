from __future__ import annotations

import pytest

from tests.recall.helpers import embed, talk, view
from toldonce.recall import analyse, rank
from toldonce.recall.followup import in_context, just_asked

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
    assert in_context("Go ahead", offered) == "Shall I book the Lebanese place again? Go ahead"
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


ASKED, TOLD = ("user", "What does my sister Eva play?"), ("assistant", "Eva plays the cello, I think!")


def test_a_question_asked_right_before_does_not_answer_the_next() -> None:
    exchange = f"{ASKED[1]} — {TOLD[1]}"
    store = view(talk("Ann: My sister Eva plays the cello in Bergen"), talk(f"Ann: {exchange}", session=2, start=2))
    query = analyse(in_context("And where?", [ASKED, TOLD]), store)

    def found(*earlier: tuple[str, str]) -> dict[int, float]:
        ranked = rank(store, query, embed(query.dense_text), limit=2, just_asked=just_asked(earlier))
        return {hit.memory_id: hit.score for hit in ranked}

    assert list(found()) == [2, 1]
    assert list(found(ASKED, TOLD)) == [1, 2]
    assert found(ASKED, TOLD)[1] == found()[1], "nothing answers better because something else was asked"
    assert list(found(ASKED)) == [2, 1], "its answer was not said just now"
    assert list(found(("user", "Eva?"), TOLD)) == [2, 1]


def test_what_counts_as_just_asked() -> None:
    assert len(just_asked([ASKED, TOLD, ("user", "And where?"), ("assistant", "In Bergen.")])) == 2
    assert just_asked([ASKED]) == just_asked([ASKED, ("user", "Hm.")])
    assert just_asked([("user", "My flight leaves at nine, got it?"), ("assistant", "What else?")]) == ()
    assert len(just_asked([ASKED, TOLD] * 50)) == 3, "only the last turns"
