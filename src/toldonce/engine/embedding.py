"""Texts to vectors, where one text that cannot be embedded takes nothing away from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from toldonce.embedders import Embedder, Vectors
from toldonce.embedders.tokens import by_token, of_beginnings
from toldonce.errors import AuthenticationFailed, Closed, EmbedderMismatch, RateLimited, RemoteError
from toldonce.stores.protocol import Embedding, Unembedded
from toldonce.text.keys import key_text, spoken

PROBE = Unembedded(0, 0, 0, "A short sentence.", None, None, None)
"""What an embedder that works can embed."""

_NOT_THE_TEXT = (AuthenticationFailed, Closed, EmbedderMismatch, RateLimited)
"""Errors that no text is to blame for."""


class Embedded(NamedTuple):
    """What became of some versions."""

    vectors: list[tuple[Unembedded, Embedding]]
    """Each with its vectors as stores keep them."""
    refused: list[tuple[Unembedded, str]]
    """Those whose text the embedder cannot embed, and why."""


def embed_versions(embedder: Embedder, versions: Sequence[Unembedded]) -> Embedded:
    """Embed each version, in as few calls as possible.

    Where a call fails although the embedder can embed ``PROBE``, one of its texts is the cause: the call is split in
    halves down to that text. A memory whose predecessor is the cause gets the vector of its own words. Raises what the
    embedder raised where it can embed nothing at present.
    """
    if not versions:
        return Embedded([], [])
    try:
        made = _embeddings(embedder, versions)
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
    return Embedded(list(zip(versions, made, strict=True)), [])


def _alone(embedder: Embedder, version: Unembedded, error: Exception) -> Embedded:
    """What becomes of a version that cannot be embedded: perhaps only the words before it are the cause."""
    if version.previous_text is None:
        return Embedded([], [(version, f"{type(error).__name__}: {error}")])
    own = embed_versions(embedder, [version._replace(previous_text=None, previous_actor_id=None)])
    return Embedded([(version, made) for _, made in own.vectors], [(version, reason) for _, reason in own.refused])


def _embeddings(embedder: Embedder, versions: Sequence[Unembedded]) -> list[Embedding]:
    texts = [key_text(v.text, v.actor_id, v.previous_text, v.previous_actor_id) for v in versions]
    tokeniser = by_token(embedder)
    if tokeniser is None:
        return [Embedding(vector.tobytes()) for vector in _checked(embedder, texts, embedder.embed_documents(texts))]
    found = tokeniser.embed_documents_by_token(texts)
    vectors = _checked(embedder, texts, np.array([one.vector for one in found], np.float32))
    # The words before it are in its vector, since they say what it is about; they are not what it says.
    own = of_beginnings(found, [len(spoken(v.text, v.actor_id)) for v in versions])
    return [Embedding(vector.tobytes(), small.tobytes()) for vector, small in zip(vectors, own, strict=True)]


def _checked(embedder: Embedder, texts: Sequence[str], given: Vectors) -> Vectors:
    vectors = np.ascontiguousarray(given, "<f4")
    if vectors.shape != (len(texts), embedder.dimensions):
        raise ValueError(
            f"The embedder gave an array of shape {vectors.shape} for {len(texts)} texts of {embedder.dimensions} "
            "dimensions. It must return one row for each text."
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise ValueError("The embedder gave a vector without a direction (zero, infinite or not a number).")
    return vectors


def _works(embedder: Embedder) -> bool:
    try:
        _embeddings(embedder, [PROBE])
    except Exception:  # whatever it is, the first error is the one to report
        return False
    return True
