"""What Mem0's library keeps on this machine is read without its models, and what is not there is not made."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toldonce.adapters.mem0_store import read_store
from toldonce.errors import InvalidConfig

_MODELS = {"llm": {"provider": "ollama"}, "embedder": {"provider": "huggingface"}}
"""Neither is installed or runs: reading needs none."""

_PAYLOADS = [
    {"data": "Ann keeps bees.", "user_id": "ann", "created_at": "2026-01-01T00:00:00+00:00", "hives": 3},
    {"user_id": "ann"},
]


def _qdrant(path: Path) -> None:
    from mem0.vector_stores.qdrant import Qdrant

    store = Qdrant("talks", 4, path=str(path), on_disk=True)
    store.insert(vectors=[[0.1] * 4] * 2, payloads=_PAYLOADS, ids=[str(uuid.uuid4()) for _ in _PAYLOADS])
    store.client.close()


def _chroma(path: Path) -> None:
    pytest.importorskip("chromadb")
    from mem0.vector_stores.chroma import ChromaDB

    ChromaDB("talks", path=str(path)).insert(vectors=[[0.1] * 4] * 2, payloads=_PAYLOADS, ids=["1", "2"])


def _faiss(path: Path) -> None:
    pytest.importorskip("faiss")
    from mem0.vector_stores.faiss import FAISS

    store = FAISS("talks", path=str(path), embedding_model_dims=4)
    store.insert(vectors=[[0.1] * 4] * 2, payloads=_PAYLOADS, ids=["1", "2"])


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("MEM0_TELEMETRY", "False"), ("MEM0_DIR", str(tmp_path / "mem0")), ("HOME", str(tmp_path))):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    pytest.importorskip("mem0")


@pytest.mark.parametrize(("provider", "fill"), [("qdrant", _qdrant), ("chroma", _chroma), ("faiss", _faiss)])
def test_a_store_is_read_as_it_is(provider: str, fill: Callable[[Path], None], tmp_path: Path) -> None:
    """Run by ``make test``."""
    fill(tmp_path / "store")

    def config(path: str, collection: str) -> dict[str, Any]:
        settings = {"path": str(tmp_path / path), "collection_name": collection}
        return {"vector_store": {"provider": provider, "config": settings}, **_MODELS}

    rows, histories = read_store(config("store", "talks"))
    assert sorted(str(row["memory"]) for row in rows) == ["Ann keeps bees.", "None"]
    bees = next(row for row in rows if row["memory"])
    assert bees["user_id"] == "ann"
    assert bees["created_at"] == "2026-01-01T00:00:00+00:00"
    assert bees["metadata"] == {"hives": 3}
    assert histories == {}
    with pytest.raises(InvalidConfig, match=r"has no collection 'talk'\. It has: 'talks'"):
        read_store(config("store", "talk"))
    with pytest.raises(InvalidConfig, match=rf"there is no {provider} store at .*nowhere"):
        read_store(config("nowhere", "talks"))
    assert not (tmp_path / "nowhere").exists()
    assert len(read_store(config("store", "talks"))[0]) == 2  # looking in vain changed nothing


def test_a_history_is_read_and_one_that_was_named_must_be_there(tmp_path: Path) -> None:
    """Run by ``make test``."""
    _qdrant(tmp_path / "store")
    settings = {"path": str(tmp_path / "store"), "collection_name": "talks"}
    config = {"vector_store": {"provider": "qdrant", "config": settings}, "history_db_path": str(tmp_path / "h.db")}
    with pytest.raises(InvalidConfig, match=r"no file .*h\.db"):
        read_store(config)
    assert not (tmp_path / "h.db").exists()
    with sqlite3.connect(tmp_path / "h.db") as database:
        database.execute("CREATE TABLE history (id, memory_id, old_memory, new_memory, event, created_at, updated_at)")
        database.execute("INSERT INTO history VALUES ('e', 'm', NULL, CAST(x'626565ff' AS TEXT), 'ADD', NULL, NULL)")
    database.close()
    (entry,) = read_store(config)[1]["m"]
    assert (entry["event"], entry["new_memory"]) == ("ADD", "bee\N{REPLACEMENT CHARACTER}")
    (tmp_path / "h.db").write_bytes(b"no database at all" * 99)
    with pytest.raises(InvalidConfig, match="cannot be read as a database"):
        read_store(config)


def test_a_store_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Run by ``make test``."""
    _qdrant(tmp_path / "store")
    (tmp_path / "store" / "meta.json").write_text("no json")
    torn = {"path": str(tmp_path / "store"), "collection_name": "talks"}
    with pytest.raises(InvalidConfig, match="cannot read its qdrant store: "):
        read_store({"vector_store": {"provider": "qdrant", "config": torn}})


def test_what_mem0_does_not_understand_is_told() -> None:
    """Run by ``make test``."""
    with pytest.raises(InvalidConfig, match="does not understand"):
        read_store({"vector_store": {"provider": "qdrant", "config": {"pathh": "x"}}})
