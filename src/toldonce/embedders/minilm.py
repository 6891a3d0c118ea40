"""The bundled embedder: all-MiniLM-L6-v2 in int8, on one core, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toldonce.embedders import TextVectors
from toldonce.embedders.onnx import OnnxEmbedder
from toldonce.errors import InvalidConfig

FOLDER = Path(__file__).parent / "models" / "all-MiniLM-L6-v2"
DIMENSIONS = 384
MAX_TOKENS = 256
PARTS = 2
UNRELATED = 0.05
"""The usual cosine of two texts that have nothing to do with each other."""
UNRELATED_TOKENS = 0.26
"""The usual cosine of a query's token to the nearest of such a text."""
FINGERPRINT = f"all-MiniLM-L6-v2/model-8dc4a64e8a29/tokenizer-be50c3628f2b/mean/{MAX_TOKENS}"
"""The two numbers begin the sha256 of the network before it was cut in two, which both parts carry, and of
``tokenizer.json``; a test compares them."""


class MiniLM(OnnxEmbedder):
    """Texts to 384 numbers, with the model that ships in the package. English; see ``MODEL_CARD.md`` beside it.

    A text longer than 256 tokens, about 190 words, counts up to there.
    """

    dimensions = DIMENSIONS
    fingerprint = FINGERPRINT
    unrelated = UNRELATED
    unrelated_tokens = UNRELATED_TOKENS

    def __init__(self) -> None:
        super().__init__(FOLDER, max_tokens=MAX_TOKENS)
        if len(self._parts) != PARTS:
            raise InvalidConfig(f"{FOLDER} lacks a part of the model. Install Toldonce again.")

    def embed_queries_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        """See ``TokenEmbedder``."""
        return list(self._each(texts))

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        """See ``TokenEmbedder``."""
        return list(self._each(texts))
