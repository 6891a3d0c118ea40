"""From a ranking to what is shown."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from toldonce.recall import Scored, fitting, hits
from toldonce.recall.passages import LONG, PASSAGE, passage_for
from toldonce.types import MemoryRecord


def record(text: str, **fields: Any) -> MemoryRecord:
    known: dict[str, Any] = {
        "id": text,
        "text": text,
        "user_id": "ann",
        "agent_id": None,
        "app_id": None,
        "run_id": None,
        "run_ids": (),
        "role": "user",
        "actor_id": None,
        "created_at": 0,
        "updated_at": 0,
        "said_at": 0,
        "sayings": 1,
        "expires_on": None,
    }
    return MemoryRecord(**(known | fields))


def shown(*texts: str, token_budget: int) -> list[str]:
    records = {number: record(text) for number, text in enumerate(texts)}
    ranked = [Scored(number, 1 - number / 100) for number in records]
    return [hit.record.text for hit in fitting(hits(ranked, records, "harbour"), token_budget)]


def test_a_budget_takes_the_best_that_fit() -> None:
    long = "a very long story about the harbour " * 10
    assert shown("Biscuit is a beagle", long, "Leila lives in Porto", token_budget=12) == [
        "Biscuit is a beagle",
        "Leila lives in Porto",
    ]


@given(st.lists(st.text("ab ", min_size=1, max_size=60), max_size=12), st.integers(1, 40))
def test_a_budget_is_never_exceeded(texts: list[str], budget: int) -> None:
    assert sum(-(-len(text) // 4) for text in shown(*texts, token_budget=budget)) <= budget


def test_what_was_deleted_meanwhile_is_passed_over() -> None:
    found = hits([Scored(1, 0.9), Scored(2, 0.8)], {2: record("tea")}, "tea")
    assert [hit.record.text for hit in found] == ["tea"]


STORY = " ".join(f"Sentence number {n} says something about topic{n} in ten words." for n in range(60))


def test_a_long_memory_has_the_passage_that_was_asked_for() -> None:
    passage = passage_for(STORY, "What was said about topic41 and topic42?")
    assert passage is not None
    assert "topic41" in passage
    assert "topic42" in passage
    assert passage in STORY
    assert len(passage.split()) <= PASSAGE < LONG


def test_a_short_memory_has_none() -> None:
    assert passage_for("Biscuit is a beagle. " * 10, "beagle") is None


def test_a_sentence_longer_than_a_passage_is_one() -> None:
    assert passage_for("word " * 300, "word") == ("word " * 300).strip()


def test_a_passage_is_what_a_budget_pays_for() -> None:
    assert shown(STORY, token_budget=len(STORY) // 4 // 2) == [STORY]
