from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.recall.helpers import talk, view
from toldonce.index.ram import RamView
from toldonce.recall import analyse, rank
from toldonce.recall.asked_for import asks_of_the_past
from toldonce.types import IndexRow

DIMENSIONS = 16
ASKED = np.eye(DIMENSIONS, dtype=np.float32)[0]


def along(share: float, topic: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Like the query by ``share``, and like what else has ``topic``."""
    found = np.zeros(DIMENSIONS, np.float32)
    found[:3] = share, topic, max(1 - share**2 - topic**2, 0) ** 0.5
    return found


def crowd() -> list[list[IndexRow]]:
    """Memories of other things."""
    return [said(f"other{n} matter{n}", n, np.eye(DIMENSIONS, dtype=np.float32)[n]) for n in range(3, 12)]


def said(text: str, number: int, vector: np.ndarray[Any, np.dtype[np.float32]], **fields: Any) -> list[IndexRow]:
    """One memory in a session of its own, on a day of its own."""
    given: dict[str, Any] = {"session": number, "day": 19_500 + number} | fields
    return [row._replace(vector=vector) for row in talk(text, start=number, **given)]


def store(later: str, topic: float = 0.7, **fields: Any) -> RamView:
    """How it was (1), what came later (2), and others that have to do with neither."""
    was = said("Choir meets upstairs", 1, along(0.6, 0.7))
    return view(was, said(later, 2, along(0.5, topic), **fields), *crowd())


def order(found: RamView, text: str = "Where does choir meet?") -> list[int]:
    return [hit.memory_id for hit in rank(found, analyse(text, found), ASKED, limit=2, unrelated=0.0)]


@pytest.mark.parametrize(
    "change",
    [
        "Choir is downstairs now",
        "Choir meets downstairs instead",
        "They moved choir downstairs",
        "Our new choir room is downstairs",
        "Choir is not upstairs any more",
    ],
)
def test_what_says_that_it_changed_comes_before_how_it_was(change: str) -> None:
    assert order(store("Choir is downstairs on a bench")) == [1, 2], "what says no change has its own place"
    assert order(store(change)) == [2, 1]


def test_an_answer_to_a_question_about_a_change_is_one() -> None:
    asked, told = talk("And how is it now?", "Choir is downstairs", start=20, session=20, day=19_600)
    was = said("Choir meets upstairs", 1, along(0.6, 0.7))
    rows = [asked._replace(vector=along(0, 0), role="assistant"), told._replace(vector=along(0.5, 0.7))]
    assert order(view(was, rows, *crowd())) == [21, 1]
    plain = [rows[0]._replace(tokens=talk("And how is it?")[0].tokens), rows[1]]
    assert order(view(was, plain, *crowd())) == [1, 21]


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        (-0.7, {}),
        (0.7, {"session": 1}),
        (0.7, {"day": 19_400}),
        (0.7, {"actor_id": "Bo"}),
        (0.7, {"role": "assistant"}),
    ],
    ids=["about something else", "in the same session", "said before", "by another", "by the assistant"],
)
def test_nothing_else_passes_it(topic: float, fields: dict[str, Any]) -> None:
    assert order(store("Choir is downstairs now"))[0] == 2, "it would, if nothing were against it"
    assert order(store("Choir is downstairs now", topic, **fields))[0] == 1


def test_nothing_passes_where_the_past_is_asked_about() -> None:
    changed = store("Choir is downstairs now")
    assert order(changed, "Where did choir meet?") == [1, 2]
    assert order(changed, "Where did choir meet in the end?") == [2, 1]


def test_a_change_without_a_vector_passes_nothing() -> None:
    was = said("Choir meets upstairs", 1, along(0.6, 0.7))
    rows = [row._replace(vector=None) for row in said("It is downstairs now", 2, along(0.5, 0.7))]
    assert order(view(was, rows, *crowd()))[0] == 1


@pytest.mark.parametrize(
    ("text", "past"),
    [
        ("Where do I live?", False),
        ("Where do I live these days?", False),
        ("What was the first price?", True),
        ("Where did I live before?", True),
        ("When was the exam finally held?", False),
    ],
)
def test_whether_the_past_is_asked_about(text: str, past: bool) -> None:
    assert asks_of_the_past(text) is past
