"""Each signal decides one small ranking: with its weight at zero, another memory is first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.recall.helpers import DAY, DIMENSIONS, talk, view
from toldonce.index.ram import RamView
from toldonce.recall import analyse, rank
from toldonce.recall.followup import just_asked
from toldonce.recall.scoring import WEIGHTS, Scored
from toldonce.recall.signals import stretched
from toldonce.text.keys import indexed_tokens
from toldonce.types import TOKEN_DIMENSIONS, TOKEN_SCALE, IndexRow, QueryTokens

QUESTION = np.eye(DIMENSIONS, dtype=np.float32)[0]


def like(share: float, other: int = 1) -> NDArray[np.float32]:
    """A vector whose cosine with the question's is ``share``."""
    found = np.zeros(DIMENSIONS, np.float32)
    found[0], found[other] = share, np.sqrt(1 - share**2)
    return found


def crowd() -> list[IndexRow]:
    """Twenty memories about nothing in particular, in sessions of their own."""
    return [
        row
        for n in range(20)
        for row in talk(f"filler{n} words{n} here{n}", session=100 + n, start=100 + n, vector=like(0.0, 2 + n))
    ]


def first(
    store: RamView,
    text: str,
    weight: str,
    value: float | None = None,
    asked: Sequence[frozenset[int]] = (),
    tokens: QueryTokens | None = None,
) -> int:
    weights = WEIGHTS if value is None else replace(WEIGHTS, **{weight: value})
    query = analyse(text, store, 19_520 * DAY)
    found = rank(store, query, QUESTION, limit=1, tokens=tokens, unrelated=0.0, weights=weights, just_asked=asked)
    return found[0].memory_id


def with_vectors(rows: list[IndexRow], *shares: float) -> list[IndexRow]:
    return [row._replace(vector=like(share)) for row, share in zip(rows, shares, strict=True)]


CASES = {
    "coverage": (
        "zither oboe",
        [
            with_vectors(talk("oboe oboe"), 0.0),
            with_vectors(talk("zither", "oboe and some other words here", session=2, start=2), 0.0, 0.0),
        ],
        3,
    ),
    "bm25": (
        "zither",
        [
            with_vectors(talk("zither " + " ".join(f"pad{n}" for n in range(30))), 0.05),
            with_vectors(talk("zither zither", session=2, start=2), 0.0),
        ],
        2,
    ),
    "dense": (
        "anything unheard",
        [with_vectors(talk("one thing"), 0.7), with_vectors(talk("two things", session=2, start=2), 0.0)],
        1,
    ),
    "dense_after": (
        "anything unheard",
        [
            with_vectors(talk("setting", "payoff"), 0.5, 0.5),
            with_vectors(talk("alone", session=2, start=3), 0.55),
        ],
        1,
    ),
    "answer": (
        "anything unheard",
        [
            with_vectors(talk("Ana: Which boat?", "Bo: Red"), 0.5, 0.45),
            with_vectors(talk("Ana: alone", session=2, start=3), 0.6),
        ],
        2,
    ),
    "session": (
        "anything unheard",
        [
            with_vectors(talk("uno", session=1, start=1), 0.52),
            with_vectors(talk("dos", "tres", "cuatro", session=2, start=2, previous_id=None), 0.5, 0.49, 0.48),
        ],
        2,
    ),
    "speaker": (
        "Where did Ana go?",
        [with_vectors(talk("Bo: uptown"), 0.5), with_vectors(talk("Ana: downtown", session=2, start=2), 0.45)],
        2,
    ),
    "of_self": (
        "Where do I go?",
        [
            with_vectors(talk("uptown", role="assistant"), 0.5),
            with_vectors(talk("downtown", session=2, start=2), 0.45),
        ],
        2,
    ),
    "own": (
        "Where do I live?",
        [
            with_vectors(talk("uptown"), 0.5),
            with_vectors(
                talk("downtown", session=2, start=2, tokens=indexed_tokens("downtown", None, 0, ["home"])), 0.45
            ),
            with_vectors(talk("Bo: elsewhere", session=3, start=3), 0.0),  # of two who talk, either may ask
        ],
        2,
    ),
    "kind": (
        "How many?",
        [
            with_vectors(talk("uptown"), 0.5),
            with_vectors(talk("downtown eleven", session=2, start=2), 0.45),
        ],
        2,
    ),
    "asked": (
        "anything unheard",
        [
            with_vectors(talk("Ana: What is your boat?"), 0.5),
            with_vectors(talk("Bo: downtown", session=2, start=2), 0.45),
        ],
        2,
    ),
    "period": (
        "unheard yesterday",
        [
            with_vectors(talk("uptown", day=19_400), 0.5),
            with_vectors(talk("downtown", session=2, start=2, day=19_519), 0.45),
        ],
        2,
    ),
    "long_reply": (
        "anything unheard",
        [
            with_vectors(talk(" ".join(f"pad{n}" for n in range(400)), role="assistant"), 0.5),
            with_vectors(talk("downtown", session=2, start=2), 0.45),
        ],
        2,
    ),
    "overview": (
        "What did we talk about last time?",
        [
            with_vectors(talk("uptown", session=500, start=500, day=19_400), 0.5),
            with_vectors(talk("downtown", session=2, start=2, day=19_510), 0.0),
        ],
        2,
    ),
}


@pytest.mark.parametrize("weight", CASES)
def test_each_signal_decides_a_ranking(weight: str) -> None:
    text, sessions, expected = CASES[weight]
    store = view(*sessions, crowd())
    assert first(store, text, weight) == expected
    assert first(store, text, weight, 0.0) != expected


def test_what_was_asked_right_before_decides_a_ranking() -> None:
    question = "Which zither is upstairs?"
    store = view(with_vectors(talk(question), 0.7), with_vectors(talk("downtown", session=2, start=2), 0.5), crowd())
    asked = just_asked([("user", question), ("assistant", "The old one.")])
    assert first(store, "anything unheard", "repeated") == 1
    assert first(store, "anything unheard", "repeated", asked=asked) == 2
    assert first(store, "anything unheard", "repeated", 0.0, asked=asked) == 1


def token(share: float) -> NDArray[np.int8]:
    """Vectors of a text's two tokens: one has nothing in common with the query's, the other as much as ``share``."""
    found = np.zeros((2, TOKEN_DIMENSIONS), np.int8)
    found[0, 2] = TOKEN_SCALE
    found[1, :2] = np.rint(TOKEN_SCALE * np.array([share, (1 - share**2) ** 0.5]))
    return found


TOKENS = QueryTokens(token(1.0)[1:], np.array([[0, len("anything")]], np.int32), 0.0)
BY_TOKEN = {
    "tokens": ([0.5, 0.5], [0.9, 0.0], 1),
    "dense_beside": ([0.6, 0.0], [0.6, 0.9], 1),
}


@pytest.mark.parametrize("weight", BY_TOKEN)
def test_each_signal_decides_a_ranking_where_tokens_have_vectors(weight: str) -> None:
    shares, nearest, expected = BY_TOKEN[weight]
    lines = [talk("uptown", start=1), talk("downtown", session=2, start=2)]
    rows = [row._replace(token_vectors=token(near)) for line, near in zip(lines, nearest, strict=True) for row in line]
    store = view(with_vectors(rows, *shares), crowd())
    assert first(store, "anything unheard", weight, tokens=TOKENS) == expected
    assert first(store, "anything unheard", weight, 0.0, tokens=TOKENS) != expected


def test_a_memory_without_vectors_of_its_tokens_keeps_its_place() -> None:
    rows = with_vectors([*talk("uptown", start=1), *talk("downtown", session=2, start=2)], 0.5, 0.45)
    store = view([rows[0], rows[1]._replace(token_vectors=token(0.5))], crowd())
    assert first(store, "anything unheard", "tokens") == 1
    assert first(store, "anything unheard", "tokens", tokens=TOKENS) == 2, "the other is nearer word by word"
    further = view([rows[0], rows[1]._replace(token_vectors=token(0.0))], crowd())
    assert first(further, "anything unheard", "tokens", tokens=TOKENS) == 1


def test_every_weight_has_a_ranking_it_decides() -> None:
    assert {field.name for field in fields(WEIGHTS)} == {*CASES, *BY_TOKEN, "repeated"}


def by_words(store: RamView, text: str) -> dict[int, float]:
    """By memory: what its words and those of its neighbours count."""
    found = rank(store, analyse(text, store, 19_520 * DAY), None, limit=50)
    return {hit.memory_id: hit.words for hit in found}


def test_what_neighbours_hold_counts_the_less_the_further_they_are() -> None:
    found = by_words(view(talk("uno", "dos", "zither", "cuatro", "cinco", "seis"), crowd()), "zither")
    assert found[3] > found[4] > found[5] > found[6] == 0
    assert found[5] == found[2] > found[1] > 0


def test_a_long_wish_need_not_be_met_word_by_word() -> None:
    store = view(talk("zither oboe"), crowd())
    wish = "zither oboe " + " ".join(f"unheard{n}" for n in range(6))
    assert by_words(store, wish)[1] > by_words(store, "zither oboe")[1] / 2


def test_among_few_memories_what_is_usual_is_what_is_known_of_the_embedder() -> None:
    alone = view(with_vectors(talk("one thing"), 0.5))
    assert stretched(alone, QUESTION, 0.0)[0] > 0.4, "it is like the question, not the usual"
    assert stretched(alone, QUESTION, 0.5)[0] == 0
    many = view(*(with_vectors(talk("one thing", session=n, start=n), 0.5) for n in range(1, 400)))
    assert stretched(many, QUESTION, 0.0).max() < 0.1, "everything is as like it"


@pytest.mark.parametrize("others", [0, 20])
@pytest.mark.parametrize(
    ("query", "given"),
    [("upstairs zither", 0.0), ("upstairs zither of Ana", 0.4 / 2), ("How many upstairs zithers?", 0.2 / 2)],
)
def test_a_score_is_one_curve_of_the_sum_of_signals(others: int, query: str, given: float) -> None:
    """A logistic curve: see docs/recall.md. Where there are few memories less is enough, and of what a query gives to
    every memory of a speaker, or with a number, half is asked for."""
    rows = [*with_vectors(talk("Ana: The zither is upstairs", "Ana: and more"), 0.5, 0.3), *crowd()[:others]]
    even = 0.915 - 0.3 * 8 / (len(rows) + 8) + given
    store = view(rows)
    found = rank(store, analyse(query, store), QUESTION, limit=50, unrelated=0.0)
    assert found[0].memory_id == 1
    for hit in found:
        total = hit.words + hit.meaning + hit.session + hit.priors
        assert np.log(hit.score / (1 - hit.score)) == pytest.approx(5 * (total - even), abs=0.01)


def _scores(store: RamView) -> dict[int, Scored]:
    query = analyse("Where is my zither?", store)
    return {hit.memory_id: hit for hit in rank(store, query, QUESTION, limit=50, unrelated=0.0)}


def test_a_score_does_not_depend_on_a_better_memory() -> None:
    fact = with_vectors(talk("The zither is upstairs"), 0.5)
    better = with_vectors(talk("My zither stands in the hall", session=2, start=2), 0.9)
    alone, beside = _scores(view(fact, crowd())), _scores(view(fact, better, crowd()))
    assert beside[2].score > beside[1].score
    assert beside[1].score == pytest.approx(alone[1].score, abs=0.05)


def test_a_narrow_embedder_gives_the_same_scores() -> None:
    rows = [*with_vectors(talk("The zither is upstairs"), 0.5), *crowd()]
    narrow = []
    for row in rows:
        assert row.vector is not None
        # One more direction that all share lifts every cosine to .75 + .25 c.
        moved = row.vector / np.float32(2)
        moved[-1] = np.sqrt(0.75)
        narrow.append(row._replace(vector=moved))
    question = QUESTION / np.float32(2)
    question[-1] = np.sqrt(0.75)
    stores = view(rows), view(narrow)
    query = [analyse("Where is my zither?", store) for store in stores]
    wide = rank(stores[0], query[0], QUESTION, limit=30, unrelated=0.0)
    other = rank(stores[1], query[1], question, limit=30, unrelated=0.75)
    assert [hit.memory_id for hit in wide[:1]] == [1] == [hit.memory_id for hit in other[:1]]
    assert [hit.score for hit in other] == pytest.approx([hit.score for hit in wide], abs=0.01)
