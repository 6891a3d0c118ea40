"""Texts to vectors, where one text that cannot be embedded takes nothing away from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from toldonce.embedders import Embedder, Vectors
from toldonce.errors import AuthenticationFailed, Closed, EmbedderMismatch, RateLimited, RemoteError
from toldonce.stores.protocol import Unembedded
from toldonce.text.keys import key_text

PROBE = "A short sentence."
"""What an embedder that works can embed."""

_NOT_THE_TEXT = (AuthenticationFailed, Closed, EmbedderMismatch, RateLimited)
"""Errors that no text is to blame for."""


class Embedded(NamedTuple):
    """What became of some versions."""

    vectors: list[tuple[Unembedded, bytes]]
    """Each with its vector as stores keep it: float32, little-endian."""
    refused: list[tuple[Unembedded, str]]
    """Those whose text the embedder cannot embed, and why."""


def embed_versions(embedder: Embedder, versions: Sequence[Unembedded]) -> Embedded:
    """Embed each version, in as few calls as possible.

    Where a call fails although the embedder can embed ``PROBE``, one of its texts is the cause: the call is split in
    halves down to that text. A memory whose predecessor is the cause gets the vector of its own words. Raises what the
    embedder raised where it can embed nothing at present.
    """
    try:
        texts = [key_text(v.text, v.actor_id, v.previous_text, v.previous_actor_id) for v in versions]
        vectors = _vectors(embedder, texts)
    except _NOT_THE_TEXT:
        raise
    except Exception as error:  # an embedder may be anybody's code
        wants_time = isinstance(error, RemoteError) and error.retry_after is not None
        if wants_time or not _works(embedder):
            raise
        if len(versions) == 1:
            return _alone(embedder, versions[0], error)
        half = len(versions) // 2
        first, second = embed_versions(embedder, versions[:half]), embed_versions(embedder, versions[half:])
        return Embedded(first.vectors + second.vectors, first.refused + second.refused)
    return Embedded([(version, row.tobytes()) for version, row in zip(versions, vectors, strict=True)], [])


def _alone(embedder: Embedder, version: Unembedded, error: Exception) -> Embedded:
    """What becomes of a version that cannot be embedded: perhaps only the words before it are the cause."""
    if version.previous_text is None:
        return Embedded([], [(version, f"{type(error).__name__}: {error}")])
    own = embed_versions(embedder, [version._replace(previous_text=None, previous_actor_id=None)])
    return Embedded([(version, blob) for _, blob in own.vectors], [(version, reason) for _, reason in own.refused])


def _vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    vectors = np.ascontiguousarray(embedder.embed_documents(texts), "<f4")
    if vectors.shape != (len(texts), embedder.dimensions):
        raise ValueError(
            f"The embedder gave an array of shape {vectors.shape} for {len(texts)} texts of {embedder.dimensions} "
            "dimensions. Its embed_documents must return one row for each text."
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise ValueError("The embedder gave a vector without a direction (zero, infinite or not a number).")
    return vectors


def _works(embedder: Embedder) -> bool:
    try:
        _vectors(embedder, [PROBE])
    except Exception:  # whatever it is, the first error is the one to report
        return False
    return True
