from __future__ import annotations

import pytest
from bench.smalltalk import LONGER, UTTERANCES

from tests.recall.helpers import talk, view
from toldonce.index.ram import OwnerIndex
from toldonce.recall import analyse

STORE = view(talk("Ana: I finally bought touring skis in Graz", "Bo: Nice! How much were they?"))


def test_small_talk_wants_nothing() -> None:
    wanting = [text for text in UTTERANCES + LONGER if analyse(text, STORE).intent.strength > 0.25]
    assert len(wanting) <= 2, wanting


@pytest.mark.parametrize(
    "text",
    [
        "Where did Ana buy her skis?",
        "What's my dog called?",
        "Do you remember my sister's birthday?",
        "remind me what I ordered",
        "allergies",
        "favourite restaurant Graz",
        "How many people came to the party?",
        "And where was that, in which town?",
        "What did I do last weekend?",
        "Who am I?",
        "¿Dónde vive mi hermana?",
        "I'd like to book a table for my mother's birthday dinner in Graz",
    ],
)
def test_questions_and_plans_do(text: str) -> None:
    assert analyse(text, STORE).intent.strength >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "my skis?",
        "our touring skis",
        "price of the skis in Graz",
        "which skis did you recommend?",
        "thanks, and what was the shop in Graz?",
    ],
)
def test_fragments_and_polite_questions_do_where_the_store_speaks_of_it(text: str) -> None:
    assert analyse(text, STORE).intent.strength == 1.0
    assert analyse(text, OwnerIndex().view()).intent.strength < 1.0


@pytest.mark.parametrize("text", ["bummer", "blimey", "carry on", "cancel that", "of course", "what a shame"])
def test_a_word_nobody_said_finds_only_what_means_the_same(text: str) -> None:
    wanted = analyse(text, STORE).intent
    assert not wanted.grounded or wanted.strength < 0.1


def test_an_empty_store_can_be_asked() -> None:
    assert analyse("Where are my skis?", OwnerIndex().view()).intent.strength == 1.0
