"""A vector for each token of a text, small enough to keep: 128 numbers of int8 each (64 lose recall, 384 gain none).

They are compared one by one (late interaction, MaxSim; Khattab & Zaharia 2020, arXiv:2004.12832), where a text's own
vector is a mean that blurs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from toldonce.embedders import Embedder, TextVectors, TokenEmbedder
from toldonce.types import TOKEN_DIMENSIONS, TOKEN_SCALE

TOKENS_VERSION = "1"
"""Changes whenever the same text would get other small vectors: part of a store's fingerprint."""

LONGEST = 48
"""Tokens kept of a text, the first ones. Of more a long text matches anything."""

_AT_ONCE = 16
"""Texts whose vectors are made small together: as many as a processor's cache holds."""

SmallVectors: TypeAlias = NDArray[np.int8]
"""Shape (tokens, TOKEN_DIMENSIONS); rows of length ``TOKEN_SCALE``, up to rounding."""


def by_token(embedder: Embedder) -> TokenEmbedder | None:
    """The same embedder, if it gives vectors of tokens."""
    # Not by isinstance: that would ask for ``dimensions``, for which some load their model.
    return cast("TokenEmbedder", embedder) if hasattr(embedder, "embed_documents_by_token") else None


def of_beginnings(found: Sequence[TextVectors], lengths: Sequence[int]) -> list[SmallVectors]:
    """Small vectors of the tokens in the first so many characters of each text; marks around it are left out."""
    kept = [_beginning(one, length) for one, length in zip(found, lengths, strict=True)]
    small: list[SmallVectors] = []
    for start in range(0, len(kept), _AT_ONCE):
        some = kept[start : start + _AT_ONCE]
        small += np.split(shrunk(np.concatenate(some)), np.cumsum([len(tokens) for tokens in some])[:-1])
    return small


def _beginning(found: TextVectors, length: int) -> NDArray[np.float32]:
    starts, ends = found.spans[:, 0], found.spans[:, 1]
    tokens: NDArray[np.float32] = found.tokens[np.flatnonzero((ends > starts) & (ends <= length))[:LONGEST]]
    return tokens


def shrunk(vectors: NDArray[np.float32]) -> SmallVectors:
    """Vectors of any length as small ones: turned in a fixed random way and cut, which nearly keeps angles.

    A product with a Hadamard matrix whose rows have random signs (Ailon & Chazelle 2009), by additions alone. A matrix
    product of this size is one that BLAS divides among threads: on a machine that is busy with other things it waits
    for them for tens of milliseconds.
    """
    count, width = vectors.shape
    signs = _signs(width)
    turned = np.zeros((count, signs.size), np.float32)
    turned[:, :width] = vectors
    turned *= signs
    folded = turned.reshape(count, signs.size // TOKEN_DIMENSIONS, TOKEN_DIMENSIONS).sum(axis=1)
    columns = np.ascontiguousarray(folded.T)  # so that what is added up lies side by side
    free = np.empty_like(columns)
    half = 1
    while half < TOKEN_DIMENSIONS:  # the fast Walsh-Hadamard transform
        pairs, sums = (numbers.reshape(TOKEN_DIMENSIONS // (2 * half), 2, half * count) for numbers in (columns, free))
        np.add(pairs[:, 0], pairs[:, 1], out=sums[:, 0])
        np.subtract(pairs[:, 0], pairs[:, 1], out=sums[:, 1])
        columns, free = free, columns
        half *= 2
    small = np.ascontiguousarray(columns.T)
    lengths = np.linalg.norm(small, axis=1, keepdims=True)
    scaled: SmallVectors = np.rint(small * (TOKEN_SCALE / np.maximum(lengths, 1e-12))).astype(np.int8)
    return scaled


@lru_cache(maxsize=4)
def _signs(width: int) -> NDArray[np.float32]:
    """1 or -1 for each number of a vector and of what fills it up: raw bits of PCG64, the same everywhere."""
    drawn = np.random.PCG64(0).random_raw(-(-width // TOKEN_DIMENSIONS) * TOKEN_DIMENSIONS)
    return np.where(drawn >> np.uint64(63), np.float32(1), np.float32(-1))
