from __future__ import annotations

from collections.abc import Iterable
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.helpers import row, vector
from toldonce.index.ram import OwnerIndex
from toldonce.index.ram import owner as owner_module
from toldonce.index.ram.postings import PASSAGE
from toldonce.recall.signals import Words
from toldonce.text.tokens import token_id, token_ids
from toldonce.types import IndexRow

WORDS = ["tea", "ski", "dog", "rent", "boat", "the"]


def afresh(rows: Iterable[IndexRow]) -> OwnerIndex:
    index = OwnerIndex()
    index.apply(sorted(rows, key=lambda row: row.memory_id))
    return index


def facts(index: OwnerIndex) -> dict[int, tuple[object, ...]]:
    """All there is to know of each memory, in terms of ids and values rather than rows and codes."""
    view = index.view()
    found = Words(view, token_ids(WORDS))
    lexical, ideal = found.bm25, found.enough
    similar = view.similarities(vector(0))
    ids = view.ids

    def name(at: int) -> int | None:
        return int(ids[at]) if at >= 0 else None

    return {
        int(ids[at]): (
            round(float(lexical[at]), 4),
            round(float(similar[at]), 4),
            round(ideal, 6),
            bool(view.embedded[at]),
            name(view.previous[at]),
            name(view.following[at]),
            {int(ids[other]) for other in np.flatnonzero((view.session == view.session[at]) & view.alive)},
            view.speakers[view.speaker[at]],
            bool(view.by_assistant[at]),
            int(view.said_at[at]),
        )
        for at in np.flatnonzero(view.alive).tolist()
    }


rows_drawn = st.builds(
    row,
    st.integers(1, 12),
    st.lists(st.sampled_from(WORDS), max_size=400).map(" ".join) | st.sampled_from(WORDS),
    vector=st.none() | st.integers(0, 3).map(vector),
    previous_id=st.none() | st.integers(1, 12),
    session_id=st.integers(1, 3),
    role=st.sampled_from(["user", "assistant"]),
    actor_id=st.sampled_from([None, "Ana", "Bo"]),
    said_at=st.integers(0, 5),
)


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.tuples(st.lists(rows_drawn, max_size=12), st.sets(st.integers(1, 12), max_size=3)), max_size=8)
)
def test_changed_step_by_step_equals_built_afresh(steps: list[tuple[list[IndexRow], set[int]]]) -> None:
    index = OwnerIndex()
    kept: dict[int, IndexRow] = {}
    for rows, deleted in steps:
        index.apply(rows, sorted(deleted))
        kept.update({row.memory_id: row for row in rows})
        kept = {memory_id: row for memory_id, row in kept.items() if memory_id not in deleted}
        assert facts(index) == facts(afresh(kept.values()))
        assert len(index) == len(kept) == index.view().count


def test_rebuilding_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_module, "SPARSE", 5)
    index = OwnerIndex()
    rows = [row(n, f"tea {WORDS[n % 5]}", previous_id=n - 1 or None, session_id=n // 4) for n in range(1, 31)]
    index.apply(rows)
    index.apply([], [n for n in range(1, 31) if n % 3])
    assert len(index.view()) == 10
    assert facts(index) == facts(afresh(row for row in rows if row.memory_id % 3 == 0))


def test_appending_one_by_one_keeps_few_segments_and_moves_no_vectors() -> None:
    index = OwnerIndex()
    for number in range(1, 2001):
        index.apply([row(number, WORDS[number % 6], previous_id=number - 1 or None)])
    view = index.view()
    assert len(view.segments) < 10
    assert view.previous.tolist() == list(range(-1, 1999))
    assert view.following.tolist() == [*range(1, 2000), -1]
    held = view.vectors[0]
    index.apply([row(number) for number in range(2001, 6001)])
    assert index.view().vectors[0] is held
    assert np.allclose(index.view().similarities(vector(5500))[5499], 1.0, atol=1e-3)


@pytest.mark.parametrize("at_a_time", [3000, 700, 1])
def test_similarities_are_dot_products(at_a_time: int) -> None:
    rows = [row(number) for number in range(1, 3001)]
    index = OwnerIndex()
    for first in range(0, len(rows), at_a_time):
        index.apply(rows[first : first + at_a_time])
    asked = vector(0)
    exact = np.array([vector(number) @ asked for number in range(1, 3001)])
    similar = index.view().similarities(asked)
    assert similar.dtype == np.float32
    assert np.abs(similar - exact).max() < 1e-3  # half precision: eleven bits


def test_a_row_that_comes_again_as_it_was_changes_nothing() -> None:
    index = OwnerIndex()
    index.apply([row(number) for number in range(1, 6)])
    index.apply([row(number) for number in range(1, 6)])
    assert len(index.view()) == 5
    index.apply([row(3, vector=vector(9))])
    assert index.view().alive.tolist() == [True, True, False, True, True, True]


def test_a_view_stays_as_it_was() -> None:
    index = OwnerIndex()
    index.apply([row(1, "tea"), row(2, "ski", vector=None)])
    before = index.view()
    old = (
        before.ids.tolist(),
        before.embedded.tolist(),
        before.similarities(vector(2)).tolist(),
        before.alive.tolist(),
    )
    index.apply([row(2, "ski"), row(3, "dog")], [1])
    after = (
        before.ids.tolist(),
        before.embedded.tolist(),
        before.similarities(vector(2)).tolist(),
        before.alive.tolist(),
    )
    assert after == old
    assert index.view().embedded.tolist() == [True, True, True]
    assert index.view().alive.tolist() == [False, True, True]


def test_readers_never_see_half_a_change() -> None:
    index = OwnerIndex()
    done = Event()
    wrong: list[str] = []

    def read() -> None:
        while not done.is_set():
            view = index.view()
            if not len(view):
                continue
            lexical = Words(view, token_ids(["tea"])).bm25
            if len(lexical) != len(view) or view.count % 10 or view.similarities(vector(1)).shape != (len(view),):
                wrong.append("a view in the making")

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for start in range(0, 1500, 10):
        index.apply([row(start + n, "tea ski") for n in range(10)])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_a_long_text_scores_as_its_best_passage() -> None:
    filler = " ".join(f"w{n}" for n in range(PASSAGE * 3))
    index = OwnerIndex()
    index.apply([row(1, filler + " boat tea"), row(2, " ".join(f"x{n}" for n in range(PASSAGE)) + " boat")])
    view = index.view()
    assert len(view.unit_length) == 5
    assert Words(view, token_ids(["boat"])).bm25.tolist()[0] > 0
    assert view.document_frequency(token_id("boat")) == 2


def test_stop_words_are_not_counted() -> None:
    index = OwnerIndex()
    index.apply([row(1, "the tea"), row(2, "tea")])
    view = index.view()
    assert view.unit_length.tolist() == [1, 1]
    assert view.document_frequency(token_id("the")) == 0


def test_vectors_of_another_length_are_refused() -> None:
    index = OwnerIndex()
    index.apply([row(1)])
    with pytest.raises(ValueError, match="a vector of 3"):
        index.apply([row(2, vector=np.ones(3, np.float32))])


def test_a_memory_of_25_words_takes_two_and_a_half_kilobytes() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2000, 384)).astype(np.float32)
    rows = [
        row(n)._replace(tokens=rng.integers(0, 20_000, 30).astype(np.uint32), vector=vectors[n], previous_id=n - 1)
        for n in range(2000)
    ]
    index = OwnerIndex()
    index.apply(rows[:1000])
    for single in rows[1000:]:
        index.apply([single])
    assert index.nbytes / 2000 <= 2500


def test_an_empty_index() -> None:
    view = OwnerIndex().view()
    assert len(view) == view.count == 0
    assert view.similarities(vector(1)).tolist() == []
    assert Words(view, token_ids(["tea"])).bm25.tolist() == []
