"""Changing and deleting memories, so that no neighbour's vector keeps words that are gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toldonce.errors import MemoryNotFound
from toldonce.remember.verbatim import words_digest
from toldonce.stores.protocol import MemoryForUpdate, Write
from toldonce.text.keys import indexed_tokens


@dataclass(frozen=True, slots=True)
class Edit:
    """What one call of update asks for; None leaves a thing as it is."""

    text: str | None = None
    metadata: Mapping[str, Any] | None = None
    expires_on: str | None = None
    ends_expiry: bool = False
    said_at: int | None = None


def update(store: Write, memory_id: int, edit: Edit, now: int) -> list[int]:
    """Apply an edit; returns the versions that wait for a vector: the new text's and its successors'."""
    memory = _require(store, memory_id)
    if edit.metadata is not None:
        memory.metadata.update(edit.metadata)
    if edit.expires_on is not None or edit.ends_expiry:
        memory.expires_on = edit.expires_on
    store.keep_details(memory, now)
    if edit.said_at is not None:
        memory.said_at = edit.said_at
        tokens = indexed_tokens(memory.text, memory.actor_id, memory.said_at).tobytes()
        store.keep_time(memory, tokens)
    old, versions = memory.version_id, [memory.version_id]
    stale: list[int] = []
    if edit.text is not None and edit.text != memory.text:
        versions = [store.reserve(memory.owner_id, 1)]
        tokens = indexed_tokens(edit.text, memory.actor_id, memory.said_at).tobytes()
        store.replace_text(memory, versions[0], edit.text, tokens, _digest(memory, edit.text), now)
        stale = versions + store.embed_again(memory.owner_id, store.successors(memory.id))
    store.log("UPDATE", "UPDATE", [(memory.id, old, versions[0])], now)
    return stale


def delete(store: Write, project: str, memory_ids: Sequence[int], run_id: str | None, now: int) -> list[int]:
    """Delete memories; with ``run_id``, those said in other runs too only leave this one.

    Ids that are gone already are passed over. Returns the versions that wait for a new vector.
    """
    stale: list[int] = []
    gone: list[tuple[int, int | None, int | None]] = []
    for memory_id in memory_ids:
        memory = store.for_update([memory_id]).get(memory_id)
        if memory is None:
            continue
        runs = {*memory.earlier_runs, memory.scope.run_id}
        if run_id is not None and runs - {run_id, None}:
            store.leave_run(memory, project, run_id)
            continue
        stale += store.delete_memory(memory, project, now)
        gone.append((memory.id, memory.version_id, None))
    if gone:
        store.log("DELETE", "DELETE", gone, now)
    return stale


def delete_one(store: Write, project: str, memory_id: int, now: int) -> list[int]:
    """Delete a memory that must be there."""
    _require(store, memory_id)
    return delete(store, project, [memory_id], None, now)


def _require(store: Write, memory_id: int) -> MemoryForUpdate:
    memory = store.for_update([memory_id]).get(memory_id)
    if memory is None:
        raise MemoryNotFound("This memory was deleted. List those that remain with get_all().")
    return memory


def _digest(memory: MemoryForUpdate, text: str) -> bytes | None:
    if not memory.counts:
        return None
    metadata = json.dumps(memory.metadata, sort_keys=True, default=str)
    about = (memory.scope.agent_id, memory.scope.app_id, metadata, memory.expires_on)
    return words_digest(memory.role, memory.actor_id, text, *about)
