from __future__ import annotations

import pytest

from toldonce.text.keys import LONGEST_CONTEXT, indexed_tokens, key_text
from toldonce.text.tokens import ASKED_OF_YOU, HOLDS, QUESTION, STOP_IDS, token_id, token_ids

MAY_8_2023 = 1_683_504_000_000_000


def test_a_memory_is_keyed_with_what_was_said_before_it() -> None:
    assert key_text("Two years.", "Ana", "How long have you lived there?", "Bo") == (
        "Ana: Two years.\nBo: How long have you lived there?"
    )
    assert key_text("Two years.", None, None, None) == "Two years."
    assert key_text("Two years.", "user", "How long?", "assistant") == "Two years.\nHow long?"


def test_a_long_message_before_it_is_left_out() -> None:
    assert key_text("Thanks.", None, "word " * LONGEST_CONTEXT, None).count("word") == LONGEST_CONTEXT
    assert key_text("Thanks.", None, "word " * (LONGEST_CONTEXT + 1), None) == "Thanks."


def test_a_memory_is_found_by_speaker_words_and_day() -> None:
    found = set(indexed_tokens("I bought skis", "Ana", MAY_8_2023).tolist())
    assert set(token_ids(["ana", "bought", "ski", "8", "may", "2023"]).tolist()) <= found


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("How was your trip?", {QUESTION, ASKED_OF_YOU}),
        ("Can you help me with my taxes?", {QUESTION}),
        ("It was lovely.", set()),
        ("¿Dónde está la casa de Ana y los bancos?", {QUESTION}),
        ("元気ですか？", {QUESTION}),
    ],
)
def test_questions_are_marked(text: str, marks: set[str]) -> None:
    found = set(indexed_tokens(text, None, MAY_8_2023).tolist())
    assert {mark for mark in (QUESTION, ASKED_OF_YOU) if token_id(mark) in found} == marks


def test_what_a_memory_holds_is_marked_and_no_word_of_it() -> None:
    found = set(indexed_tokens("We pay 80 now, but never on Fridays", None, MAY_8_2023).tolist())
    marks = {kind.name for kind, mark in HOLDS.items() if token_id(mark) in found}
    assert marks == {"NUMBER", "LIMIT", "CHANGE"}
    assert {token_id(mark) for mark in HOLDS.values()} <= set(STOP_IDS.tolist())
