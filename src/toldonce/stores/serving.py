"""What a store keeps for the server besides memories: projects, keys, calls, feedback, exports and webhooks.

A store's reads and writes carry these as ``serving``, in the same view and the same transaction: a call and what it
did are one commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from toldonce.types import EntityKind, Scope

Results = list[tuple[str, str]]
"""(memory uid, ADD, UPDATE or DELETE) of everything a call touched."""


@dataclass(frozen=True, slots=True)
class Project:
    """One tenant: nothing of it is ever seen from another."""

    id: str
    organisation: str
    name: str
    description: str | None
    settings: dict[str, Any]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is noted to belong to a project."""

    email: str
    role: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, as far as it is kept: never the key itself."""

    id: str
    project: str
    name: str
    digest: bytes
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None
    last_used_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """An acknowledged call that changed something."""

    id: str
    project: str
    kind: str
    results: Results
    answer: dict[str, Any]
    started_at: int
    finished_at: int
    idempotency_key: str | None = None
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity that memories carry."""

    kind: EntityKind
    entity_id: str
    memories: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a memory even after it was deleted."""

    uid: str
    scope: Scope
    role: str
    metadata: dict[str, Any]
    said: list[tuple[str, str]]
    """(role, content) of the messages it came from."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thought of a memory."""

    verdict: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Export:
    """An order to shape memories after a schema; it is carried out whenever it is fetched."""

    id: str
    project: str
    schema: dict[str, Any]
    filters: dict[str, Any]
    created_at: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told what happens to a project's memories."""

    id: str
    project: str
    name: str
    url: str
    event_types: tuple[str, ...]
    secret: str
    created_at: int
    updated_at: int
    since: int = 0
    """It is told of later changes only, by their sequence in the feed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to tell a webhook something."""

    webhook_id: str
    message_id: str
    event_type: str
    memory_uid: str
    attempt: int
    status: int | None
    error: str | None
    next_at: int | None
    at: int


class RepeatedCall(Exception):
    """A call with the same idempotency key was committed meanwhile: nothing of this transaction may be kept."""


class ServingRead(Protocol):
    """Questions the server asks."""

    def project(self, project_id: str) -> Project | None: ...

    def project_named(self, organisation: str, name: str) -> Project | None: ...

    def projects(self, organisation: str) -> list[Project]:
        """Those that were not deleted, oldest first."""
        ...

    def members(self, project_id: str) -> list[Member]: ...

    def key(self, key_id: str) -> ApiKey | None: ...

    def keys(self, project_id: str | None) -> list[ApiKey]:
        """Keys of a project, or of all, oldest first; those that were revoked too."""
        ...

    def call(self, project_id: str, call_id: str) -> Call | None: ...

    def call_with_key(self, project_id: str, idempotency_key: str) -> Call | None: ...

    def calls(self, project_id: str, limit: int, offset: int) -> tuple[int, list[Call]]:
        """How many calls changed memories, and a stretch of them, newest first."""
        ...

    def texts(self, project_id: str, uids: Sequence[str]) -> dict[str, str]:
        """The words of memories that were not deleted, by uid."""
        ...

    def last_text(self, project_id: str, uid: str) -> str | None:
        """The last words a memory had, deleted or not."""
        ...

    def origin(self, memory_id: int) -> Origin: ...

    def entities(self, project_id: str) -> list[EntityCount]:
        """Every user, agent, app and run that a memory carries, in this order of kinds, then by id."""
        ...

    def operations(self, project_id: str, limit: int, offset: int) -> tuple[int, list[tuple[int, int]]]:
        """How many operations on memories there were, and a stretch of them, newest first: (memory, place in its
        history)."""
        ...

    def feedback(self, project_id: str, uid: str) -> Feedback | None: ...

    def export(self, project_id: str, export_id: str) -> Export | None: ...

    def newest_export(self, project_id: str, filters: dict[str, Any]) -> Export | None:
        """The last one ordered with these filters."""
        ...

    def webhook(self, webhook_id: str) -> Webhook | None: ...

    def webhooks(self, project_id: str) -> list[Webhook]: ...

    def deliveries(self, webhook_id: str, limit: int) -> list[Delivery]:
        """The last tries, newest first."""
        ...


class ServingWrite(ServingRead, Protocol):
    """Changes the server makes."""

    def add_project(self, project: Project) -> bool:
        """Whether it was added; False: there is one with its id or its name, also if both are made at one moment."""
        ...

    def keep_project(
        self, project_id: str, name: str, description: str | None, settings: dict[str, Any], now: int
    ) -> None: ...

    def delete_project(self, project_id: str, now: int) -> None:
        """Close a project: its name is free again, its keys are revoked; whatever else is known of it is gone."""
        ...

    def keep_member(self, project_id: str, member: Member) -> None: ...

    def remove_member(self, project_id: str, email: str) -> bool: ...

    def add_key(self, key: ApiKey) -> None: ...

    def revoke_key(self, key_id: str, now: int) -> bool:
        """Whether there was such a key that still held."""
        ...

    def touch_key(self, key_id: str, now: int) -> None: ...

    def keep_call(self, call: Call) -> None:
        """Raises ``RepeatedCall`` if its project has a call with its idempotency key."""
        ...

    def keep_feedback(self, project_id: str, uid: str, feedback: Feedback, now: int) -> None: ...

    def add_export(self, export: Export) -> None: ...

    def add_webhook(self, webhook: Webhook, most: int) -> bool:
        """Whether it was added; False: its project has ``most`` already, also if several are added at one moment."""
        ...

    def keep_webhook(self, webhook: Webhook) -> None:
        """Store its name, address and events."""
        ...

    def remove_webhook(self, webhook_id: str) -> None: ...

    def forget_log(self, before: int, limit: int) -> int:
        """Drop what is older of the log of calls and of deliveries, the oldest first; how many lines that were."""
        ...

    def log_delivery(self, delivery: Delivery) -> None: ...
