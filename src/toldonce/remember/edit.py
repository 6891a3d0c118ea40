"""Changing and deleting memories, so that no neighbour's vector keeps words that are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toldonce.errors import CorruptStore, MemoryNotFound
from toldonce.remember.facts import memory_tokens
from toldonce.stores.protocol import EditedMemory, MemoryForUpdate, Read, Write
from toldonce.text.digests import about, words_digest


@dataclass(frozen=True, slots=True)
class Edit:
    """What one call of update asks for; None leaves a thing as it is."""

    text: str | None = None
    metadata: Mapping[str, Any] | None = None
    expires_on: str | None = None
    ends_expiry: bool = False
    said_at: int | None = None


def work_out(store: Read, memory_id: int, edit: Edit) -> EditedMemory | None:
    """How a memory would stand after an edit, found out while others write; None: it is not there or cannot be read."""
    memory = store.for_update([memory_id]).get(memory_id)
    return None if memory is None or memory.damaged else edited(memory, edit, store.digest_key)


def update(
    store: Write, project: str, memory_id: int, edit: Edit, now: int, worked_out: EditedMemory | None = None
) -> list[int]:
    """Apply an edit; returns the versions that wait for a vector: the new text's and its successors'.

    Facts that nothing but the earlier words proved are deleted.

    Others wait for the transaction: work the edit of a long text, or one of many, out before it.
    """
    memory = _require(store, memory_id)
    if memory.damaged:
        raise CorruptStore("This memory is damaged. Delete it, or set it aside with: toldonce doctor PATH")
    if worked_out is None or worked_out.before != memory:
        worked_out = edited(memory, edit, store.digest_key)
    waiting = store.edit(worked_out, now)
    if worked_out.text != memory.text and (resting := store.facts_resting_on([memory_id])):
        waiting += store.delete(project, list(store.for_update(resting).values()), now)
    return waiting


def edited(memory: MemoryForUpdate, edit: Edit, key: bytes) -> EditedMemory:
    """How a memory stands after an edit. ``key``: the store's, for digests."""
    metadata = {**memory.metadata, **(edit.metadata or {})}
    expires_on = edit.expires_on if edit.expires_on is not None or edit.ends_expiry else memory.expires_on
    said_at = memory.said_at if edit.said_at is None else edit.said_at
    text = memory.text if edit.text is None else edit.text
    is_found_otherwise = text != memory.text or edit.said_at is not None
    return EditedMemory(
        before=memory,
        metadata=metadata,
        expires_on=expires_on,
        said_at=said_at,
        text=text,
        tokens=memory_tokens(text, memory.actor_id, said_at).tobytes() if is_found_otherwise else None,
        digest=_digest(key, memory, text, metadata, expires_on),
        fact=_corrected(memory, text),
    )


def delete(store: Write, project: str, memory_ids: Sequence[int], run_id: str | None, now: int) -> list[int]:
    """Delete memories; with ``run_id``, those said in other runs too only leave this one.

    Facts that nothing else proves go along. Ids that are gone already are passed over. Returns the
    versions that wait for a new vector.
    """
    found = store.for_update(memory_ids).values()
    if run_id is None:
        return _delete(store, project, list(found), now)
    store.leave_run(project, [memory for memory in found if _runs(memory) - {run_id}], run_id)
    return _delete(store, project, [memory for memory in found if not _runs(memory) - {run_id}], now)


def delete_one(store: Write, project: str, memory_id: int, now: int) -> list[int]:
    """Delete a memory that must be there."""
    return _delete(store, project, [_require(store, memory_id)], now)


def _delete(store: Write, project: str, memories: Sequence[MemoryForUpdate], now: int) -> list[int]:
    """Delete memories, and the facts that nothing else proves."""
    if not memories:
        return []
    if resting := store.facts_resting_on([memory.id for memory in memories]):
        memories = [*memories, *store.for_update(resting).values()]
    return store.delete(project, memories, now)


def _corrected(memory: MemoryForUpdate, text: str) -> Mapping[str, Any] | None:
    """What is known of a fact whose words somebody changed: they are what holds."""
    if memory.fact is None or text == memory.text:
        return None
    return {**memory.fact, "value": text, "origin": "corrected"}


def _runs(memory: MemoryForUpdate) -> set[str]:
    return {run for run in (*memory.earlier_runs, memory.scope.run_id) if run is not None}


def _require(store: Write, memory_id: int) -> MemoryForUpdate:
    memory = store.for_update([memory_id]).get(memory_id)
    if memory is None:
        raise MemoryNotFound("This memory was deleted. List those that remain with get_all().")
    return memory


def _digest(
    key: bytes, memory: MemoryForUpdate, text: str, metadata: Mapping[str, Any], expires_on: str | None
) -> bytes | None:
    if not memory.counts or memory.fact is not None:
        return None
    details = about(memory.scope.agent_id, memory.scope.app_id, metadata, expires_on)
    return words_digest(key, memory.role, memory.actor_id, text, *details)
