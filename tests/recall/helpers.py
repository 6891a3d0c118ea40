"""A small store to ask, with vectors that share a direction per shared word."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from toldonce.index.ram import OwnerIndex, RamView
from toldonce.text.keys import indexed_tokens, key_text
from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.tokens import token_id, tokenize
from toldonce.types import IndexRow

DIMENSIONS = 64
DAY = 86_400_000_000


def embed(text: str) -> NDArray[np.float32]:
    """The mean of one random direction a word: enough for texts that share words to be similar."""
    total = np.zeros(DIMENSIONS, np.float32)
    for token in tokenize(text):
        weight = 0.2 if token in FUNCTION_WORDS else 1.0
        total += np.float32(weight) * np.random.default_rng(token_id(token)).normal(size=DIMENSIONS).astype(np.float32)
    return total / max(np.float32(np.linalg.norm(total)), np.float32(1e-9))


def talk(*lines: str, session: int = 1, start: int = 1, day: int = 19_500, **fields: Any) -> list[IndexRow]:
    """``Ana: hello`` lines, one memory each, as one session."""
    rows: list[IndexRow] = []
    before: tuple[str, str | None] | None = None
    for number, line in enumerate(lines, start):
        name, _, text = line.rpartition(": ")
        actor = name or None
        given: dict[str, Any] = {
            "memory_id": number,
            "tokens": indexed_tokens(text, actor, day * DAY),
            "vector": embed(key_text(text, actor, *(before or (None, None)))),
            "previous_id": number - 1 if number > start else None,
            "session_id": session,
            "role": "user",
            "actor_id": actor,
            "said_at": day * DAY,
        }
        rows.append(IndexRow(**(given | fields)))
        before = (text, actor)
    return rows


def view(*sessions: list[IndexRow]) -> RamView:
    """An index of them all."""
    index = OwnerIndex()
    for rows in sessions:
        index.apply(rows)
    return index.view()
