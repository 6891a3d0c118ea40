"""Embeddings of a benchmark's texts, kept between runs."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toldonce.embedders import Embedder
from toldonce.embedders.cache import EmbeddedQuery, embed_query
from toldonce.embedders.tokens import TOKENS_VERSION, by_token
from toldonce.engine.embedding import embed_versions
from toldonce.stores.protocol import Unembedded
from toldonce.types import TOKEN_DIMENSIONS, QueryTokens


class Said(NamedTuple):
    """What is embedded of a memory."""

    text: str
    actor: str | None = None
    previous_text: str | None = None
    previous_actor: str | None = None


class Made(NamedTuple):
    """What a text's embedding is."""

    vector: NDArray[np.float32]
    tokens: NDArray[np.int8] | None
    spans: NDArray[np.int32]


class CachedVectors:
    """The bundled embedder behind a file in the temporary folder."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        if embedder is None:
            from toldonce.embedders.minilm import MiniLM

            embedder = MiniLM()
        self._embedder = embedder
        name = hashlib.sha256(f"{embedder.fingerprint}/{TOKENS_VERSION}".encode()).hexdigest()[:12]
        self._file = Path(tempfile.gettempdir()) / f"toldonce-bench-{name}.npz"
        self._known: dict[str, Made] = {}
        self._changed = False
        if self._file.exists():
            with np.load(self._file) as held:
                ends = np.cumsum(held["sizes"])[:-1]
                tokens, spans = np.split(held["tokens"], ends), np.split(held["spans"], ends)
                made = zip(held["vectors"], tokens, spans, strict=True)
                self._known = {text: Made(*one) for text, one in zip(held["texts"].tolist(), made, strict=True)}

    def memories(self, said: Sequence[Said]) -> list[Made]:
        """What is kept of each memory."""
        keys = [_key("m", *one) for one in said]
        missing = {key: one for key, one in zip(keys, said, strict=True) if key not in self._known}
        versions = [Unembedded(number, number, 0, *one) for number, one in enumerate(missing.values())]
        if versions:
            made = embed_versions(self._embedder, versions).vectors
            for key, (_, found) in zip(missing, made, strict=True):
                tokens = np.frombuffer(found.tokens or b"", np.int8).reshape(-1, TOKEN_DIMENSIONS)
                spans = np.zeros((len(tokens), 2), np.int32)
                self._known[key] = Made(np.frombuffer(found.vector, np.float32), tokens, spans)
            self._changed = True
        known = [self._known[key] for key in keys]
        return known if by_token(self._embedder) else [one._replace(tokens=None) for one in known]

    def query(self, text: str) -> EmbeddedQuery:
        """What a question is ranked by."""
        key = _key("q", text)
        if key not in self._known:
            found = embed_query(self._embedder, text)
            tokens = found.tokens or QueryTokens(
                np.empty((0, TOKEN_DIMENSIONS), np.int8), np.empty((0, 2), np.int32), 0.0
            )
            self._known[key] = Made(found.vector, tokens.vectors, tokens.spans)
            self._changed = True
        vector, small, spans = self._known[key]
        tokeniser = by_token(self._embedder)
        if tokeniser is None or small is None:
            return EmbeddedQuery(vector, None)
        return EmbeddedQuery(vector, QueryTokens(small, spans, tokeniser.unrelated_tokens))

    def save(self) -> None:
        """Keep what was embedded for the next run."""
        if not self._changed:
            return
        made = list(self._known.values())
        np.savez(
            self._file,
            texts=np.array(list(self._known)),
            vectors=np.stack([one.vector for one in made]),
            sizes=np.array([len(one.spans) for one in made]),
            tokens=np.concatenate([one.tokens for one in made if one.tokens is not None]),
            spans=np.concatenate([one.spans for one in made]),
        )
        self._changed = False


def _key(kind: str, *parts: str | None) -> str:
    return hashlib.sha256(repr((kind, *parts)).encode()).hexdigest()[:24]
