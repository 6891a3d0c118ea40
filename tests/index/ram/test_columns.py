"""Vectors of tokens, of which rows have any number."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.index.helpers import row
from toldonce.index.ram import OwnerIndex
from toldonce.index.ram.columns import TOKENS_A_BLOCK, TokenBlocks
from toldonce.types import TOKEN_DIMENSIONS


def small(count: int, seed: int = 0) -> NDArray[np.int8]:
    return np.random.default_rng([count, seed]).integers(-90, 90, (count, TOKEN_DIMENSIONS)).astype(np.int8)


@given(st.lists(st.lists(st.sampled_from([None, 0, 1, 7, 700, TOKENS_A_BLOCK + 1]), min_size=1), max_size=5))
def test_each_row_keeps_its_own(calls: list[list[int | None]]) -> None:
    blocks = TokenBlocks()
    added: list[NDArray[np.int8] | None] = []
    for call in calls:
        vectors = [None if count is None else small(count, len(added) + at) for at, count in enumerate(call)]
        blocks.extend(vectors)
        added += vectors
    for at, wanted in enumerate(added):
        found = blocks.row(at)
        if wanted is None or not len(wanted):
            assert found is None
        else:
            np.testing.assert_array_equal(found, wanted)


def test_what_a_reader_holds_never_changes() -> None:
    blocks = TokenBlocks()
    blocks.extend([small(3), None])
    held = blocks.view()
    blocks.assign([0, 1], [small(5), small(2)])
    np.testing.assert_array_equal(held.row(0), small(3))
    assert held.row(1) is None
    np.testing.assert_array_equal(blocks.row(0), small(5))
    np.testing.assert_array_equal(blocks.row(1), small(2))


def test_the_nearest_token_of_each_row_counts() -> None:
    index = OwnerIndex()
    index.apply([row(1, token_vectors=small(4)), row(2), row(3, token_vectors=small(9))])
    view = index.view()
    assert view.by_token.tolist() == [True, False, True]
    query = small(2, 5)
    found = view.token_similarities(np.array([2, 0]), query)
    wanted = [[int((one.astype(int) @ rows.astype(int).T).max()) for rows in (small(9), small(4))] for one in query]
    assert found.tolist() == wanted
    assert view.token_similarities(np.array([], np.intp), query).shape == (2, 0)


def test_vectors_of_tokens_come_with_the_vector_and_are_told_apart() -> None:
    index = OwnerIndex()
    first = row(1, token_vectors=small(4))
    index.apply([first._replace(vector=None, token_vectors=None)])
    assert index.view().by_token.tolist() == [False]
    index.apply([first])
    assert index.view().by_token.tolist() == [True]
    index.apply([first])
    assert len(index.view()) == 1, "nothing changed"
    index.apply([first._replace(token_vectors=small(4, 1))])
    view = index.view()
    assert view.alive.tolist() == [False, True]
    np.testing.assert_array_equal(view.token_vectors.row(1), small(4, 1))


def test_what_a_row_takes_is_counted() -> None:
    with_tokens, without = OwnerIndex(), OwnerIndex()
    with_tokens.apply([row(number, token_vectors=small(40)) for number in range(100)])
    without.apply([row(number) for number in range(100)])
    assert with_tokens.nbytes - without.nbytes == 100 * 40 * TOKEN_DIMENSIONS
