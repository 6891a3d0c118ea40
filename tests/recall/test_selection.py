"""From a ranking to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recollect.recall import Scored, select
from recollect.types import MemoryRecord


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


def shown(*records: MemoryRecord, limit: int = 10, token_budget: int | None = None) -> list[str]:
    by_id = dict(enumerate(records))
    ranked = [Scored(number, 1 - number / 100) for number in by_id]

    def fetch(ids: Sequence[int]) -> dict[int, MemoryRecord]:
        return {number: by_id[number] for number in ids}

    hits = select(ranked, fetch, limit=limit, token_budget=token_budget)
    scores = [hit.scored.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    return [hit.record.text for hit in hits]


DENTIST = "Please remember that my dentist in Leith is called Doctor Abara."


def test_what_says_the_same_is_shown_once() -> None:
    twins = [record(f"My dentist is called Doctor Abara{end}") for end in ("", ".", "!", " please")]
    assert shown(*twins, record("Biscuit is a beagle from the shelter")) == [
        "My dentist is called Doctor Abara",
        "Biscuit is a beagle from the shelter",
    ]


def test_the_persons_words_come_before_the_assistants_echo() -> None:
    echo = record("Your dentist is called Doctor Abara.", role="assistant")
    other = record("I see the dentist next Friday at nine")
    assert shown(echo, other, record(DENTIST)) == [DENTIST, other.text]
    assert shown(record(DENTIST), echo, other) == [DENTIST, other.text]


def test_a_named_speaker_is_nobodys_echo() -> None:
    ben = record("Your dentist is called Doctor Abara.", role="assistant", actor_id="Ben")
    assert shown(ben, record(DENTIST)) == [ben.text, DENTIST]


def test_fifty_sessions_asking_the_same_do_not_bury_the_answer() -> None:
    asked = [record(f"What is my dentist called{'?' * (n % 3 + 1)}") for n in range(50)]
    told = [
        record(f"Your dentist is called Doctor Abara, {['Maya', 'dear', 'of course'][n % 3]}.", role="assistant")
        for n in range(50)
    ]
    found = shown(*asked, *told, record(DENTIST), limit=10)
    assert DENTIST in found[:3]
    assert sum(text.startswith("Your dentist") for text in found) <= 1


def test_short_memories_are_the_same_only_word_for_word() -> None:
    assert shown(record("I love tea"), record("I love coffee"), record("i love tea")) == ["I love tea", "I love coffee"]


def test_a_budget_takes_the_best_that_fit() -> None:
    long = record("a very long story about the harbour " * 10)
    assert shown(record("Biscuit is a beagle"), long, record("Leila lives in Porto"), token_budget=12) == [
        "Biscuit is a beagle",
        "Leila lives in Porto",
    ]


@given(st.lists(st.text("ab ", min_size=1, max_size=60), max_size=12), st.integers(1, 40))
def test_a_budget_is_never_exceeded(texts: list[str], budget: int) -> None:
    assert sum(-(-len(text) // 4) for text in shown(*map(record, texts), token_budget=budget)) <= budget


def test_what_was_deleted_meanwhile_is_passed_over() -> None:
    hits = select([Scored(1, 0.9), Scored(2, 0.8)], lambda ids: {2: record("tea")} if 2 in ids else {}, limit=1)
    assert [hit.record.text for hit in hits] == ["tea"]
