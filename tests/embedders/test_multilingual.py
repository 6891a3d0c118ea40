"""The multilingual embedder, out of a package of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from toldonce.embedders import Embedder, multilingual
from toldonce.embedders.multilingual import DIMENSIONS, Multilingual
from toldonce.embedders.spec import open_embedder, parse_spec
from toldonce.errors import MissingExtra

TEXTS = ["My sister plays the violin.", "Mi hermana toca el violín.", "", "   ", "\ud83d", "狗" * 5_000]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder(parse_spec("multilingual"))


def test_rows_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed_queries([]).shape == (0, DIMENSIONS)


def test_a_text_alone_and_beside_others_is_the_same(embedder: Embedder) -> None:
    together = embedder.embed_documents(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda text: embedder.embed_queries([text])[0], TEXTS))
    np.testing.assert_array_equal(together, np.stack(alone))


def test_a_translation_is_nearer_than_another_sentence(embedder: Embedder) -> None:
    said, translated, other = embedder.embed_documents([*TEXTS[:2], "The rent is due on Monday."])
    assert said @ translated > 0.7 > 0.3 > said @ other


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "_MODULE", "a_package_that_is_not_there")
    with pytest.raises(MissingExtra, match=r"pip install 'toldonce\[multilingual\]'"):
        Multilingual()
