from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.recall.helpers import embed, talk, view
from toldonce.index.ram import RamView
from toldonce.recall import analyse, rank
from toldonce.recall.novelty import AHEAD, _same, distinct

NOBODY: frozenset[int] = frozenset()


def shown(store: RamView, ranked: NDArray[np.intp], asked: frozenset[int], limit: int) -> list[int]:
    """The rows alone, without the places they have."""
    return [row for row, _ in distinct(store, ranked, asked, limit)]


def test_the_same_words_are_shown_once() -> None:
    rows = [
        *talk("Ana: My locker code is 4417", day=19_500),
        *talk("Ana: my locker code is 4417!", session=2, start=2, day=19_503),
        *talk("Ana: My locker is by the door", session=3, start=3),
    ]
    store = view(rows)
    assert shown(store, np.array([1, 0, 2]), NOBODY, 10) == [1, 2]
    assert shown(store, np.array([0, 1, 2]), NOBODY, 1) == [0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My locker code at the pool is 4417", "My locker code at the pool is 4418"),
        (
            "The rent of my flat in Bergen is 900 euros each month",
            "The rent of my flat in Bergen is 950 euros each month",
        ),
        ("Ana owes Bo 20 euros", "Bo owes Ana 20 euros"),
        ("I eat meat", "I do not eat meat"),
        ("Call me before noon", "Call me after noon"),
        ("My brother moved in with Carla", "My brother moved out with Carla"),
        ("writer 1 says number 0", "writer 0 says number 1"),
        ("Maybe I am moving to Paris", "I am definitely moving to Paris"),
        ("I told Bob about the surgery", "I know about Bob's surgery"),
        ("It was a serious accident in Rome", "It was an accident in Rome"),
        ("Nobody came to the party", "Everybody came to the party"),
        ("She moved to Rome", "He moved to Rome"),
        ("I smoke", "I quit smoking"),
        ("Okay, thanks", "Yes, really"),
    ],
)
def test_another_fact_in_nearly_the_same_words_is_shown_too(one: str, other: str) -> None:
    store = view([*talk(one), *talk(other, session=2, start=2, day=19_503)])
    assert shown(store, np.array([0, 1]), NOBODY, 10) == [0, 1]
    assert shown(store, np.array([1, 0]), NOBODY, 10) == [1, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I live in Oslo.", "Well, I still live in Oslo!"),
        ("My dog is called Rex", "So, my dog's called Rex"),
        (
            "We adopted two kittens from the shelter on Main Street",
            "Yeah, we adopted two kittens from that shelter on Main Street",
        ),
    ],
)
def test_the_same_in_a_few_more_words_is_shown_once(one: str, other: str) -> None:
    store = view([*talk(one), *talk(other, session=2, start=2, day=19_503)])
    assert shown(store, np.array([0, 1]), NOBODY, 10) == [0]
    assert shown(store, np.array([1, 0]), NOBODY, 10) == [1]


def test_long_texts_that_differ_by_a_sentence_are_two() -> None:
    filler = " ".join(f"word{n}" for n in range(100))
    store = view(talk(filler), talk(f"{filler} bring spare spokes, tubes and levers", session=2, start=2))
    assert shown(store, np.array([0, 1]), NOBODY, 10) == [0, 1]


def test_a_persons_own_statement_takes_the_place_of_the_assistants_echo() -> None:
    store = view(
        talk("Call me when the beagle Pepperoni barks"),
        talk("The beagle is called Pepperoni", session=2, start=2, role="assistant"),
        talk("Pepperoni", session=3, start=3, role="assistant"),
        talk("Beagles need two hours of exercise", session=4, start=4, role="assistant"),
    )
    assert shown(store, np.array([1, 2, 0, 3]), NOBODY, 10) == [0, 3]


def test_a_named_speakers_words_are_nobodys_echo() -> None:
    store = view(talk("Ana: The beagle is called Pepperoni", "Bo: Pepperoni", role="assistant"))
    assert shown(store, np.array([0, 1]), NOBODY, 10) == [0, 1]


@given(st.lists(st.lists(st.integers(1, 12), max_size=9, unique=True), max_size=8))
@example([[n % 5 + 1, n % 7 + 1] if n % 5 != n % 7 else [n % 11 + 1] for n in range(3 * AHEAD)])
def test_the_short_cut_finds_all_that_are_the_same(contents: list[list[int]]) -> None:
    store = view(
        *(talk(" ".join(f"w{n}" for n in content), session=k, start=k) for k, content in enumerate(contents, 1))
    )
    kept: list[int] = []
    for row in range(len(contents)):
        if not any(_same(contents[row], contents[other]) for other in kept):
            kept.append(row)
    assert shown(store, np.arange(len(contents)), NOBODY, len(contents) + 1) == kept


def test_a_question_asked_over_and_over_does_not_hide_its_answer() -> None:
    sessions = [talk("My dog is called Pepperoni and he is a beagle")]
    for n in range(2, 60, 2):
        asked = talk("What is my dog called?", session=n, start=n)
        told = talk("Your dog is called Pepperoni.", session=n, start=n + 1, role="assistant", previous_id=n)
        sessions += [asked, told]
    store = view(*sessions)
    query = analyse("What is my dog called?", store)
    hits = rank(store, query, embed(query.dense_text), limit=10)
    assert 1 in [hit.memory_id for hit in hits[:3]]
    assert sum(hit.memory_id > 1 and hit.memory_id % 2 for hit in hits) <= 1


def test_a_statement_and_its_answer_with_the_statement_before_it_are_shown_once() -> None:
    rows = [
        *talk("My knee hurts again", "My knee hurts again. Which one? — The left"),
        *talk("My knee hurts again and so does my back", session=2, start=3),
        *talk("My knee hurts again, which one of us does not know", session=3, start=4),
    ]
    store = view(rows)
    assert distinct(store, np.array([0, 1, 2, 3]), NOBODY, 10) == [(1, 0), (2, 2), (3, 3)]
    assert distinct(store, np.array([2, 1, 0, 3]), NOBODY, 10) == [(2, 2), (1, 1), (3, 3)]
