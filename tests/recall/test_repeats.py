"""A question is not its answer, and "I do not know" is none either."""

from __future__ import annotations

import numpy as np
import pytest

from tests.recall.helpers import embed, talk, view
from toldonce.recall import Scored, analyse, rank
from toldonce.recall.repeats import knows_nothing
from toldonce.types import IndexRow

FACT = talk("Our new puppy is a beagle, a dog named Waffles")


def exchange(question: str, reply: str, session: int, start: int) -> list[IndexRow]:
    """A question and an assistant's reply to it."""
    first, second = talk(question, reply, session=session, start=start)
    return [first, second._replace(role="assistant")]


def ask(text: str, *sessions: list[IndexRow]) -> list[Scored]:
    store = view(FACT, *sessions)
    query = analyse(text, store)
    return [hit for hit in rank(store, query, embed(query.dense_text), limit=10) if hit.score >= 0.1]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "reply", ["Sorry, I do not know that.", "I don't have any information about your dog's name.", "I have no idea!"]
)
def test_asking_in_vain_leaves_the_answer_where_it_was(times: int, reply: str) -> None:
    question = "What is the name of my dog?"
    before = ask(question)
    assert [hit.memory_id for hit in before] == [1]
    vain = [exchange(question, reply, session=2 + n, start=2 + 2 * n) for n in range(times)]
    assert [hit.memory_id for hit in ask(question, *vain)] == [1]


def test_a_reply_that_tells_something_stays() -> None:
    told = exchange("What is the name of my dog?", "I do not know, but Doctor Berg treats a dog of yours", 2, 2)
    assert 3 in [hit.memory_id for hit in ask("Which doctor treats my dog?", told)]


def test_what_answered_an_earlier_asking_comes_first() -> None:
    told = exchange("When does the ferry leave?", "At a quarter past nine from pier two", 2, 2)
    other = talk("I like the ferry to Bergen", session=3, start=4)
    assert ask("When does the ferry leave?", told, other)[0].memory_id == 3


@pytest.mark.parametrize("query", ["dentist", "Is the dentist still on?", "the dentist please"])
def test_what_answers_a_counter_question_answers_the_question(query: str) -> None:
    def told_after(subject: str) -> dict[int, float]:
        lines = f"Is the {subject} still on?", f"No {subject} noted, when is it?", "Tuesday, Mill Road", "Great"
        asked, back, told, thanked = talk(*lines, session=2, start=2)
        exchanged = [asked, back._replace(role="assistant"), told, thanked._replace(role="assistant")]
        return {hit.memory_id: hit.score for hit in ask(query, exchanged)}

    found = told_after("dentist")
    assert max(found, key=found.__getitem__) == 4
    assert found[4] > 0.3
    assert told_after("ferry").get(4, 0.0) < 0.2


def test_a_remark_of_an_assistant_borrows_no_words_of_the_statement() -> None:
    told = exchange("The cabin wifi is called heron", "Okay, stored", session=2, start=2)
    known = [row._replace(vector=np.zeros_like(row.vector)) for row in told]
    found = {hit.memory_id: hit.words for hit in ask("cabin wifi", known)}
    assert found[2] > 0.5
    assert found.get(3, 0.0) == 0.0
    answered = {hit.memory_id: hit.words for hit in ask("Did you say cabin wifi?", known)}
    assert answered[3] > 0.0, "what the assistant said is asked about"


def test_an_echo_gives_its_place_to_the_statement() -> None:
    told = exchange("What is the name of my dog?", "It is named Waffles", 2, 2)
    found = ask("What is the name of my dog?", told)
    assert found[0].memory_id == 1
    assert 3 not in [hit.memory_id for hit in found]


def test_a_question_with_news_is_no_repeat() -> None:
    asked = talk("Can you book a restaurant for my mother's birthday on the fourth of June?", session=2, start=2)
    assert ask("When is my mother's birthday?", asked)[0].memory_id == 2


@pytest.mark.parametrize("answer", ["no", "Yes.", "Nein", "two"])
def test_a_question_kept_with_its_answer_is_no_question(answer: str) -> None:
    questions = ("And is there parking?", "Do you smoke?", "Okay, and are you married?")
    store = view(*(talk(q, f"{q} — {answer}", session=n, start=2 * n) for n, q in enumerate(questions, 1)))
    for place, text in enumerate(("is there parking", "do I smoke", "am I married"), 1):
        found = rank(store, analyse(text, store), embed(text), limit=1)
        assert (found[0].memory_id, found[0].score > 0.3) == (2 * place + 1, True), text


@pytest.mark.parametrize("question", ["do you know my dog's name", "what's my dog called", "and what is my dog's name"])
def test_a_question_without_a_mark_is_no_answer_to_the_next(question: str) -> None:
    vain = exchange(question, "Sorry, I do not know that.", 2, 2)
    assert [hit.memory_id for hit in ask("what is my dog's name", vain)][:1] == [1]


@pytest.mark.parametrize("told", ["When I was young my dog was named Rex", "What I call my dog is Rex"])
def test_a_statement_may_begin_like_a_question(told: str) -> None:
    assert not view(talk(told)).questions[0]
    assert view(talk("what is my dog called")).questions[0]


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("¿Cuál es el teléfono de mi contador?", "Lo siento, no lo sé."),
        ("Wann ist mein Zahnarzttermin?", "Das weiß ich leider nicht."),
        ("Où est mon passeport ?", "Désolé, je n'ai pas cette information."),
        ("Qual é o meu código?", "Desculpe, não sei."),
        ("Когда мой рейс?", "К сожалению, я не знаю."),
        ("我的航班是几点？", "对不起，我不知道。"),
        ("私の鍵はどこですか？", "すみません、わかりません。"),
        ("Dove sono le chiavi?", "Mi dispiace, non lo so."),
        ("내 열쇠 어디 있어?", "죄송합니다, 모르겠습니다."),
    ],
)
def test_replies_that_know_nothing_say_nothing_in_any_language(asked: str, reply: str) -> None:
    rows = exchange(asked, f"{asked} — {reply}", 1, 1)
    assert knows_nothing(view(rows), np.array([0, 1])).tolist() == [1]


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("¿Viene Ana?", "No, lo siento, el martes no."),
        ("Kommt Anna am Montag?", "Leider nicht."),
        ("Was trinkt Anna nicht?", "Das weiß ich: keinen Kaffee, keinen Wein."),
        ("Quem não vem?", "Não sei do João, a Inês e a Rita não vêm."),
    ],
)
def test_replies_that_deny_something_else_are_answers(asked: str, reply: str) -> None:
    rows = exchange(asked, f"{asked} — {reply}", 1, 1)
    assert not len(knows_nothing(view(rows), np.array([0, 1])))
