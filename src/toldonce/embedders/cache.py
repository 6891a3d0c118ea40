"""Queries are asked again: within a turn, by several owners of one filter, by impatient people."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from toldonce.caches import LRUCache
from toldonce.embedders import Embedder

CAPACITY = 2048
"""Query vectors kept; 3 MB at 384 dimensions."""


class CachedQueries:
    """An embedder's query vectors, the least recently used forgotten first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: LRUCache[str, NDArray[np.float32]] = LRUCache(CAPACITY)

    def __len__(self) -> int:
        return len(self._vectors)

    def known(self, text: str) -> NDArray[np.float32] | None:
        """The vector of a query that was embedded a while ago."""
        return self._vectors.get(text)

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """Drop all of it: a query does not say whose memories its words are from."""
        self._vectors.forget(None)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of one query; float32, shape (dimensions,), length one."""
        vector = self._vectors.get(text)
        if vector is None:
            vector = self._embedder.embed_queries([text])[0]
            self._vectors.put(text, vector)
        return vector
