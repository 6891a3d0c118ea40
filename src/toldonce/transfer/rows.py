"""Memories as Mem0 shows them -> memories as a store carries them.

An odd value never costs the memory it belongs to: what has words is kept, and each repair is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from toldonce.engine.requests import scope_of
from toldonce.errors import InvalidInput, InvalidTime
from toldonce.stores.transfer import Carried, Operation, Version
from toldonce.text.repair import storable, storable_json
from toldonce.times import day, moment
from toldonce.types import MemoryRecord, Role, Scope

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A memory that was read, and what of it could not be kept as it was."""

    memory: Carried
    repairs: Sequence[str] = ()


@dataclass(slots=True)
class _Reader:
    """Reads the values of one row, and notes what it had to repair."""

    row: Row
    repairs: list[str] = field(default_factory=list)

    def text(self, value: str, what: str) -> str:
        kept = storable(value)
        if kept != value:
            self.repairs.append(f"{what} holds characters that no store can keep: each is U+FFFD now")
        return kept

    def moment(self, value: object, otherwise: int, what: str) -> int:
        """Microseconds; ``otherwise`` where there is no time, or none that can be read."""
        if value is None or value == "":
            return otherwise
        try:
            return _moment(value)
        except InvalidTime:
            self.repairs.append(f"{what} {value!r:.60} is no time, and was left out")
            return otherwise

    def expires_on(self) -> str | None:
        value = self.row.get("expiration_date")
        if value is None or value == "":
            return None
        try:
            return day(value, "expiration_date")
        except InvalidTime:
            self.repairs.append(f"expiration_date {value!r:.60} is no day: the memory does not expire")
            return None

    def metadata(self) -> dict[str, Any]:
        found = self.row.get("metadata") or {}
        if not isinstance(found, Mapping):
            self.repairs.append(f"metadata is no object but {found!r:.60}, and was left out")
            found = {}
        categories = self.row.get("categories")
        if categories and "categories" not in found:
            found = {**found, "categories": [categories] if isinstance(categories, str) else categories}
        kept: dict[str, Any] = {}
        for key, value in found.items():
            try:
                clean = storable_json(value)
                json.dumps(clean, allow_nan=False)
            except (TypeError, ValueError) as error:
                self.repairs.append(f"metadata {key!r:.60} cannot be kept ({error}), and was left out")
                continue
            if clean != value:
                self.repairs.append(f"metadata {key!r:.60} holds characters that no store can keep: each is U+FFFD now")
            kept[storable(str(key))] = clean
        return kept


def carried(row: Row, history: Sequence[Row], now: int) -> Reading:
    """A memory with the id, text, ids, times, metadata, categories and history that Mem0 has of it.

    The shapes are those of Mem0's platform and of its library; where they say nothing of a time, ``now`` holds.

    Raises ``InvalidInput`` for what cannot be remembered: it has no id or no words, or it is nobody's, or somebody's
    whose id nobody could ask for.
    """
    reader = _Reader(row)
    uid, text = _uid(row), reader.text(_words(row), "the text")
    created_at = reader.moment(row.get("created_at"), now, "created_at")
    updated_at = reader.moment(row.get("updated_at"), created_at, "updated_at")
    versions, operations = _past(uid, text, _done(history, created_at), created_at, updated_at)
    memory = Carried(
        uid=uid,
        scope=scope_of(row.get("user_id") or None, row.get("agent_id") or None, row.get("app_id") or None, _run(row)),
        role=_role(row),
        actor_id=reader.text(str(row["actor_id"]), "actor_id") if row.get("actor_id") else None,
        versions=versions,
        current=len(versions) - 1,
        said_at=reader.moment(row.get("said_at"), created_at, "said_at"),
        created_at=created_at,
        updated_at=updated_at,
        metadata=reader.metadata(),
        expires_on=reader.expires_on(),
        sayings=_sayings(row.get("sayings")),
        history=operations,
    )
    return Reading(memory, reader.repairs)


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


def _done(history: Sequence[Row], created_at: int) -> list[tuple[int, Row]]:
    """The entries of a history that can be read, with their times, in order."""
    entries = [entry for entry in history if isinstance(entry, Mapping)]
    timed = [(_at(entry, created_at), entry) for entry in entries]
    return sorted(timed, key=lambda one: one[0])


def _past(
    uid: str, text: str, history: Sequence[tuple[int, Row]], created_at: int, updated_at: int
) -> tuple[list[Version], list[Operation]]:
    """The versions that a history tells of, the one that holds last, and what made them."""
    versions: list[Version] = []
    operations: list[Operation] = []
    for number, (at, entry) in enumerate(history):
        kind, new = str(entry.get("event") or "ADD").upper(), entry.get("new_memory")
        if kind not in ("ADD", "UPDATE") or not isinstance(new, str) or (kind == "ADD" and versions):
            continue
        new = storable(new)
        old = len(versions) - 1 if versions else None
        if not versions or versions[-1].text != new:
            if versions:
                versions[-1] = replace(versions[-1], closed_at=at)
            versions.append(Version(new, created_at, at))
        event = storable(str(entry.get("id") or f"{uid}-{number}"))
        operations.append(Operation(f"mem0 {event}", kind, kind, old, len(versions) - 1, at))
    if not versions:
        versions = [Version(text, created_at, created_at)]
        operations = [Operation(f"mem0 {uid}", "ADD", "ADD", None, 0, created_at)]
    elif versions[-1].text != text:  # the history knows nothing of the latest change
        versions[-1] = replace(versions[-1], closed_at=updated_at)
        versions.append(Version(text, created_at, updated_at))
    return versions, operations


def _at(entry: Row, otherwise: int) -> int:
    """When it was done: a history's ``created_at`` is that of the memory in Mem0's library."""
    told = entry.get("updated_at") or entry.get("created_at")
    try:
        return otherwise if told is None else _moment(told)
    except InvalidTime:
        return otherwise


def _uid(row: Row) -> str:
    uid = row.get("id")
    if isinstance(uid, int) and not isinstance(uid, bool):
        uid = str(uid)
    if not isinstance(uid, str) or not uid.strip() or storable(uid) != uid:
        raise InvalidInput(f"it has no id that can be kept, but {uid!r:.60}")
    return uid


def _words(row: Row) -> str:
    text = row.get("memory")
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("it has no text")
    return text


def _sayings(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _role(row: Row) -> Role:
    said_by = row.get("role") or row.get("attributed_to")
    return "assistant" if said_by in ("assistant", "agent") else "user"


def _run(row: Row) -> object:
    """Mem0's platform calls it now this, now that."""
    return row.get("run_id") or row.get("session_id") or None


def _moment(value: object) -> int:
    """A time of Mem0's. Older versions leave the zone out, and mean UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise InvalidTime(f"{value!r} is not a time") from error
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return moment(value, "a time of Mem0's")
