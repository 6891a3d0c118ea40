"""How near a query's tokens come to those of a memory, and how much each of them counts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.recall.helpers import talk, view
from toldonce.embedders.cache import embed_query
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.tokens import of_beginnings
from toldonce.index.ram import RamView
from toldonce.recall.late_interaction import closeness
from toldonce.types import TOKEN_DIMENSIONS, TOKEN_SCALE, QueryTokens

QUERY = "the zithers hum?"
SPANS = np.array([[0, 0], [0, 3], [4, 8], [8, 11], [12, 15], [15, 16], [16, 16]], np.int32)
"""Of a mark, "the", "zith", "ers", "hum", "?" and a mark."""


def directions(*numbers: int) -> NDArray[np.int8]:
    return (np.eye(TOKEN_DIMENSIONS) * TOKEN_SCALE).astype(np.int8)[list(numbers)]


def store(*tokens: int) -> RamView:
    rows = [row._replace(token_vectors=directions(*tokens)) for row in talk("they hum and hum")]
    return view(rows, *[talk(f"tea{n} hum", session=n, start=n) for n in range(2, 12)])


def counted(*tokens: int, text: str = QUERY) -> float:
    """How near a memory comes that holds nothing but these tokens of the query."""
    query = QueryTokens(directions(*range(len(SPANS))), SPANS, 0.0)
    return float(closeness(store(*tokens), np.array([0]), text, query)[0])


def test_what_holds_every_token_is_the_same_and_what_holds_none_has_nothing_in_common() -> None:
    assert counted(*range(len(SPANS))) == pytest.approx(1.0)
    assert counted(100) == 0.0


def test_a_word_that_none_holds_counts_most_and_marks_count_nothing() -> None:
    the, first, second, hum, mark = (counted(number) for number in (1, 2, 3, 4, 5))
    assert first == second > hum == the == mark > 0
    assert counted(0) == counted(6) == 0.0


def test_less_in_common_than_is_usual_counts_against_a_memory() -> None:
    query = QueryTokens(directions(*range(len(SPANS))), SPANS, 0.5)
    assert closeness(store(100), np.array([0]), QUERY, query)[0] == pytest.approx(-1.0)


def test_a_query_without_words_is_near_to_nothing() -> None:
    marks = QueryTokens(directions(0, 1), np.zeros((2, 2), np.int32), 0.0)
    assert closeness(store(0, 1), np.array([0]), "", marks)[0] == 0.0


def test_of_a_message_about_three_things_each_is_found() -> None:
    embedder = MiniLM()
    said = "I moved to Oslo in March, my sister plays the cello, and the rent is 900."
    query = embed_query(embedder, "cello")
    assert query.tokens is not None
    [made] = embedder.embed_documents_by_token([said])
    rows = [row._replace(token_vectors=of_beginnings([made], [len(said)])[0]) for row in talk(said)]
    assert closeness(view(rows), np.array([0]), "cello", query.tokens)[0] > 1.5 * float(query.vector @ made.vector)
