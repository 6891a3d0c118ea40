"""The bundled embedder: all-MiniLM-L6-v2 in int8, on one core, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from recollect.embedders import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FOLDER = Path(__file__).parent / "models" / "all-MiniLM-L6-v2"
DIMENSIONS = 384
MAX_TOKENS = 256
MAX_CHARACTERS = 64 * MAX_TOKENS
"""More than any prose needs to fill 256 tokens; what lies beyond is not worth splitting into words first."""
FINGERPRINT = f"all-MiniLM-L6-v2/model-18448a78cf6d/tokenizer-be50c3628f2b/mean/{MAX_TOKENS}"
"""The two numbers begin the sha256 of ``model.onnx`` and ``tokenizer.json``; a test compares them."""


class MiniLM:
    """Texts to 384 numbers, with the model that ships in the package. English; see ``MODEL_CARD.md`` beside it.

    Nothing is loaded before the first text or ``load()``. Safe to call from several threads; each call runs on the
    thread that made it. A text longer than 256 tokens, about 190 words, counts up to there.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._model: tuple[Tokenizer, InferenceSession] | None = None

    @property
    def dimensions(self) -> int:
        """384."""
        return DIMENSIONS

    @property
    def fingerprint(self) -> str:
        """The same for every ``MiniLM`` that gives the same vectors."""
        return FINGERPRINT

    def load(self) -> None:
        """Load the model now, so that the first text does not wait for it (some tenths of a second)."""
        self._loaded()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), 384), rows of length one."""
        return self._embed(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), 384), rows of length one."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        if not len(texts):
            return vectors
        tokenizer, session = self._loaded()
        # One text a run: int8 scales are taken over the whole input, so a text's vector would depend on its neighbours.
        for row, text in enumerate(texts):
            # A lone surrogate, half an emoji cut by someone, is no text to the tokenizer: it becomes a question mark.
            readable = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
            ids = np.array([tokenizer.encode(readable).ids], np.int64)
            vectors[row] = session.run(["vectors"], {"ids": ids, "mask": np.ones_like(ids)})[0][0]
        return vectors

    def _loaded(self) -> tuple[Tokenizer, InferenceSession]:
        with self._lock:
            if self._model is None:
                self._model = _open_tokenizer(), _open_session()
            return self._model


def _open_tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    # The file as published pads every text to 128 tokens and cuts it there.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _open_session() -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # A text is too short to share among threads, and a voice agent has better uses for the other cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Measured: the fusions of the higher levels make this graph slower, and they round differently.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(FOLDER / "model.onnx", options, providers=["CPUExecutionProvider"])
