"""Where a memory lives and what it runs on; reads the dict that Mem0's ``from_config`` takes."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from recollect.errors import InvalidConfig

_LOG = logging.getLogger(__name__)

_OURS = "recollect"
_PROVIDED = ("vector_store", "embedder", "llm", "reranker")
_WITHOUT_EFFECT = ("history_db_path", "version")


@dataclass(frozen=True, slots=True)
class Config:
    """What an engine is made from."""

    folder: Path
    """Holds the database and its locks, and nothing else that matters."""


def default_folder() -> Path:
    """``RECOLLECT_HOME``, or else the platform's folder for user data."""
    home = os.environ.get("RECOLLECT_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir("recollect", appauthor=False))


def read_config(config: Mapping[str, Any] | None, folder: str | os.PathLike[str] | None = None) -> Config:
    """Read Mem0's configuration dict; ``folder`` wins over what it says.

    ``{"vector_store": {"provider": "recollect", "config": {"path": ...}}}`` names a folder. Raises ``InvalidConfig``
    for providers this engine does not run itself.
    """
    if config is None:
        config = {}
    if not isinstance(config, Mapping):
        raise InvalidConfig(f"The configuration must be a dict, not {type(config).__name__}.")
    path: object = None
    for section in _PROVIDED:
        if config.get(section) is not None:
            settings = _settings(section, config[section])
            path = settings.get("path") if section == "vector_store" else path
    for key in config:
        if key not in _PROVIDED and key not in _WITHOUT_EFFECT:
            _LOG.warning("Configuration key %r has no effect here and is ignored", key)
    chosen = folder if folder is not None else path
    if chosen is None:
        return Config(default_folder())
    if not isinstance(chosen, (str, os.PathLike)) or not str(chosen):
        raise InvalidConfig(f"vector_store.config.path must be a folder's path, not {chosen!r}.")
    return Config(Path(chosen).expanduser())


def _settings(section: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidConfig(f"{section} must be a dict with 'provider' and 'config', not {type(value).__name__}.")
    provider = value.get("provider")
    if provider != _OURS:
        raise InvalidConfig(
            f"{section}: provider {provider!r} is not one that Recollect runs itself; it runs {_OURS!r}. "
            f"Leave {section} out to use the built-in one."
        )
    settings = value.get("config") or {}
    if not isinstance(settings, Mapping):
        raise InvalidConfig(f"{section}.config must be a dict, not {type(settings).__name__}.")
    known = {"path", "collection_name"} if section == "vector_store" else set()
    unknown = sorted(str(key) for key in settings if key not in known)
    if unknown:
        allowed = ", ".join(sorted(known)) or "nothing"
        raise InvalidConfig(f"{section}.config: unknown key {unknown[0]!r}; it takes {allowed}.")
    return settings
