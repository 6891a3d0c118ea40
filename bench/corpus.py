"""Talk that nobody had, and vectors that nobody waits for: what the engine is filled with before it is measured.

Words are English ones drawn by Zipf's law from 20,000, so that a question of seven such words meets most of an owner's
memories: a hard case for the words' half of recall. Vectors lie around those of some embedded texts, so that they are
as alike as real ones; they follow from the text alone, and making one takes microseconds.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.engine import VOCABULARY, zipf
from toldonce.embedders import TextVectors, TokenEmbedder, Vectors
from toldonce.embedders.minilm import DIMENSIONS, FOLDER

WORDS = 25
SESSION = 20
"""Messages between two silences."""
_DIRECTIONS = 4096
_TOPICS = 256
_WORD = re.compile(r"\w+")
START = 1_600_000_000


class Talk:
    """Texts and questions, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._words = np.array(_english(), object)

    def texts(self, count: int) -> list[str]:
        """Messages of 25 words; no two are alike."""
        return [" ".join(words) for words in self._words[zipf(self._rng, (count, WORDS))].tolist()]

    def questions(self, count: int) -> list[str]:
        """Questions of eleven words, about as long as people's, seven of them drawn; no two alike."""
        return [f"When did I say {' '.join(words)}?" for words in self._words[zipf(self._rng, (count, 7))].tolist()]


class GivenVectors:
    """An embedder that has nothing to compute; with ``queries``, what is asked is embedded by that one for real."""

    dimensions = DIMENSIONS
    fingerprint = "given"

    def __init__(self, queries: TokenEmbedder | None = None) -> None:
        rng = np.random.default_rng(7)
        self._queries = queries
        self._known: dict[str, Vectors] = {}
        if queries is None:
            self._topics = rng.normal(size=(_TOPICS, DIMENSIONS)).astype(np.float32) * DIMENSIONS**-0.5
        else:
            self._topics = queries.embed_documents(Talk(7).texts(_TOPICS))
        self._directions = rng.normal(size=(_DIRECTIONS, DIMENSIONS)).astype(np.float32) * DIMENSIONS**-0.5

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """By each text's first line: its own words, without what was said before it."""
        numbers = np.array([zlib.crc32(text.partition("\n")[0].encode()) for text in texts], np.int64)
        vectors: Vectors = self._topics[numbers % _TOPICS] + self._directions[numbers // _TOPICS % _DIRECTIONS]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        if self._queries is not None:
            return self._queries.embed_queries(texts)
        if len(texts) == 1 and texts[0] in self._known:
            return self._known[texts[0]]
        return self.embed_documents(texts)

    def know(self, questions: Sequence[str]) -> None:
        """Make the vectors of these now, so that who asks one later only looks it up."""
        self._known.update((question, self.embed_documents([question])) for question in questions)


class GivenTokens(GivenVectors):
    """The same with vectors of tokens, which it works out word by word."""

    unrelated_tokens = 0.26

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        """A token a word, the same wherever the word stands."""
        return [self._by_word(text, vector) for text, vector in zip(texts, self.embed_documents(texts), strict=True)]

    def embed_queries_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        if self._queries is not None:
            return self._queries.embed_queries_by_token(texts)
        return [self._by_word(text, vector) for text, vector in zip(texts, self.embed_queries(texts), strict=True)]

    def _by_word(self, text: str, vector: Vectors) -> TextVectors:
        words = list(_WORD.finditer(text))
        numbers = [zlib.crc32(word.group().encode()) % _DIRECTIONS for word in words]
        spans = np.array([word.span() for word in words], np.int32).reshape(-1, 2)
        return TextVectors(vector, self._directions[numbers], spans)


def messages(texts: Sequence[str], first: int = 0) -> list[dict[str, object]]:
    """Texts as two people say them, a minute apart, silent for two hours after every twentieth."""
    return [
        {
            "role": "assistant" if number % 2 else "user",
            "name": "Bo" if number % 2 else "Ana",
            "content": text,
            "timestamp": START + 60 * number + 7200 * (number // SESSION),
        }
        for number, text in enumerate(texts, first)
    ]


def unit_rows(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random vectors of length one."""
    rows = rng.normal(size=(count, DIMENSIONS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@cache
def _english() -> list[str]:
    """Words the bundled model knows whole; its vocabulary lists the frequent ones first."""
    vocabulary = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    by_number = sorted(vocabulary, key=vocabulary.__getitem__)
    return [word for word in by_number if word.isascii() and word.isalpha() and len(word) > 2][:VOCABULARY]
