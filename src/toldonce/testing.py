"""Doubles for the tests of programs that use Toldonce: a memory that leaves nothing behind, and a small embedder.

    from toldonce.testing import TemporaryMemory

    def test_the_agent_knows_the_allergy():
        with TemporaryMemory() as memory:
            memory.add("I am allergic to peanuts.", user_id="ann")
            found = memory.search("Is she allergic to anything?", filters={"user_id": "ann"})
            assert found["results"][0]["memory"] == "I am allergic to peanuts."

Nothing here is a mock: a ``TemporaryMemory`` is a ``Memory`` on the real SQLite store, in a folder that ``close``
removes. Only the embedder differs, so that a test needs no model and no seconds to load one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from tempfile import TemporaryDirectory

import numpy as np

from toldonce.caches import word_cache
from toldonce.embedders import Embedder, Vectors
from toldonce.memory import AsyncMemory, Memory

__all__ = ["AsyncTemporaryMemory", "TemporaryMemory", "WordEmbedder"]

_WORD = re.compile(r"\w+")
_ANY_WORD = "\0"
"""What a text without words is made of, so that it has a direction too."""


class WordEmbedder:
    """Texts that share words are similar, all others are not; the same on every machine and in every process.

    A text's vector is the sum of its words' vectors, each drawn at random from a hash of the word in lower case. It
    knows no synonyms: whoever tests recall *by meaning* needs a real model.

    Args:
        dimensions: The length of every vector. Unrelated texts have a cosine of about ``dimensions ** -0.5``.
    """

    def __init__(self, dimensions: int = 256) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions must be a number from 1, not {dimensions}.")
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        return self._dimensions

    @property
    def fingerprint(self) -> str:
        """Names the embedder in the folder; changes with ``dimensions``."""
        return f"testing/words/{self._dimensions}"

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), dimensions), rows L2-normalised."""
        return self.embed_documents(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), dimensions), rows L2-normalised."""
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        for row, text in enumerate(texts):
            words = _WORD.findall(text.lower()) or [_ANY_WORD]
            whole = np.sum([_drawn(word, self._dimensions) for word in words], axis=0)
            vectors[row] = whole / np.linalg.norm(whole)
        return vectors


class TemporaryMemory(Memory):
    """A ``Memory`` in a folder of its own, which ``close`` removes with everything in it.

    Args:
        embedder: A ``WordEmbedder`` unless said. ``toldonce.embedders.MiniLM()`` recalls as production does.

    Two of them never share a memory. Raises what ``Memory`` does.
    """

    def __init__(self, *, embedder: Embedder | None = None) -> None:
        made = TemporaryDirectory(prefix="toldonce-testing-")
        try:
            super().__init__(folder=made.name, embedder=embedder or WordEmbedder())
        except BaseException:
            made.cleanup()
            raise
        self._made = made

    def close(self) -> None:
        """Let go of the folder and remove it."""
        super().close()
        self._made.cleanup()


class AsyncTemporaryMemory(AsyncMemory):
    """``TemporaryMemory`` for event loops."""

    def __init__(self, *, embedder: Embedder | None = None) -> None:
        made = TemporaryDirectory(prefix="toldonce-testing-")
        try:
            super().__init__(folder=made.name, embedder=embedder or WordEmbedder())
        except BaseException:
            made.cleanup()
            raise
        self._made = made

    async def close(self) -> None:
        """Let go of the folder and remove it."""
        await super().close()
        self._made.cleanup()


@word_cache(4096)
def _drawn(word: str, dimensions: int) -> Vectors:
    seed = int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(dimensions).astype(np.float32)
