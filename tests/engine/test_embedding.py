"""One text that cannot be embedded, in whatever way an embedder says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toldonce.embedders import Vectors
from toldonce.engine.embedding import PROBE, embed_versions
from toldonce.errors import HostFailed, RateLimited, Rejected
from toldonce.stores.protocol import Unembedded

DIMENSIONS = 4


def good(texts: Sequence[str]) -> Vectors:
    return np.array([[1.0, len(text), 0, 0] for text in texts], np.float32)


def without_direction(value: float) -> Callable[[Sequence[str]], Vectors]:
    def give(texts: Sequence[str]) -> Vectors:
        vectors = good(texts)
        vectors[["bad" in text for text in texts]] = value
        return vectors

    return give


def raising(error: Exception) -> Callable[[Sequence[str]], Vectors]:
    def give(texts: Sequence[str]) -> Vectors:
        if any("bad" in text for text in texts):
            raise error
        return good(texts)

    return give


def short(texts: Sequence[str]) -> Vectors:
    """A server that leaves out what it cannot embed."""
    return good([text for text in texts if "bad" not in text])


class Embedder:
    dimensions = DIMENSIONS
    fingerprint = "tests/1"

    def __init__(self, give: Callable[[Sequence[str]], Vectors]) -> None:
        self._give = give
        self.calls: list[Sequence[str]] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(texts)
        return self._give(texts)

    embed_queries = embed_documents


def version(number: int, text: str, previous: str | None = None) -> Unembedded:
    return Unembedded(number, number, 1, text, None, previous, None)


WAYS = {
    "500": raising(HostFailed("json: unsupported value: NaN")),
    "400": raising(Rejected("invalid input")),
    "an error of its own": raising(RuntimeError("tensor of size 0")),
    "zero": without_direction(0.0),
    "NaN": without_direction(np.nan),
    "infinity": without_direction(np.inf),
    "too few rows": short,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_others_get_their_vectors(way: str) -> None:
    embedder = Embedder(WAYS[way])
    texts = [f"text {number}" for number in range(64)]
    texts[37] = "a bad one"
    found = embed_versions(embedder, [version(number, text) for number, text in enumerate(texts)])
    assert [kept.version_id for kept, _ in found.vectors] == [n for n in range(64) if n != 37]
    for kept, made in found.vectors:
        assert np.frombuffer(made.vector, "<f4").tolist() == [1.0, len(kept.text), 0, 0]
    [(refused, reason)] = found.refused
    assert (refused.version_id, bool(reason)) == (37, True)
    assert len(embedder.calls) < 30, "it is found by halving"


@given(st.sets(st.integers(0, 19)))
def test_any_number_of_them_is_found(bad: set[int]) -> None:
    versions = [version(number, "bad" if number in bad else "good") for number in range(20)]
    found = embed_versions(Embedder(WAYS["500"]), versions)
    assert {refused.version_id for refused, _ in found.refused} == bad
    assert {kept.version_id for kept, _ in found.vectors} == set(range(20)) - bad


def test_what_was_said_after_it_gets_the_vector_of_its_own_words() -> None:
    found = embed_versions(Embedder(WAYS["400"]), [version(1, "a good one", "a bad one"), version(2, "bad", "good")])
    [(kept, made)] = found.vectors
    assert kept == version(1, "a good one", "a bad one"), "as the store knows it"
    assert np.frombuffer(made.vector, "<f4").tolist() == [1.0, len("a good one"), 0, 0]
    assert [refused.version_id for refused, _ in found.refused] == [2]


def down(texts: Sequence[str]) -> Vectors:
    raise HostFailed("503")


def test_an_embedder_that_can_embed_nothing_is_told_from_a_bad_text() -> None:
    embedder = Embedder(down)
    with pytest.raises(HostFailed):
        embed_versions(embedder, [version(number, "good") for number in range(1000)])
    assert embedder.calls[1:] == [[PROBE.text]], "nothing was split"


@pytest.mark.parametrize("error", [RateLimited("busy"), HostFailed("going down", retry_after=9.0)])
def test_a_server_that_wants_time_is_asked_nothing_more(error: Exception) -> None:
    embedder = Embedder(raising(error))
    with pytest.raises(type(error)):
        embed_versions(embedder, [version(1, "bad"), version(2, "good")])
    assert len(embedder.calls) == 1


def test_a_wrong_number_of_dimensions_is_no_text_s_fault() -> None:
    def wide(texts: Sequence[str]) -> Any:
        return np.ones((len(texts), DIMENSIONS + 1), np.float32)

    with pytest.raises(ValueError, match=r"shape \(1, 5\)"):
        embed_versions(Embedder(wide), [version(1, "good")])
