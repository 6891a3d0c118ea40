"""Embeddings of a benchmark's texts, kept between runs."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toldonce.embedders import Embedder


class CachedVectors:
    """The bundled embedder behind a file in the temporary folder."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        if embedder is None:
            from toldonce.embedders.minilm import MiniLM

            embedder = MiniLM()
        self._embedder = embedder
        name = hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:12]
        self._file = Path(tempfile.gettempdir()) / f"toldonce-bench-{name}.npz"
        self._known: dict[str, NDArray[np.float32]] = {}
        self._changed = False
        if self._file.exists():
            with np.load(self._file) as held:
                self._known = dict(zip(held["texts"].tolist(), held["vectors"], strict=True))

    def documents(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """One vector each, as remembered."""
        return self._get("d", texts)

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question."""
        return self._get("q", [text])[0]

    def _get(self, kind: str, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        keys = [hashlib.sha256(f"{kind}{text}".encode()).hexdigest()[:24] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            embed = self._embedder.embed_queries if kind == "q" else self._embedder.embed_documents
            self._known.update(zip(missing, embed(list(missing.values())), strict=True))
            self._changed = True
        return [self._known[key] for key in keys]

    def save(self) -> None:
        """Keep what was embedded for the next run."""
        if self._changed:
            np.savez(self._file, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
            self._changed = False
