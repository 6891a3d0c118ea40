"""Sentence-transformers models in a folder, on one core, without a network."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from toldonce.embedders import TextVectors, Vectors
from toldonce.embedders.native import NATIVE
from toldonce.errors import InvalidConfig
from toldonce.locks import FORK_GATE, ForkLock

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MAX_TOKENS = 512
"""Where a folder says nothing of its model's length."""

CHARACTERS_A_TOKEN = 64
"""More than any prose needs; what lies beyond a model's length is not worth splitting into words first."""

_IDS = ("input_ids", "ids")
_MASK = ("attention_mask", "mask")
_POOLED = "sentence_embedding"


class _Model(NamedTuple):
    """What a folder's files become."""

    tokenizer: Tokenizer
    first: InferenceSession
    inputs: list[str]
    output: str
    rest: list[InferenceSession]
    """The other parts, each of one input; what the last gives second are the vectors of the tokens."""


_OPENING = ForkLock()


@lru_cache(maxsize=2)
def _open(parts: tuple[Path, ...], tokenizer: Path, max_tokens: int, *changed: int) -> _Model:
    """Kept for the process: calls that come and go would load their model each, and leave the heap in pieces."""
    first, *rest = map(_open_session, parts)
    outputs = [output.name for output in first.get_outputs()]
    return _Model(
        _open_tokenizer(tokenizer, max_tokens),
        first,
        [wanted.name for wanted in first.get_inputs()],
        # Others have a vector for the whole text too that means something else, such as BERT's pooler_output.
        _POOLED if _POOLED in outputs else outputs[0],
        rest,
    )


class OnnxEmbedder:
    """A folder's ``model.onnx`` (or ``onnx/model.onnx``) and ``tokenizer.json``: ids and mask in, a vector out.

    A model that gives a vector for each token is averaged over them, as sentence-transformers does by default. It may
    be cut into ``model.1.onnx``, ``model.2.onnx`` and so on, each taking what the one before gives: between two parts
    the core is offered to whoever waits for it. Nothing but the files' digests is read before the first text or
    ``load()``. Safe to call from several threads; each call runs on the thread that made it.

    Raises:
        InvalidConfig: the folder lacks a file, or its model does not work that way.
    """

    def __init__(self, path: str | Path, *, max_tokens: int | None = None) -> None:
        self.folder = Path(path).expanduser()
        self._opened: _Model | None = None
        self._parts = _parts(self.folder)
        if not self._parts or not (self.folder / "tokenizer.json").is_file():
            raise InvalidConfig(
                f"{self.folder} is no embedding model: it must hold model.onnx (or onnx/model.onnx) and tokenizer.json."
            )
        self._require_mean_pooling()
        self._max_tokens = max_tokens or self._own_length()

    @cached_property
    def dimensions(self) -> int:
        """The length of every vector; loads the model."""
        return len(self._text("", self._loaded()).vector)

    @cached_property
    def fingerprint(self) -> str:
        """The digest of the files, the pooling and the length."""
        digest = hashlib.sha256()
        weights = self._parts[0].with_name("model.onnx_data")
        for file in (*self._parts, weights, self.folder / "tokenizer.json"):
            if file.is_file():
                with file.open("rb") as content:
                    digest.update(hashlib.file_digest(content, "sha256").digest())
        return f"onnx/{digest.hexdigest()[:24]}/mean/{self._max_tokens}"

    def load(self) -> None:
        """Load the model now, so that the first text does not wait for it."""
        self._loaded()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), dimensions), rows of length one."""
        return self._embed(texts)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), dimensions), rows of length one."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not len(texts):
            return vectors
        for row, found in enumerate(self._each(texts)):
            vectors[row] = found.vector
        return vectors

    def _each(self, texts: Sequence[str]) -> Iterator[TextVectors]:
        model = self._loaded()
        # One text a run: int8 scales are taken over the whole input, so a text's vector would depend on its neighbours.
        for text in texts:
            yield self._text(text, model)
            _let_others_run()

    def _text(self, text: str, model: _Model) -> TextVectors:
        with NATIVE:
            return self._run(text, model)

    def _run(self, text: str, model: _Model) -> TextVectors:
        # A lone surrogate, half an emoji cut by someone, is no text to the tokenizer: it becomes a question mark.
        readable = text[: CHARACTERS_A_TOKEN * self._max_tokens].encode("utf-8", "replace").decode("utf-8")
        encoding = model.tokenizer.encode(readable)
        ids = np.array([encoding.ids or [0]], np.int64)  # nothing at all has no mean
        given = {
            name: ids if name in _IDS else np.ones_like(ids) if name in _MASK else np.zeros_like(ids)
            for name in model.inputs
        }
        found: Any = model.first.run([model.output], given)[0]
        tokens: Any = found
        for part in model.rest:
            _let_others_run()
            found, *by_token = part.run(None, {part.get_inputs()[0].name: found})
            tokens = by_token[0] if by_token else found
        vector = found[0] if found.ndim == 2 else found[0].mean(axis=0)
        return TextVectors(
            vector / max(float(vector @ vector) ** 0.5, 1e-12),
            tokens[0] if tokens.ndim == 3 else np.empty((0, len(vector)), np.float32),
            np.array(encoding.offsets, np.int32).reshape(-1, 2),
        )

    def _loaded(self) -> _Model:
        if self._opened is None:
            with _OPENING:
                if self._opened is None:  # another thread may have loaded it meanwhile
                    tokenizer = self.folder / "tokenizer.json"
                    changed = (file.stat().st_mtime_ns for file in (*self._parts, tokenizer))
                    with NATIVE, FORK_GATE:  # which imports
                        self._opened = _open(self._parts, tokenizer, self._max_tokens, *changed)
        return self._opened

    def _own_length(self) -> int:
        said = _json(self.folder / "sentence_bert_config.json").get("max_seq_length")
        truncation = _json(self.folder / "tokenizer.json").get("truncation") or {}
        return int(said or truncation.get("max_length") or MAX_TOKENS)

    def _require_mean_pooling(self) -> None:
        pooling = _json(self.folder / "1_Pooling" / "config.json")
        if pooling and not pooling.get("pooling_mode_mean_tokens"):
            raise InvalidConfig(
                f"{self.folder} pools its tokens in another way than by their mean, which is the only one there is "
                "here. Choose a model with mean pooling, or serve this one with an OpenAI-compatible server."
            )


def _parts(folder: Path) -> tuple[Path, ...]:
    """The files of a folder's network, in their order."""
    for whole in (folder / "model.onnx", folder / "onnx" / "model.onnx"):
        if whole.is_file():
            return (whole,)
    numbered = (folder / f"model.{number}.onnx" for number in count(1))
    return tuple(takewhile(Path.is_file, numbered))


def _let_others_run() -> None:
    """A system lets a thread finish its time slice first: an event loop on the same core would wait for all of it."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise InvalidConfig(f"{file} is not JSON: {error}. Get the model again.") from error
    return found if isinstance(found, dict) else {}


def _open_tokenizer(file: Path, max_tokens: int) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    # Files as published often pad every text, and cut it where their makers trained.
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _open_session(model: Path) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # A text is too short to share among threads, and a voice agent has better uses for the other cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Measured with the bundled graph: this one fusion costs more than the others together save.
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )
