"""The nouns every room shares. Times are integers: microseconds since 1970-01-01, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Role: TypeAlias = Literal["user", "assistant"]
EntityKind: TypeAlias = Literal["user", "agent", "app", "run"]
ENTITY_KINDS: tuple[EntityKind, ...] = ("user", "agent", "app", "run")
ErasedKind: TypeAlias = Literal["user", "agent", "app", "run", "memory", "project"]
"""In the order that decides an owner: a memory's owner is the first of these that it carries."""


class Message(NamedTuple):
    """One thing said."""

    role: Role
    content: str
    name: str | None = None
    said_at: int | None = None
    """None: nobody said when, so it counts as said when it was stored."""
    id: str | None = None
    """The caller's own id, unique within a conversation."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Mem0's entity ids, as one memory or one call carries them."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def entities(self) -> list[tuple[EntityKind, str]]:
        """(kind, id) of those that are named, in the order in which one of them owns a memory."""
        kinds: tuple[tuple[EntityKind, str | None], ...] = (
            ("user", self.user_id),
            ("agent", self.agent_id),
            ("app", self.app_id),
            ("run", self.run_id),
        )
        return [(kind, entity_id) for kind, entity_id in kinds if entity_id is not None]


class MemoryRecord(NamedTuple):
    """One memory, whole."""

    id: str
    """Its public id, a UUID."""
    text: str
    user_id: str | None
    agent_id: str | None
    app_id: str | None
    run_id: str | None
    """The run it was last said in."""
    run_ids: tuple[str, ...]
    """Every run it was said in."""
    role: Role
    actor_id: str | None
    """The speaker's name."""
    created_at: int
    updated_at: int
    said_at: int
    """When it was last said."""
    sayings: int
    """How often it was said."""
    expires_on: str | None
    """The last day it holds, YYYY-MM-DD in UTC, or None."""
    metadata: Mapping[str, Any] = MappingProxyType({})
    fact: Mapping[str, Any] | None = None
    """What is known of a fact; None: it is what was said."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The labels under ``categories`` in its metadata."""
        labels = self.metadata.get("categories")
        return tuple(str(label) for label in labels) if isinstance(labels, (list, tuple)) else ()


TOKEN_DIMENSIONS, TOKEN_SCALE = 128, 127
"""How many numbers are kept of a token's vector, in int8, and the vector's length."""


class QueryTokens(NamedTuple):
    """A query's tokens, as they are compared with those of memories."""

    vectors: NDArray[np.int8]
    """(tokens, TOKEN_DIMENSIONS), of length TOKEN_SCALE."""
    spans: NDArray[np.int32]
    """(tokens, 2): where in the query each begins and ends; empty for a mark that stands for nothing in it."""
    unrelated: float
    """What their best cosine to any token of a text usually is, where both have nothing in common."""


class IndexRow(NamedTuple):
    """What the per-owner index in RAM keeps of one memory."""

    memory_id: int
    """The store's own id: grows in the order of writing within an owner."""
    tokens: NDArray[np.uint32]
    """Hashed tokens of the text it is searched by, in order (see ``text.tokens``)."""
    vector: NDArray[np.float32] | None
    """L2-normalised; None while it is acknowledged but not yet embedded."""
    previous_id: int | None
    """The memory said right before it in the same session."""
    session_id: int
    """Memories of one stretch of talk share it."""
    role: Role
    actor_id: str | None
    said_at: int
    token_vectors: NDArray[np.int8] | None = None
    """(tokens, TOKEN_DIMENSIONS): see ``embedders.tokens``. None where the embedder gives none."""
