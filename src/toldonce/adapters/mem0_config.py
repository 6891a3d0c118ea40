"""Which engine a ``local_config`` asks for, and whether Mem0's can be had here. Nothing is imported for that."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from hashlib import blake2b
from importlib.util import find_spec
from typing import Any

from toldonce.errors import InvalidConfig, MissingExtra

OURS = "toldonce"
OUR_EMBEDDERS = ("openai", "onnx", "multilingual")
_SECTIONS = ("vector_store", "llm", "embedder", "reranker", "graph_store")

_PACKAGES = {
    "chroma": ("chromadb", "chromadb"),
    "faiss": ("faiss", "faiss-cpu"),
    "pgvector": ("psycopg", "'psycopg[binary,pool]'"),
    "redis": ("redisvl", "redis redisvl"),
    "valkey": ("valkey", "valkey"),
    "pinecone": ("pinecone", "pinecone"),
    "weaviate": ("weaviate", "weaviate-client"),
    "milvus": ("pymilvus", "pymilvus"),
    "elasticsearch": ("elasticsearch", "elasticsearch"),
    "opensearch": ("opensearchpy", "opensearch-py"),
    "mongodb": ("pymongo", "pymongo"),
}
"""What a vector store of Mem0's needs beside mem0ai: (module, what to install)."""

_OPENAI = ("openai", "openai_structured")


def needs_mem0(config: Mapping[str, Any]) -> bool:
    """Whether this configuration names a provider that only Mem0's library runs.

    A configuration that names none, or ``toldonce`` anywhere, is Toldonce's own; so is one that names an embedder of
    Toldonce's and nothing else.
    """
    sections = {name: config[name] for name in _SECTIONS if config.get(name) is not None}
    named = {name: part.get("provider") if isinstance(part, Mapping) else None for name, part in sections.items()}
    if OURS in named.values() or (set(named) == {"embedder"} and named["embedder"] in OUR_EMBEDDERS):
        return False
    return bool(sections)


def require_mem0(config: Mapping[str, Any]) -> None:
    """Raise where Mem0's library could not run this configuration, with all that there is to do about it.

    Raises:
        MissingExtra: packages are not installed.
        InvalidConfig: OpenAI is asked for, be it by default, and there is no key for it.
    """
    without = [name for name in ("llm", "embedder") if _lacks_key(config, name)]
    key = (
        f"local_config: OpenAI runs the {' and the '.join(without)}, and needs a key. Set OPENAI_API_KEY, "
        "or name another provider under 'llm' and 'embedder'. With local_config={} Toldonce "
        "runs its own engine, which needs no key."
    )
    try:
        require_packages(config)
    except MissingExtra as error:
        raise MissingExtra(f"{error} {key}" if without else str(error)) from None
    if without:
        raise InvalidConfig(key)


def require_packages(config: Mapping[str, Any]) -> None:
    """Raise ``MissingExtra`` where Mem0's library, or what its vector store needs, is not installed."""
    store = _provider(config, "vector_store", "qdrant")
    missing = [] if find_spec("mem0") else ["'toldonce[mem0]'"]
    module, package = _PACKAGES.get(store, ("", ""))
    if module and not find_spec(module):
        missing.append(package)
    if missing:
        raise MissingExtra(
            f"local_config names providers that Mem0's own library runs (vector store {store!r}), and not all of it is "
            f"installed. Install it: pip install {' '.join(missing)}."
        )


def vector_store(config: Mapping[str, Any]) -> str:
    """The vector store that will be used."""
    return _provider(config, "vector_store", "qdrant")


_SECRET = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]*@")
"""A user's name and password in an address."""


def fingerprint(config: Mapping[str, Any]) -> str:
    """Tells configurations apart, and gives no key in them away."""
    return blake2b(json.dumps(config, sort_keys=True, default=repr).encode(), digest_size=6).hexdigest()


def place_of(config: Mapping[str, Any]) -> str:
    """Tells vector stores apart: what is stored there belongs there, whichever keys and models made it."""
    section = config.get("vector_store")
    return fingerprint({"vector_store": _without_secrets(section) if isinstance(section, Mapping) else None})


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_secrets(part) for key, part in value.items() if not _SECRET.search(str(key))}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(part) for part in value]
    return _USERINFO.sub("//", value) if isinstance(value, str) else value


def _lacks_key(config: Mapping[str, Any], section: str) -> bool:
    if _provider(config, section, "openai") not in _OPENAI:
        return False
    settings = (config.get(section) or {}).get("config") or {}
    keys = ("OPENAI_API_KEY", "OPENROUTER_API_KEY") if section == "llm" else ("OPENAI_API_KEY",)
    return not settings.get("api_key") and not any(os.environ.get(name) for name in keys)


def _provider(config: Mapping[str, Any], section: str, default: str) -> str:
    named = config.get(section)
    if named is not None and not isinstance(named, Mapping):
        raise InvalidConfig(f"{section} must be a dict with 'provider' and 'config', not {type(named).__name__}.")
    return str((named or {}).get("provider") or default)
