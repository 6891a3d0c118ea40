"""Texts to vectors. The default is the bundled MiniLM; anything with this protocol's four names can stand in."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from toldonce.embedders.minilm import MiniLM
    from toldonce.embedders.onnx import OnnxEmbedder
    from toldonce.embedders.openai import OpenAIEmbeddings

__all__ = ["Embedder", "MiniLM", "OnnxEmbedder", "OpenAIEmbeddings", "Vectors", "close"]

_HOMES = {"MiniLM": "minilm", "OnnxEmbedder": "onnx", "OpenAIEmbeddings": "openai"}
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


def close(embedder: Embedder) -> None:
    """Let go of what an embedder holds, if it holds anything: connections to a server."""
    closing = getattr(embedder, "close", None)
    if closing is not None:
        closing()


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"toldonce.embedders.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'toldonce.embedders' has no attribute {name!r}")
