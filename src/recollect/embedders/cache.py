"""Queries are asked again: within a turn, by several owners of one filter, by impatient people."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from recollect.embedders import Embedder

CAPACITY = 2048
"""Query vectors kept; 3 MB at 384 dimensions."""


class CachedQueries:
    """An embedder's query vectors, the least recently used forgotten first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of one query; float32, shape (dimensions,), length one."""
        with self._lock:
            known = self._vectors.get(text)
            if known is not None:
                self._vectors.move_to_end(text)
                return known
        vector: NDArray[np.float32] = self._embedder.embed_queries([text])[0]
        with self._lock:
            self._vectors[text] = vector
            if len(self._vectors) > CAPACITY:
                self._vectors.popitem(last=False)
        return vector
