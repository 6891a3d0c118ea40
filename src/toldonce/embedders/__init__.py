"""Texts to vectors. The default is the bundled MiniLM; anything with this protocol's four names can stand in."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from toldonce.embedders.minilm import MiniLM
    from toldonce.embedders.multilingual import Multilingual
    from toldonce.embedders.onnx import OnnxEmbedder
    from toldonce.embedders.openai import OpenAIEmbeddings

__all__ = [
    "Embedder",
    "MiniLM",
    "Multilingual",
    "OnnxEmbedder",
    "OpenAIEmbeddings",
    "TextVectors",
    "TokenEmbedder",
    "Vectors",
    "close",
]

_HOMES = {"MiniLM": "minilm", "Multilingual": "multilingual", "OnnxEmbedder": "onnx", "OpenAIEmbeddings": "openai"}
"""Loaded when they are used: each brings a runtime or an HTTP client along."""

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (texts, dimensions), rows of length one."""


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    A text's vector must not depend on the texts it is embedded beside. Implementations are called from
    several threads.
    """

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would get another vector: model, tokenizer, pooling, length."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), dimensions), rows L2-normalised."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), dimensions), rows L2-normalised."""
        ...


class TextVectors(NamedTuple):
    """What a network makes of one text."""

    vector: NDArray[np.float32]
    """Of the whole text: (dimensions,), length one."""
    tokens: NDArray[np.float32]
    """Of each token: (tokens, any width), of any length."""
    spans: NDArray[np.int32]
    """(tokens, 2): where in the text each token begins and ends, in characters. A mark that stands for nothing in the
    text is empty."""


class TokenEmbedder(Embedder, Protocol):
    """An embedder that gives the vectors of a text's tokens too, from the run that it makes anyway."""

    unrelated_tokens: float
    """What the best cosine of a query's token to any token of a text usually is, where both have nothing in common."""

    def embed_queries_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        """Vectors of what is asked; ``vector`` is that of ``embed_queries``."""
        ...

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        """Vectors of what is remembered; ``vector`` is that of ``embed_documents``."""
        ...


def close(embedder: Embedder) -> None:
    """Let go of what an embedder holds, if it holds anything: connections to a server."""
    closing = getattr(embedder, "close", None)
    if closing is not None:
        closing()


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"toldonce.embedders.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'toldonce.embedders' has no attribute {name!r}")
