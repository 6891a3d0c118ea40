from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recall.helpers import DAY, embed, talk, view
from toldonce.index.ram import OwnerIndex, RamView
from toldonce.recall import Scored, analyse, rank

TALK = talk(
    "Ana: I finally bought touring skis in Graz",
    "Bo: Nice! How much were they?",
    "Ana: Four hundred, second hand, with bindings",
    "Bo: I would rather keep bees, honestly",
    "Ana: Bees? Where would you put a hive?",
    "Bo: On the roof of the bakery, next to the rosemary",
)
LATER = talk(
    "Ana: My brother Timo moved to Oslo for his doctorate",
    "Bo: What does he study?",
    "Ana: Glaciers, he drills ice cores",
    session=2,
    start=7,
    day=19_510,
)
STORE = view(TALK, LATER)


def ask(store: RamView, text: str, limit: int = 3, **options: object) -> list[Scored]:
    query = analyse(text, store)
    return rank(store, query, embed(query.dense_text), limit=limit, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "memory_id"),
    [
        ("Where did Ana buy her skis?", 1),
        ("What did the skis cost Ana, were they second hand?", 3),
        ("Would Bo put the bees on the roof of the bakery?", 6),
        ("Which subject does Timo study, glaciers?", 9),
    ],
)
def test_the_answer_is_among_the_first(question: str, memory_id: int) -> None:
    assert memory_id in [hit.memory_id for hit in ask(STORE, question)]


def test_the_named_person_is_put_in_the_first_person() -> None:
    query = analyse("Where did Ana put Ana's skis?", STORE)
    assert query.dense_text == "Where did I put my skis?"
    assert query.speaker is not None
    assert STORE.speakers[query.speaker] == "Ana"


def test_without_speakers_those_who_are_spoken_to_are_the_people_who_talk() -> None:
    lines = ["Thanks, Ana! Leila is in Porto.", "Hey Ana, how is Leila?", "Leila loves Porto, Ana.", "Leila and Porto"]
    store = view(talk(*lines, actor_id=None))
    assert analyse("Where did Ana go?", store).dense_text == "Where did I go?"
    assert analyse("Where does Leila live in Porto?", store).dense_text == "Where does Leila live in Porto?"


def test_with_speakers_nobody_else_is_put_in_the_first_person() -> None:
    store = view(talk("Thanks, Leila!", "Hi Leila!", "Bye, Leila!", "How are you, Leila?", actor_id="Ana"))
    asked = analyse("What does Leila do?", store)
    assert (asked.dense_text, len(asked.terms)) == ("What does Leila do?", 1)


@pytest.mark.parametrize("text", ["Where did Ana buy her skis?", "bees", "Has Timo finished his doctorate?"])
def test_a_question_does_not(text: str) -> None:
    assert ask(STORE, text)[0].score >= 0.1


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["Where are Ana's skis?", "bees on the roof", "Timo", "hello", "zzz"]),
    st.lists(st.booleans(), min_size=9, max_size=9),
    st.integers(1, 9),
)
def test_a_mask_takes_away_and_changes_nothing_else(text: str, kept: list[bool], limit: int) -> None:
    mask = np.array(kept)
    everything = ask(STORE, text, limit=9)
    assert [hit.score for hit in everything] == sorted((hit.score for hit in everything), reverse=True)
    allowed = set(STORE.ids[mask].tolist())
    expected = [hit for hit in everything if hit.memory_id in allowed][:limit]
    assert ask(STORE, text, limit=limit, mask=mask) == expected


def test_what_has_no_vector_yet_is_found_by_its_words() -> None:
    store = view([row._replace(vector=None) if row.memory_id == 9 else row for row in [*TALK, *LATER]])
    best = ask(store, "Who drills ice cores in glaciers?")[0]
    assert best.memory_id == 9
    assert best.meaning >= best.words > 0, "they stand for its meaning too"
    unembedded = view([row._replace(vector=None) for row in TALK])
    query = analyse("hive on the bakery roof", unembedded)
    assert rank(unembedded, query, None, limit=1)[0].memory_id == 6


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, 9), max_size=8), st.sampled_from(["Where are Ana's skis?", "bees on the roof", "Timo"]))
def test_what_was_deleted_leaves_no_trace_in_the_scores(gone: set[int], text: str) -> None:
    index = OwnerIndex()
    index.apply([*TALK, *LATER])
    index.apply([], sorted(gone))
    kept = [row for row in [*TALK, *LATER] if row.memory_id not in gone]
    found, expected = ask(index.view(), text, limit=9), ask(view(kept), text, limit=9)
    assert [hit.memory_id for hit in found] == [hit.memory_id for hit in expected]
    assert np.allclose([hit.score for hit in found], [hit.score for hit in expected], atol=1e-5)


@pytest.mark.parametrize("text", ["Where did Ana go last week?", "Did Ana and Bo talk about bees in May 2023?"])
def test_the_time_a_query_speaks_of_counts(text: str) -> None:
    store = view(TALK, talk("Ana: I went to the market", session=2, start=7, day=19_500 + 60))
    query = analyse(text, store, now=19_510 * DAY)
    assert query.period is not None
    inside = (store.said_at >= query.period.start) & (store.said_at < query.period.end)
    assert inside.tolist() == [True] * 6 + [False]


def test_a_speaker_is_boosted_not_enthroned() -> None:
    hits = ask(STORE, "Would Ana put a hive on the roof of the bakery?", limit=2)
    assert 6 in [hit.memory_id for hit in hits]


def test_an_empty_store_has_nothing() -> None:
    assert ask(view(), "Where are my skis?") == []
