"""The peer's side of ``bench.peers``; runs in an environment that has ``mem0ai`` and not this project.

    python peer_worker.py STORE FOLDER DATA

It fills one of mem0's stores with the given texts and vectors, says so on its standard output, and then does what each
line of its standard input asks, one JSON object for another. Its embedder looks vectors up; nothing is inferred.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np

FILLED_AT_ONCE = 1000


class GivenTokens:
    """What mem0 takes for its embedding model."""

    def __init__(self, known: Mapping[str, list[float]]) -> None:
        self._known = known

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        return self._known[text]

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        return [self._known[text] for text in texts]


def opened(store: str, folder: Path, embedder: GivenTokens, dimensions: int) -> Any:
    """mem0's Memory over one of its local stores."""
    os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=str(folder / "home"), OPENAI_API_KEY="unused")
    from mem0 import Memory
    from mem0.utils.factory import EmbedderFactory

    EmbedderFactory.create = classmethod(lambda cls, *arguments, **options: embedder)
    settings: dict[str, Any] = {"path": str(folder / store), "collection_name": "bench"}
    if store == "qdrant":
        settings |= {"embedding_model_dims": dimensions, "on_disk": True}
    elif store == "faiss":
        settings |= {"embedding_model_dims": dimensions, "distance_strategy": "cosine"}
    config = {
        "vector_store": {"provider": store, "config": settings},
        "embedder": {"provider": "openai", "config": {"embedding_dims": dimensions}},
        "history_db_path": str(folder / "history.db"),
    }
    return Memory.from_config(config)


def fill(memory: Any, texts: list[str], users: list[str], vectors: list[list[float]]) -> None:
    """Straight into the store: one by one takes some of them hours."""
    now = datetime.now(UTC).isoformat()
    payloads = [
        {
            "data": text,
            "hash": md5(text.encode(), usedforsecurity=False).hexdigest(),
            "text_lemmatized": text,
            "user_id": user,
            "role": "user",
            "created_at": now,
            "updated_at": now,
        }
        for text, user in zip(texts, users, strict=True)
    ]
    ids = [str(uuid.uuid4()) for _ in texts]
    for start in range(0, len(texts), FILLED_AT_ONCE):
        some = slice(start, start + FILLED_AT_ONCE)
        memory.vector_store.insert(vectors=vectors[some], payloads=payloads[some], ids=ids[some])


def answer(memory: Any, asked: Mapping[str, str]) -> dict[str, float]:
    """Milliseconds of one call, and how many results it had."""
    start = time.perf_counter()
    if asked["verb"] == "add":
        found = memory.add(asked["text"], user_id=asked["user"], infer=False)
    else:
        found = memory.search(asked["text"], filters={"user_id": asked["user"]}, top_k=10, threshold=0.0)
    return {"ms": (time.perf_counter() - start) * 1e3, "results": len(found["results"])}


def main(store: str, folder: Path, data: Path) -> None:
    logging.disable(logging.WARNING)
    with np.load(data) as held:
        texts, users = held["texts"].tolist(), held["users"].tolist()
        known = dict(zip(held["known"].tolist(), held["vectors"].tolist(), strict=True))
    memory = opened(store, folder, GivenTokens(known), len(next(iter(known.values()))))
    fill(memory, texts, users, [known[text] for text in texts])
    print(json.dumps({"filled": len(texts)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(memory, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
