"""What a query is about does not depend on how it is asked for."""

from __future__ import annotations

import pytest

from tests.recall.helpers import embed, talk, view
from toldonce.recall import analyse, rank
from toldonce.recall.asking import asked_of


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Do you remember where my cousin lives?", "where my cousin lives?"),
        ("hey, can you please tell me again about the kettle", "the kettle"),
        ("I forgot, when do the seeds go in?", "when do the seeds go in?"),
        ("What do you still know about Tunde?", "Tunde?"),
        ("Where did I park, do you remember?", "Where did I park"),
        ("remind me of the rent", "the rent"),
        ("what did I tell you about my boat?", "my boat?"),
        ("have I ever mentioned a nut allergy", "a nut allergy"),
    ],
)
def test_how_something_is_asked_for_is_left_out(text: str, about: str) -> None:
    assert asked_of(text) == about


@pytest.mark.parametrize(
    "text",
    [
        "Do you remember me?",
        "What do you know about me?",
        "Can you remember what I told you?",
        "What did you tell me about the kettle?",
        "What did I tell my brother about the kettle?",
        "I remember the rent.",
        "Te souviens-tu du loyer ?",
        "",
    ],
)
def test_what_is_about_the_talk_itself_or_asks_nothing_stays(text: str) -> None:
    assert asked_of(text) == text


@pytest.mark.parametrize("asking", ["do you remember the {}?", "tell me about the {}", "can you recall the {}"])
def test_an_earlier_question_in_the_same_words_does_not_come_before_the_answer(asking: str) -> None:
    told = talk("Only when I lift the kettle does my wrist hurt")
    asked = [talk(asking.format(thing), session=n, start=n) for n, thing in enumerate(("chutney", "devil", "stage"), 2)]
    store = view(told, *asked)

    def order(text: str) -> list[int]:
        query = analyse(text, store)
        return [hit.memory_id for hit in rank(store, query, embed(query.dense_text), limit=4) if hit.score >= 0.1]

    assert order(asking.format("kettle"))[0] == 1


@pytest.mark.parametrize("asking", ["do you remember the {}?", "do you know about the {}?"])
def test_a_question_that_was_asked_does_not_come_before_what_is_known(asking: str) -> None:
    told = talk("I've been horrible to everyone all week since the race")
    store = view(
        told, talk(asking.format("horrible"), session=2, start=2), talk("Is the race horrible?", session=3, start=3)
    )
    for text in ("horrible", asking.format("horrible")):
        query = analyse(text, store)
        found = [hit.memory_id for hit in rank(store, query, embed(query.dense_text), limit=3)]
        assert found.index(1) < found.index(2), text
        assert found.index(3) < found.index(2), "a question with news is no repeat"
