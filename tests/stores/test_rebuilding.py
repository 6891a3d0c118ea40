"""A rebuild beside everything else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.stores.filling import (
    delete,
    embed,
    fill,
)
from toldonce.stores.protocol import (
    Embedding,
    Store,
)
from toldonce.stores.rebuilding import Stretch
from toldonce.types import TOKEN_DIMENSIONS

SMALL = np.arange(3 * TOKEN_DIMENSIONS, dtype=np.int8).tobytes()


def test_a_rebuild_goes_on_after_its_place_and_takes_what_changes(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk")
    other, more = fill(store, "beer", user="bob")
    embed(store)

    def make(after: int, limit: int) -> Stretch:
        with store.read() as view:
            stretch = view.rebuilding.next(after, limit)
        rows = [(made.version, Embedding(np.full(2, 7, np.float32).tobytes(), SMALL)) for made in stretch.versions]
        store.write(lambda tx: tx.rebuilding.keep(stretch, rows, [])).result()
        return stretch

    first, second, third = make(0, 2), make(owner - 1, 2), make(owner - 1, 9)
    assert [made.version.version_id for made in (*first.versions, *second.versions, *third.versions)] == [*ids, *more]
    assert (first.ended, third.ended) == (False, True)
    store.write(lambda tx: delete(tx, ids[0])).result()
    with store.read() as view:
        left = view.rebuilding.next(0, 9)
        assert view.rebuilding.progress() == (2, 3)
    assert [(made.version.text, made.version.previous_text) for made in left.versions] == [("coffee", None)]
    store.write(lambda tx: tx.rebuilding.switch(left, tokens=False)).result()
    with store.read() as view:
        found = {row.memory_id: row for one in (owner, other) for row in view.changes(one, 0).rows}
        assert [waiting.text for waiting in view.unembedded(None, 9)] == ["coffee"]
        assert len(view.rebuilding.next(0, 9).versions) == 3  # nothing is kept of a rebuild that is over
    assert {i: row.vector is not None and len(row.vector) for i, row in found.items()} == {
        ids[1]: False,
        ids[2]: 2,
        more[0]: 2,
    }
    assert found[ids[2]].tokens.tolist() == [4]
    assert found[ids[1]].token_vectors is None
    small = found[ids[2]].token_vectors
    assert small is not None
    assert small.tobytes() == SMALL


def test_a_rebuild_lets_what_cannot_be_embedded_wait(store: Store) -> None:
    owner, ids = fill(store, "tea", "poison")
    embed(store)
    with store.read() as view:
        stretch = view.rebuilding.next(0, 9)
    rows = [
        (made.version, Embedding(b"" if made.version.text == "poison" else np.full(2, 7, np.float32).tobytes()))
        for made in stretch.versions
    ]
    store.write(lambda tx: tx.rebuilding.keep(stretch, rows, [])).result()
    store.write(lambda tx: tx.rebuilding.switch(Stretch(ended=True), tokens=False, refused=True)).result()
    with store.read() as view:
        assert [waiting.text for waiting in view.unembedded(None, 9)] == ["poison"]
        lengths = {row.memory_id: row.vector is not None and len(row.vector) for row in view.changes(owner, 0).rows}
    assert lengths == {ids[0]: 2, ids[1]: False}


@pytest.mark.parametrize("how", ["deleted", "erased"])
def test_a_rebuild_under_way_keeps_nothing_of_what_is_gone(store: Store, how: str) -> None:
    _, [_, gone] = fill(store, "tea", "coffee")
    fill(store, "beer", user="bob")
    embed(store)

    def counts() -> tuple[int, int]:
        """Versions with new vectors, and those that have tokens."""
        with store.read() as view:
            return view.rebuilding.progress()

    with store.read() as view:
        stretch = view.rebuilding.next(0, 9)
    vectors = [(made.version, Embedding(np.full(2, 7, np.float32).tobytes(), SMALL)) for made in stretch.versions]
    tokens = [(made.version, b"\1\0\0\0") for made in stretch.versions]
    store.write_now(lambda tx: tx.rebuilding.keep(stretch, vectors, tokens))
    assert counts() == (3, 3)
    if how == "deleted":
        store.write_now(lambda tx: delete(tx, gone))
    else:
        number = store.write_now(lambda tx: tx.erasing.order("e", "p", "user", "ann", True, 1))
        store.write_now(lambda tx: tx.erasing.carry_out(number, 2))
    left = 2 if how == "deleted" else 1
    assert counts() == (left, left)
    store.write_now(lambda tx: tx.rebuilding.switch(Stretch(ended=True), tokens=True))
    assert counts() == (0, left), "the tokens that were made are those that are there now"
