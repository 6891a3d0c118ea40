"""Rows for index tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from toldonce.text.tokens import token_ids
from toldonce.types import IndexRow

DIMENSIONS = 8


def vector(seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A unit vector of its own for each seed."""
    drawn = np.random.default_rng(seed).normal(size=DIMENSIONS).astype(np.float32)
    return drawn / np.float32(np.linalg.norm(drawn))


def row(memory_id: int, words: str = "tea", **fields: Any) -> IndexRow:
    """A row with a vector of its own."""
    given = {
        "tokens": token_ids(words.split()),
        "vector": vector(memory_id),
        "previous_id": None,
        "session_id": 1,
        "role": "user",
        "actor_id": None,
        "said_at": 0,
    }
    return IndexRow(memory_id=memory_id, **(given | fields))
