"""Vectors of a text's tokens, and how small they are kept."""

from __future__ import annotations

import numpy as np
import pytest

from toldonce.embedders import TextVectors
from toldonce.embedders.cache import CachedQueries
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.tokens import LONGEST, by_token, of_beginnings, shrunk
from toldonce.testing import WordEmbedder
from toldonce.types import TOKEN_DIMENSIONS, TOKEN_SCALE


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def test_a_text_s_own_vector_is_the_same_either_way(minilm: MiniLM) -> None:
    texts = ["My sister plays the cello.", "", "Fuß 🎻"]
    for made, vector in zip(minilm.embed_documents_by_token(texts), minilm.embed_documents(texts), strict=True):
        np.testing.assert_array_equal(made.vector, vector)
        assert len(made.tokens) == len(made.spans) >= 2


def test_a_text_s_vector_is_the_mean_of_its_tokens(minilm: MiniLM) -> None:
    [made] = minilm.embed_queries_by_token(["Which instrument does she play?"])
    mean = made.tokens.mean(axis=0)
    np.testing.assert_allclose(made.vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_spans_say_which_word_a_token_is_of(minilm: MiniLM) -> None:
    text = "She plays the cello."
    [made] = minilm.embed_documents_by_token([text])
    assert [text[start:end] for start, end in made.spans.tolist()] == ["", "She", "plays", "the", "cello", ".", ""]


@pytest.mark.parametrize("width", [100, 128, 384, 1000])
def test_small_vectors_keep_angles(width: int) -> None:
    drawn = np.random.default_rng(1).normal(size=(60, width)).astype(np.float32)
    drawn[30:] += 2 * drawn[:30]  # some are alike
    small = shrunk(drawn)
    assert small.shape == (60, TOKEN_DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(small.astype(np.float32), axis=1), TOKEN_SCALE, rtol=0.02)
    exact = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    cosines, kept = exact @ exact.T, small.astype(np.float32) @ small.T.astype(np.float32) / TOKEN_SCALE**2
    assert np.abs(cosines - kept).max() < 0.4
    assert np.abs(cosines - kept).mean() < 0.1


def test_small_vectors_are_the_same_on_every_machine() -> None:
    vectors = np.arange(384 * 2, dtype=np.float32).reshape(2, 384) % 7 - 3
    assert shrunk(vectors)[:, :8].tolist() == FIRST_NUMBERS


FIRST_NUMBERS = [[-20, 8, -23, 5, 0, -28, -13, -17], [5, 10, -13, 6, -6, 3, -14, -9]]


def test_a_text_without_tokens_has_no_vectors_of_them() -> None:
    assert shrunk(np.empty((0, 384), np.float32)).shape == (0, TOKEN_DIMENSIONS)


def test_only_the_beginning_counts_and_no_mark(minilm: MiniLM) -> None:
    [whole] = minilm.embed_documents_by_token(["the cello\nWhat does she play?"])
    [own] = of_beginnings([whole], [len("the cello")])
    np.testing.assert_array_equal(own, shrunk(whole.tokens[1:3]))


def test_many_texts_have_the_vectors_that_each_has_alone() -> None:
    drawn = np.random.default_rng(5)
    made = []
    for length in [*range(40), 300]:  # one of them has none
        spans = np.array([[n, n + 1] for n in range(length)], np.int32).reshape(-1, 2)
        made.append(TextVectors(np.ones(4, np.float32), drawn.normal(size=(length, 4)).astype(np.float32), spans))
    together = of_beginnings(made, [30] * len(made))
    assert [len(small) for small in together] == [*range(31), *[30] * 10]
    for one, small in zip(made, together, strict=True):
        np.testing.assert_array_equal(small, shrunk(one.tokens[:30]))


def test_no_more_of_a_long_text_than_there_is_room_for() -> None:
    spans = np.array([[n, n + 1] for n in range(500)], np.int32)
    long = TextVectors(np.ones(4, np.float32), np.ones((500, 4), np.float32), spans)
    assert len(of_beginnings([long], [500])[0]) == LONGEST


def test_an_embedder_without_vectors_of_tokens_gives_none() -> None:
    assert by_token(WordEmbedder()) is None
    made = CachedQueries(WordEmbedder()).embed_query("cello")
    assert made.tokens is None
    np.testing.assert_array_equal(made.vector, WordEmbedder().embed_queries(["cello"])[0])


def test_a_query_is_embedded_once(minilm: MiniLM) -> None:
    queries = CachedQueries(minilm)
    assert queries.known("cello") is None
    made = queries.embed_query("cello")
    assert queries.known("cello") is made is queries.embed_query("cello")
    assert made.tokens is not None
    assert made.tokens.unrelated == minilm.unrelated_tokens
