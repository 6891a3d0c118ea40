"""What Mem0's library keeps under a ``local_config``, read without the models it names: reading calls none."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import pathname2url

from toldonce.adapters.mem0_config import require_packages
from toldonce.errors import InvalidConfig

Row = dict[str, Any]

_ALL = 1_000_000
_SHOWN = ("user_id", "agent_id", "run_id", "actor_id", "role", "attributed_to", "expiration_date")
"""Keys of a payload that Mem0 shows beside the memory; the rest is its metadata."""
_INNER = ("data", "hash", "created_at", "updated_at", "id", "text_lemmatized")


def read_store(config: Mapping[str, Any]) -> tuple[list[Row], dict[str, list[Row]]]:
    """All memories as Mem0 lists them, and the histories by memory id. Makes nothing where nothing is.

    Raises:
        MissingExtra: packages it needs are not installed.
        InvalidConfig: Mem0 does not understand the configuration, or there is no such store, collection or history.
    """
    require_packages(config)
    silence()
    from mem0.configs.base import MemoryConfig

    sections = {key: config[key] for key in ("vector_store", "history_db_path") if config.get(key) is not None}
    try:
        read = MemoryConfig(**sections)
    except (ValueError, ImportError) as error:
        raise InvalidConfig(f"Mem0's library does not understand this configuration: {error}") from error
    provider, settings = read.vector_store.provider, read.vector_store.config
    _require_collection(provider, settings)
    histories = _histories(Path(read.history_db_path), named="history_db_path" in sections)
    return [_row(memory) for memory in _listed(provider, settings)], histories


def silence() -> bool:
    """Keep Mem0's library from reporting every call to its makers, unless somebody had asked for that."""
    silent = os.environ.setdefault("MEM0_TELEMETRY", "False") == "False"
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")  # Chroma's
    return silent


def _listed(provider: str, settings: Any) -> Sequence[Any]:
    from mem0.utils.factory import VectorStoreFactory

    try:
        store = VectorStoreFactory.create(provider, settings)
        try:
            listed = store.list(top_k=_ALL)
        finally:
            close = getattr(getattr(store, "client", None), "close", None)
            if close is not None:
                close()
    except Exception as error:  # every store of Mem0's raises errors of its own client
        said = " ".join(str(error).split()) or type(error).__name__
        raise InvalidConfig(f"Mem0's library cannot read its {provider} store: {said:.500}") from error
    # Some stores answer with one page of a list of pages, some with a pair of page and cursor, some with the page.
    return listed[0] if listed and isinstance(listed[0], (list, tuple)) else listed


def _row(memory: Any) -> Row:
    payload = memory.payload or {}
    row = {key: payload[key] for key in _SHOWN if key in payload}
    row |= {"id": memory.id, "memory": payload.get("data")}
    row |= {"created_at": payload.get("created_at"), "updated_at": payload.get("updated_at")}
    return row | {"metadata": {key: value for key, value in payload.items() if key not in (*_SHOWN, *_INNER)}}


def _require_collection(provider: str, settings: Any) -> None:
    """Refuse a store on this machine that is not there: opening it would make it."""
    collections = _collections(provider, settings)
    if collections is None:
        return
    path, names = collections
    if not path.exists():
        raise InvalidConfig(f"vector_store.config.path: there is no {provider} store at {path}.")
    if settings.collection_name not in names:
        there = ", ".join(map(repr, sorted(names))) or "none"
        raise InvalidConfig(
            f"vector_store.config.collection_name: the {provider} store at {path} has no collection "
            f"{settings.collection_name!r}. It has: {there}."
        )


def _collections(provider: str, settings: Any) -> tuple[Path, set[str]] | None:
    """Where a store on this machine is and what it holds; None for a store that is a server's."""
    given = settings.model_dump()
    if any(given.get(key) for key in ("client", "host", "url", "api_key")):
        return None
    if provider == "qdrant":
        path = Path(given["path"])
        return path, _names((path / "collection").glob("*"))
    if provider == "faiss":
        path = Path(given["path"] or f"/tmp/faiss/{given['collection_name']}")
        return path, _names(path.glob("*.faiss"))
    if provider == "chroma":
        path = Path(given["path"] or "db")
        database = path / "chroma.sqlite3"
        return path, {
            row["name"] for row in _rows(database, "SELECT name FROM collections")
        } if path.exists() else set()
    return None


def _names(paths: Iterable[Path]) -> set[str]:
    return {path.stem if path.suffix == ".faiss" else path.name for path in paths}


def _histories(path: Path, *, named: bool) -> dict[str, list[Row]]:
    """Histories by memory id. The library can do without, so only one that was named must be there."""
    if not path.exists() and not named:
        return {}
    histories: dict[str, list[Row]] = {}
    for row in _rows(path, "SELECT * FROM history ORDER BY created_at, rowid"):
        histories.setdefault(str(row["memory_id"]), []).append(row)
    return histories


def _rows(path: Path, query: str) -> list[Row]:
    """Rows of a database of somebody else's, which is only read."""
    if not path.exists():
        raise InvalidConfig(f"There is no file {path}.")
    try:
        with closing(sqlite3.connect(f"file:{pathname2url(str(path))}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.text_factory = lambda raw: raw.decode(errors="replace")
            return [dict(row) for row in database.execute(query)]
    except sqlite3.Error as error:
        raise InvalidConfig(f"{path} cannot be read as a database of Mem0's: {error}.") from error
