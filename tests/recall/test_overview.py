from __future__ import annotations

from dataclasses import replace

import pytest

from tests.recall.helpers import DAY, embed, talk, view
from toldonce.recall import analyse, rank
from toldonce.recall.overview import ONGOING, Overview, overview
from toldonce.text.dates import period
from toldonce.text.tokens import words

STORE = view(
    talk("I am a baker", "What do you bake?", "Mostly rye bread", day=19_500),
    talk("My sister moved to Oslo", "She studies glaciers", session=2, start=4, day=19_510),
)


def asked(text: str, now: int = 19_520 * DAY) -> list[int]:
    query = analyse(text, STORE, now)
    return [hit.memory_id for hit in rank(STORE, query, embed(query.dense_text), limit=5) if hit.score >= 0.1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What do you know about me?", Overview.PERSON),
        ("Tell me all you know of me.", Overview.PERSON),
        ("What do you know?", Overview.PERSON),
        ("Who am I?", Overview.PERSON),
        ("What did we talk about last time?", Overview.SESSION),
        ("what were we discussing in our previous conversation", Overview.SESSION),
        ("What was the last thing I told you?", Overview.STATEMENT),
        ("What did I just say?", Overview.STATEMENT),
        *(("do you remember me", Overview.PERSON), ("Summarise me.", Overview.PERSON)),
        *(("What have you learned about me so far?", Overview.PERSON), ("What's in your memory?", Overview.PERSON)),
        *(("give me a summary of what I've told you", Overview.PERSON), ("Who am I to you?", Overview.PERSON)),
        *(("what did we talk about", Overview.SESSION), ("Pick up where we left off", Overview.SESSION)),
        *(("Recap our last chat.", Overview.SESSION), ("when did we last speak", Overview.SESSION)),
        *(("What did I tell you?", Overview.STATEMENT), ("repeat what I said", Overview.STATEMENT)),
        *(
            ("Sorry, what did you say?", None),
            ("as I told you", None),
            ("tell me more", None),
            ("remind me later", None),
        ),
        ("What do you know about me and my brother's boat?", None),
        ("What did we say about the boat last time?", None),
        ("What was the last thing I told you about Oslo?", None),
        ("Where is my boat?", None),
    ],
)
def test_only_a_question_that_names_nothing_is_about_the_talk(text: str, kind: Overview | None) -> None:
    assert overview(text, words(text)) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What did I tell you on Monday?", Overview.TIME),
        ("what happened last week", Overview.TIME),
        ("What did we discuss yesterday?", Overview.TIME),
        ("Anything new lately?", Overview.TIME),
        ("What did I bake on Monday?", None),
        ("What do I do on Mondays?", None),
        ("See you on Monday", None),
    ],
)
def test_a_question_may_name_nothing_but_a_time(text: str, kind: Overview | None) -> None:
    assert overview(text, words(text), period(text, 19_520 * DAY)) is kind


def test_what_was_said_at_the_time_comes_first() -> None:
    assert set(asked("What did I tell you ten days ago?")[:2]) == {4, 5}
    assert set(asked("What did I tell you twenty days ago?")[:2]) == {1, 3}


def test_last_time_is_the_latest_session_and_nothing_else() -> None:
    assert set(asked("What did we talk about last time?")) == {4, 5}


def test_a_session_that_goes_on_is_not_last_time() -> None:
    now = 19_510 * DAY + ONGOING // 2
    assert set(asked("What did we talk about last time?", now)) == {1, 2, 3}


def test_the_last_thing_said_comes_first() -> None:
    assert asked("What was the last thing I told you?")[:2] == [5, 4]


def test_statements_come_before_questions_for_who_the_person_is() -> None:
    hits = rank(STORE, analyse("What do you know about me?", STORE), embed("x"), limit=5)
    assert [hit.memory_id for hit in hits][-1] == 2


def test_what_a_person_says_of_themselves_comes_first_for_who_they_are() -> None:
    store = view(
        talk("You never know what you get told"),
        talk("I teach chess", session=2, start=2),
        talk("It rained all day", session=3, start=3),
    )
    query = analyse("What do you know about me?", store)
    assert not len(query.terms), "knowing is nothing to look for"
    vector = embed("know told told whatever")
    assert rank(store, query, vector, limit=3)[0].memory_id == 2
    assert rank(store, replace(query, overview=None), vector, limit=3)[0].memory_id == 1, "which the question is like"
