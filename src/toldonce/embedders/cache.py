"""Queries are asked again: within a turn, by several owners of one filter, by impatient people."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.caches import LRUCache
from toldonce.embedders import Embedder
from toldonce.embedders.tokens import by_token, shrunk
from toldonce.types import QueryTokens

CAPACITY = 2048
"""Queries kept; 3 MB at 384 dimensions, and as much again for their tokens."""


class EmbeddedQuery(NamedTuple):
    """What an embedder makes of a query."""

    vector: NDArray[np.float32]
    """(dimensions,), length one."""
    tokens: QueryTokens | None
    """None where the embedder gives none."""


class CachedQueries:
    """An embedder's queries, the least recently used forgotten first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._made: LRUCache[str, EmbeddedQuery] = LRUCache(CAPACITY)

    def __len__(self) -> int:
        return len(self._made)

    def known(self, text: str) -> EmbeddedQuery | None:
        """What was made of a query a while ago."""
        return self._made.get(text)

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """Drop all of it: a query does not say whose memories its words are from."""
        self._made.forget(None)

    def embed_query(self, text: str) -> EmbeddedQuery:
        """The vectors of one query."""
        made = self._made.get(text)
        if made is None:
            made = embed_query(self._embedder, text)
            self._made.put(text, made)
        return made


def embed_query(embedder: Embedder, text: str) -> EmbeddedQuery:
    """The vectors of one query, anew."""
    tokeniser = by_token(embedder)
    if tokeniser is None:
        return EmbeddedQuery(embedder.embed_queries([text])[0], None)
    (found,) = tokeniser.embed_queries_by_token([text])
    tokens = QueryTokens(shrunk(found.tokens), found.spans, tokeniser.unrelated_tokens)
    return EmbeddedQuery(found.vector, tokens)
