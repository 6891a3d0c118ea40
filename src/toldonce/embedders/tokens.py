"""A vector for each token of a text, small enough to keep: 128 numbers of int8 each (64 lose recall, 384 gain none).

They are compared one by one (late interaction, MaxSim; Khattab & Zaharia 2020, arXiv:2004.12832), where a text's own
vector is a mean that blurs them.
"""

from __future__ import annotations

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

SmallVectors: TypeAlias = NDArray[np.int8]
"""Shape (tokens, TOKEN_DIMENSIONS); rows of length ``TOKEN_SCALE``, up to rounding."""


def by_token(embedder: Embedder) -> TokenEmbedder | None:
    """The same embedder, if it gives vectors of tokens."""
    # Not by isinstance: that would ask for ``dimensions``, for which some load their model.
    return cast("TokenEmbedder", embedder) if hasattr(embedder, "embed_documents_by_token") else None


def of_beginning(found: TextVectors, length: int) -> SmallVectors:
    """Small vectors of the tokens in the first ``length`` characters of a text; marks around it are left out."""
    starts, ends = found.spans[:, 0], found.spans[:, 1]
    kept = np.flatnonzero((ends > starts) & (ends <= length))[:LONGEST]
    return shrunk(found.tokens[kept])


def shrunk(vectors: NDArray[np.float32]) -> SmallVectors:
    """Vectors of any length as small ones: turned in a fixed random way and cut, which nearly keeps angles."""
    width = vectors.shape[1]
    small = vectors @ _projection(width)
    lengths = np.linalg.norm(small, axis=1, keepdims=True)
    scaled: SmallVectors = np.rint(small * (TOKEN_SCALE / np.maximum(lengths, 1e-12))).astype(np.int8)
    return scaled


@lru_cache(maxsize=4)
def _projection(width: int) -> NDArray[np.float32]:
    """(width, TOKEN_DIMENSIONS), the columns orthogonal: blocks of a Hadamard matrix whose rows have random signs.

    Made of whole numbers and the raw bits of PCG64, so it is the same on every machine (Ailon & Chazelle 2009).
    """
    hadamard = np.ones((1, 1), np.float32)
    while len(hadamard) < TOKEN_DIMENSIONS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]]).astype(np.float32)
    blocks = -(-width // TOKEN_DIMENSIONS)
    drawn = np.random.PCG64(0).random_raw(blocks * TOKEN_DIMENSIONS)
    signs = np.where(drawn >> np.uint64(63), np.float32(1), np.float32(-1))
    whole = np.concatenate([hadamard] * blocks) * signs[:, np.newaxis]
    projection: NDArray[np.float32] = (whole[:width] / (blocks * TOKEN_DIMENSIONS) ** 0.5).astype(np.float32)
    return projection
