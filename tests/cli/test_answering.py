from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from toldonce.cli.answering import Model, TurnRecall, greeting, quote, reply, told


def hit(memory: str, role: str = "user") -> dict[str, Any]:
    return {"memory": memory, "role": role, "said_at": "2026-03-09T20:00:00+00:00"}


def test_the_best_memory_that_can_be_an_answer_is_quoted() -> None:
    hits = [
        hit("Where do I live?"),
        hit("Lovely. Where do you live?", "assistant"),
        hit("In Leith.\nCan you believe it?"),
        hit("I live in Bristol."),
    ]

    assert quote(hits) == "You told me on 9 Mar 2026: “In Leith. Can you believe it?”"
    assert quote([hit("Try Leith.", "assistant")]) == "I told you on 9 Mar 2026: “Try Leith.”"


def test_where_nothing_answers_it_says_so() -> None:
    assert quote([]) == quote(hits=[hit("Where do I live?")]) == "I don't know anything about that yet."


def test_what_is_said_just_now_is_not_told_back() -> None:
    now, earlier = hit("I'm vegan."), hit("I eat no eggs.")
    assert "no eggs" in reply("I'm vegan.", [now, earlier])
    assert reply("I'm vegan.", [now]) == "I'll remember that."
    answer = hit("What do you eat? — only plants")
    assert reply("only plants", [answer]) == "I'll remember that."


def test_what_says_nothing_is_not_said_to_be_remembered() -> None:
    assert reply("hi there", []) == "All right."
    assert reply("My sister is called Ines.", []) == "I'll remember that."


def test_a_turn_that_recalls_nothing_does_not_answer_from_the_turn_before() -> None:
    kept, fresh = hit("I live in Leith."), hit("I run.")
    service = SimpleNamespace(last_recall=[kept])
    recall = TurnRecall(cast(Any, service))
    assert recall.hits() == [kept]

    recall.next_turn()
    service.last_recall = [kept]
    assert recall.hits() == []

    recall.next_turn()
    service.last_recall = [fresh, dict(kept)]
    assert recall.hits() == [fresh, kept]


def test_a_greeting_names_what_the_person_told() -> None:
    memories = [hit("I run."), hit("Do I run?"), hit("You run.", "assistant"), hit("I swim.")]

    assert told(memories) == [memories[0]]
    assert greeting("Ana", told(memories)) == "Hello Ana, good to have you back. You told me:"
    assert greeting("Ana", []) == "Hello Ana. We have not talked before."


def test_the_key_goes_to_openai_and_to_the_address_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-own")
    home = "http://localhost:11434/v1"
    assert Model().key == Model("https://api.openai.com/v1/").key == "sk-own"
    assert Model(home).key == "none"
    monkeypatch.setenv("OPENAI_BASE_URL", home)
    assert Model().key == Model(home).key == "sk-own"
    assert Model("http://localhost:11435/v1").key == "none"
