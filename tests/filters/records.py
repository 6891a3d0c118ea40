"""Memories to filter, and a directory that knows where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from toldonce.types import EntityKind, MemoryRecord, Role


def micros(text: str) -> int:
    """An ISO datetime as a record holds it."""
    when = datetime.fromisoformat(text)
    return (when.replace(tzinfo=when.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def record(
    *,
    id: str = "11111111-1111-4111-8111-111111111111",
    text: str = "Likes strong coffee",
    user_id: str | None = "alice",
    agent_id: str | None = None,
    app_id: str | None = None,
    run_ids: Sequence[str] = (),
    role: Role = "user",
    actor_id: str | None = None,
    created_at: int = micros("2024-07-31T10:00:00"),
    updated_at: int = micros("2024-08-01T10:00:00"),
    said_at: int = micros("2024-07-30T10:00:00"),
    expires_on: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> MemoryRecord:
    return MemoryRecord(
        id=id,
        text=text,
        user_id=user_id,
        agent_id=agent_id,
        app_id=app_id,
        run_id=run_ids[-1] if run_ids else None,
        run_ids=tuple(run_ids),
        role=role,
        actor_id=actor_id,
        created_at=created_at,
        updated_at=updated_at,
        said_at=said_at,
        sayings=1,
        expires_on=expires_on,
        metadata=metadata or {},
    )


def entities(memory: MemoryRecord) -> dict[EntityKind, tuple[str, ...]]:
    """Every entity a memory carries, in the order that decides its owner."""
    carried: dict[EntityKind, tuple[str | None, ...]] = {
        "user": (memory.user_id,),
        "agent": (memory.agent_id,),
        "app": (memory.app_id,),
        "run": (memory.run_id, *memory.run_ids),
    }
    return {kind: tuple(name for name in names if name is not None) for kind, names in carried.items()}


class Directory:
    """Where these memories lie, and what was asked about it."""

    def __init__(self, memories: Iterable[MemoryRecord]) -> None:
        self.owners: dict[tuple[EntityKind, str], int] = {}
        self.asked: list[str] = []
        self._memberships: set[tuple[EntityKind, str, int]] = set()
        for memory in memories:
            owner = self.owners.setdefault(self._partition(memory), len(self.owners))
            self._memberships |= {(kind, name, owner) for kind, names in entities(memory).items() for name in names}

    @staticmethod
    def _partition(memory: MemoryRecord) -> tuple[EntityKind, str]:
        return next((kind, names[0]) for kind, names in entities(memory).items() if names)

    def owner_of(self, memory: MemoryRecord) -> int:
        return self.owners[self._partition(memory)]

    def owners_with(self, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        self.asked.append(f"owners_with {kind}")
        wanted = None if entity_ids is None else set(entity_ids)
        return {
            owner for known, name, owner in self._memberships if known == kind and (wanted is None or name in wanted)
        }

    def owners_of_users(self, user_ids: Iterable[str]) -> set[int]:
        self.asked.append("owners_of_users")
        return {self.owners["user", user] for user in user_ids if ("user", user) in self.owners}

    def owners_without_user(self) -> set[int]:
        self.asked.append("owners_without_user")
        return {owner for (kind, _), owner in self.owners.items() if kind != "user"}

    def all_owners(self) -> set[int]:
        self.asked.append("all_owners")
        return set(self.owners.values())
