"""Where a memory lives and what it runs on; reads the dict that Mem0's ``from_config`` takes."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toldonce.embedders.spec import MULTILINGUAL, EmbedderSpec, onnx_spec, openai_spec
from toldonce.errors import InvalidConfig
from toldonce.llm.spec import PROVIDERS, SETTINGS, LlmSpec, parse_llm, read_llm
from toldonce.stores.place import DatabaseUrl, Place, Where, place_of
from toldonce.takeover import user_folder

_LOG = logging.getLogger(__name__)

_OURS = "toldonce"
_OPENAI_MODEL = "text-embedding-3-small"  # Mem0's default
_RUN: Mapping[str, Mapping[str, Set[str]]] = {
    "vector_store": {_OURS: {"path", "collection_name"}},
    "embedder": {
        _OURS: set(),
        MULTILINGUAL: set(),
        "openai": {"model", "openai_base_url", "embedding_dims", "api_key"},
        "onnx": {"path"},
    },
    "llm": {_OURS: set(), **{name: SETTINGS | {known.address, "azure_kwargs"} for name, known in PROVIDERS.items()}},
    "reranker": {_OURS: set()},
}
"""The providers that run here, and the keys of their ``config``."""
_COMPATIBLE = {"ollama": "http://localhost:11434", "lmstudio": "http://localhost:1234"}
"""Embedders of Mem0's that speak OpenAI's API too, and where they listen."""
_MODEL_FOLDERS = ("huggingface", "fastembed")
_WITHOUT = {
    "vector_store": "memories are kept in a folder, named by folder= or TOLDONCE_HOME; toldonce import mem0 moves them",
    "llm": "messages are remembered as they were said, and rules read facts from them",
    "reranker": "the ranking is built in",
}
"""What there is instead of a section of Mem0's."""
_WITHOUT_EFFECT = ("history_db_path", "version")
GUIDING = ("custom_instructions", "includes", "excludes", "custom_categories")
"""What ``read_guidance`` reads."""
LLM = "TOLDONCE_LLM"
"""The environment variable that names a model, as in ``ollama:qwen3:8b``, where the configuration names none."""


INDEX_BYTES = 1 << 30


def default_index_bytes() -> int:
    """``TOLDONCE_INDEX_BYTES``, or else one GiB."""
    given = os.environ.get("TOLDONCE_INDEX_BYTES")
    if not given:
        return INDEX_BYTES
    if not given.isdecimal() or int(given) == 0:
        raise InvalidConfig(f"TOLDONCE_INDEX_BYTES must be a whole number of bytes such as 1073741824, not {given!r}.")
    return int(given)


@dataclass(frozen=True, slots=True)
class Guidance:
    """What whoever runs a memory wants of facts: Mem0's settings of the same names."""

    custom_instructions: str = ""
    includes: str = ""
    excludes: str = ""
    custom_categories: Mapping[str, str] = field(default_factory=dict)
    """By label: what it means. A fact gets those that fit."""


def read_guidance(given: Mapping[str, Any]) -> Guidance:
    """Read the settings of these names; ``custom_categories`` is a dict, or Mem0's list of one-key dicts or of strings.

    Raises ``InvalidConfig``.
    """
    texts = {key: given.get(key) or "" for key in GUIDING[:3]}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise InvalidConfig(f"{key} must be a string, not {type(value).__name__}.")
    listed = given.get("custom_categories") or {}
    rows = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (str, Mapping)) for row in rows):
        raise InvalidConfig("custom_categories must be a list of one-key dicts, each a name with what it means.")
    named = [row.items() if isinstance(row, Mapping) else [(row, "")] for row in rows]
    return Guidance(**texts, custom_categories={str(name): str(means) for items in named for name, means in items})


@dataclass(frozen=True, slots=True)
class Config:
    """What an engine is made from."""

    place: Place
    """A folder, which holds the database and its locks and nothing else that matters, or a PostgreSQL database."""
    embedder: EmbedderSpec | None = None
    """None: the one the folder has, and the bundled one in a new folder."""
    index_bytes: int = field(default_factory=default_index_bytes)
    """RAM for the indexes of the owners last asked about. The engine evicts the least recently used beyond it."""
    llm: LlmSpec | None = None
    """The model that reads facts; None: no model is asked."""
    guidance: Guidance = field(default_factory=Guidance)
    """What that model is told besides."""


def default_place() -> Place:
    """``TOLDONCE_HOME``, or else the platform's folder for user data."""
    home = os.environ.get("TOLDONCE_HOME")
    return place_of(home) if home else user_folder()


def default_folder() -> Path:
    """The same for what is kept in files in any case, such as what waits for a host."""
    return files_beside(default_place())


def files_beside(place: Place) -> Path:
    """Where what belongs to a store and is kept in files in any case is: in its folder, or in the user's."""
    return user_folder() if isinstance(place, DatabaseUrl) else place


def read_config(config: Mapping[str, Any] | None, folder: Where | None = None) -> Config:
    """Read Mem0's configuration dict; ``folder`` wins over what it says.

    ``{"vector_store": {"provider": "toldonce", "config": {"path": ...}}}`` names a folder;
    ``{"embedder": {"provider": "openai", "config": {"model": ..., "openai_base_url": ..., "embedding_dims": ...,
    "api_key": ...}}}`` ``{"embedder": {"provider": "onnx", "config": {"path": ...}}}`` and
    ``{"embedder": {"provider": "multilingual"}}`` an embedder. ``{"llm": {"provider": "ollama", "config": {"model":
    ...}}}`` names a model that reads facts; ``custom_instructions``, ``includes``, ``excludes`` and
    ``custom_categories`` may stand beside it. Raises ``InvalidConfig`` for providers this engine does not run itself.
    """
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        raise InvalidConfig(f"The configuration must be a dict, not {type(config).__name__}.")
    path: object = None
    embedder: EmbedderSpec | None = None
    llm: LlmSpec | None = None
    guidance = Guidance()
    problems: list[str] = []
    for section in _RUN:
        if config.get(section) is None:
            continue
        try:
            provider, settings = _settings(section, config[section])
            if section == "vector_store":
                path = settings.get("path")
                if settings.get("collection_name") is not None:
                    _LOG.warning("vector_store.config.collection_name has no effect: a folder is one collection")
            elif section == "embedder":
                embedder = _embedder(provider, settings)
            elif section == "llm" and provider != _OURS:
                llm = read_llm(provider, settings)
        except InvalidConfig as error:
            problems.append(str(error))
    try:
        guidance = read_guidance(config)
        if config.get("llm") is None and (line := os.environ.get(LLM)):
            llm = parse_llm(line)
    except InvalidConfig as error:
        problems.append(str(error))
    if problems:
        raise InvalidConfig(" ".join(problems))
    for key in config:
        if key not in _RUN and key not in _WITHOUT_EFFECT and key not in GUIDING:
            _LOG.warning("Configuration key %r has no effect here and is ignored", key)
    chosen = folder if folder is not None else path
    if chosen is None:
        return Config(default_place(), embedder, llm=llm, guidance=guidance)
    if not isinstance(chosen, (str, os.PathLike, DatabaseUrl)) or not str(chosen):
        raise InvalidConfig(f"vector_store.config.path must be a folder's path, not {chosen!r}.")
    return Config(place_of(chosen), embedder, llm=llm, guidance=guidance)


def _settings(section: str, value: object) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        raise InvalidConfig(f"{section} must be a dict with 'provider' and 'config', not {type(value).__name__}.")
    provider = value.get("provider")
    if not isinstance(provider, str) or provider not in _RUN[section]:
        raise InvalidConfig(
            f"{section}: provider {provider!r} is not one that Toldonce runs itself; it runs "
            f"{', '.join(map(repr, _RUN[section]))}. {_instead(section, value)}"
        )
    settings = value.get("config") or {}
    if not isinstance(settings, Mapping):
        raise InvalidConfig(f"{section}.config must be a dict, not {type(settings).__name__}.")
    known = _RUN[section][provider]
    unknown = sorted(str(key) for key in settings if key not in known)
    if unknown:
        allowed = ", ".join(sorted(known)) or "nothing"
        keys = "key" if len(unknown) == 1 else "keys"
        raise InvalidConfig(f"{section}.config: unknown {keys} {', '.join(map(repr, unknown))}; it takes {allowed}.")
    return provider, settings


def _instead(section: str, value: Mapping[str, Any]) -> str:
    """What does the same here as a provider of Mem0's."""
    provider = value.get("provider")
    if section != "embedder":
        return f"Leave {section} out: {_WITHOUT[section]}."
    if isinstance(provider, str) and provider in _COMPATIBLE:
        given = value.get("config")
        settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        address = settings.get(f"{provider}_base_url")
        root = address.rstrip("/").removesuffix("/v1") if isinstance(address, str) else _COMPATIBLE[provider]
        model = settings.get("model") or "MODEL"
        same = {"provider": "openai", "config": {"model": model, "openai_base_url": f"{root}/v1"}}
        return f"The same model at the OpenAI-compatible address of {provider}: {same}."
    if provider in _MODEL_FOLDERS:
        return "A model on this machine: {'provider': 'onnx', 'config': {'path': FOLDER}}, or leave embedder out."
    return "Leave embedder out to use the bundled one."


def _embedder(provider: str, settings: Mapping[str, Any]) -> EmbedderSpec:
    if provider == "openai":
        return openai_spec(
            _text(settings, "model") or _OPENAI_MODEL,
            _text(settings, "openai_base_url"),
            _length(settings.get("embedding_dims")),
            _text(settings, "api_key"),
        )
    if provider == "onnx":
        path = settings.get("path")
        if not isinstance(path, (str, os.PathLike)) or not str(path):
            raise InvalidConfig(f"embedder.config.path must be the folder of the model, not {path!r}.")
        return onnx_spec(os.fspath(path))
    return EmbedderSpec(provider)


def _text(settings: Mapping[str, Any], key: str) -> str | None:
    value = settings.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidConfig(f"embedder.config.{key} must be a string, not {type(value).__name__}.")
    return value


def _length(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidConfig(f"embedder.config.embedding_dims must be a number from 1, not {value!r}.")
    return value
