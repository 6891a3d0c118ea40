"""Memories as Mem0 shows them -> memories as a store carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from toldonce.engine.requests import scope_of
from toldonce.errors import InvalidTime
from toldonce.stores.transfer import Carried, Operation, Version
from toldonce.times import day, moment
from toldonce.types import MemoryRecord, Role, Scope

Row = Mapping[str, Any]


def carried(row: Row, history: Sequence[Row], now: int) -> Carried:
    """A memory with the id, text, ids, times, metadata, categories and history that Mem0 has of it.

    The shapes are those of Mem0's platform and of its library; where they say nothing of a time, ``now`` holds.

    Raises ``InvalidInput`` for a memory that nobody could ask for: without ids, or with one that cannot be kept here.
    """
    created_at = _moment(row.get("created_at"), now)
    updated_at = _moment(row.get("updated_at"), created_at)
    text = str(row.get("memory") or "")
    done = sorted(history, key=lambda entry: _moment(_at(entry), created_at))
    versions, operations = _past(str(row["id"]), text, done, created_at, updated_at)
    expires_on = row.get("expiration_date")
    return Carried(
        uid=str(row["id"]),
        scope=scope_of(row.get("user_id") or None, row.get("agent_id") or None, row.get("app_id") or None, _run(row)),
        role=_role(row),
        actor_id=str(row["actor_id"]) if row.get("actor_id") else None,
        versions=versions,
        current=len(versions) - 1,
        said_at=_moment(row.get("said_at"), created_at),
        created_at=created_at,
        updated_at=updated_at,
        metadata=_metadata(row),
        expires_on=day(expires_on, "expiration_date") if expires_on else None,
        sayings=row["sayings"] if isinstance(row.get("sayings"), int) else 1,
        history=operations,
    )


def print_of(memory: Carried) -> bytes:
    """Equal for the same memory, wherever it is kept: what an import is verified by."""
    return _print(
        memory.uid,
        memory.versions[memory.current].text,
        memory.scope,
        memory.metadata,
        memory.created_at,
        memory.updated_at,
        memory.expires_on,
    )


def print_of_record(record: MemoryRecord) -> bytes:
    """``print_of`` a memory that is kept here."""
    scope = Scope(record.user_id, record.agent_id, record.app_id, record.run_id)
    created, updated = record.created_at, record.updated_at
    return _print(record.id, record.text, scope, record.metadata, created, updated, record.expires_on)


def _print(uid: str, text: str, scope: Scope, metadata: Mapping[str, Any], *rest: object) -> bytes:
    ids = [scope.user_id, scope.agent_id, scope.app_id, scope.run_id]
    whole = json.dumps([uid, text, ids, dict(metadata), *rest], sort_keys=True)
    return blake2b(whole.encode(), digest_size=16).digest()


def _past(
    uid: str, text: str, history: Sequence[Row], created_at: int, updated_at: int
) -> tuple[list[Version], list[Operation]]:
    """The versions that a history tells of, the one that holds last, and what made them."""
    versions: list[Version] = []
    operations: list[Operation] = []
    for number, entry in enumerate(history):
        kind, new = str(entry.get("event") or "ADD").upper(), entry.get("new_memory")
        if kind not in ("ADD", "UPDATE") or not isinstance(new, str) or (kind == "ADD" and versions):
            continue
        at = _moment(_at(entry), created_at)
        old = len(versions) - 1 if versions else None
        if not versions or versions[-1].text != new:
            if versions:
                versions[-1] = _closed(versions[-1], at)
            versions.append(Version(new, created_at, at))
        event = str(entry.get("id") or f"{uid}-{number}")
        operations.append(Operation(f"mem0 {event}", kind, kind, old, len(versions) - 1, at))
    if not versions:
        versions = [Version(text, created_at, created_at)]
        operations = [Operation(f"mem0 {uid}", "ADD", "ADD", None, 0, created_at)]
    elif versions[-1].text != text:  # the history knows nothing of the latest change
        versions[-1] = _closed(versions[-1], updated_at)
        versions.append(Version(text, created_at, updated_at))
    return versions, operations


def _closed(version: Version, at: int) -> Version:
    return Version(version.text, version.said_at, version.recorded_at, closed_at=at)


def _at(entry: Row) -> object:
    """When it was done: a history's ``created_at`` is that of the memory in Mem0's library."""
    return entry.get("updated_at") or entry.get("created_at")


def _metadata(row: Row) -> dict[str, Any]:
    metadata = dict(row.get("metadata") or {})
    if row.get("categories") and "categories" not in metadata:
        metadata["categories"] = list(row["categories"])
    return metadata


def _role(row: Row) -> Role:
    said_by = row.get("role") or row.get("attributed_to")
    return "assistant" if said_by in ("assistant", "agent") else "user"


def _run(row: Row) -> object:
    """Mem0's platform calls it now this, now that."""
    return row.get("run_id") or row.get("session_id") or None


def _moment(value: object, otherwise: int) -> int:
    if value is None:
        return otherwise
    try:
        return moment(value, "a time of Mem0's")
    except InvalidTime:
        return moment(f"{value}+00:00", "a time of Mem0's")  # older versions leave the zone out, and mean UTC
