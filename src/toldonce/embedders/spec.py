"""Embedders by name: the one line of text that stands in a configuration, on the command line and in a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from toldonce.embedders import Embedder
from toldonce.errors import InvalidConfig
from toldonce.net.openai import default_base_url, read_base_url

BUNDLED, MULTILINGUAL = "toldonce", "multilingual"
_OPENAI = re.compile(r"(?P<model>.+?)(?:@(?P<url>https?://[^#]*))?(?:#(?P<dimensions>[1-9]\d*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """Which embedder, and all it takes to open it; ``str()`` gives the line, without the key."""

    provider: str = BUNDLED
    """``toldonce``, ``multilingual``, ``openai`` or ``onnx``."""
    name: str = ""
    """The model as its server calls it, or the model's folder."""
    base_url: str | None = None
    dimensions: int | None = None
    api_key: str | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        if not self.name:
            return self.provider
        url = f"@{self.base_url}" if self.base_url else ""
        length = f"#{self.dimensions}" if self.dimensions else ""
        return f"{self.provider}:{self.name}{url}{length}"


def openai_spec(
    model: str, base_url: str | None = None, dimensions: int | None = None, api_key: str | None = None
) -> EmbedderSpec:
    """A model behind an OpenAI-compatible server.

    The address is settled here, so that a folder that remembers it never talks to another by a change of environment.
    """
    return EmbedderSpec("openai", model, read_base_url(base_url or default_base_url()), dimensions, api_key)


def parse_spec(text: str) -> EmbedderSpec:
    """Read ``toldonce``, ``multilingual``, ``openai:MODEL[@BASE_URL][#DIMENSIONS]`` or ``onnx:PATH``.

    Raises ``InvalidConfig``.
    """
    provider, _, rest = text.strip().partition(":")
    if provider in (BUNDLED, MULTILINGUAL) and not rest:
        return EmbedderSpec(provider)
    if provider == "onnx" and rest:
        return onnx_spec(rest)
    found = _OPENAI.fullmatch(rest) if provider == "openai" else None
    if found is None:
        raise InvalidConfig(
            f"{text!r} names no embedder. There are: {BUNDLED}, {MULTILINGUAL}, "
            "openai:MODEL[@BASE_URL][#DIMENSIONS] and onnx:PATH."
        )
    length = found["dimensions"]
    return openai_spec(found["model"], found["url"], int(length) if length else None)


def onnx_spec(path: str) -> EmbedderSpec:
    """A model in a folder of this machine; the whole path, so that it holds from wherever it is read."""
    from pathlib import Path

    return EmbedderSpec("onnx", str(Path(path).expanduser().resolve()))


def open_embedder(spec: EmbedderSpec, fingerprint: str | None = None) -> Embedder:
    """The embedder itself. Given the fingerprint its vectors had, a server need not be asked for it again."""
    if spec.provider == "openai":
        from toldonce.embedders.openai import OpenAIEmbeddings

        served = OpenAIEmbeddings(spec.name, spec.base_url, spec.api_key, spec.dimensions)
        if fingerprint is not None:
            served.recognise(fingerprint)
        return served
    if spec.provider == "onnx":
        from toldonce.embedders.onnx import OnnxEmbedder

        return OnnxEmbedder(spec.name)
    if spec.provider == MULTILINGUAL:
        from toldonce.embedders.multilingual import Multilingual

        return Multilingual()
    from toldonce.embedders.minilm import MiniLM

    return MiniLM()
