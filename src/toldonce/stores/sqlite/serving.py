"""What the server keeps, in SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import apsw

from toldonce.stores.serving import (
    ApiKey,
    Call,
    Delivery,
    EntityCount,
    Export,
    Feedback,
    Member,
    Origin,
    Project,
    RepeatedCall,
    Webhook,
)
from toldonce.stores.sqlite.named import named_queries
from toldonce.types import ENTITY_KINDS, Scope
from toldonce.uids import first_uid

_SQL = named_queries((resources.files(__package__) / "serving.sql").read_text("utf-8"))


_OF_PROJECT = (
    "remove_deliveries_of_project",  # while the webhooks tell whose they are
    "remove_webhooks_of_project",
    "remove_exports_of_project",
    "remove_feedback_of_project",
    "remove_members_of_project",
)


class SqliteServingRead:
    """Questions over a connection inside a transaction that someone else began."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(_SQL[name], values)

    def _row(self, name: str, *values: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._rows(name, *values).fetchone()
        return row

    def project(self, project_id: str) -> Project | None:
        return _project(self._row("project", project_id))

    def project_named(self, organisation: str, name: str) -> Project | None:
        return _project(self._row("project_named", organisation, name))

    def projects(self, organisation: str) -> list[Project]:
        return [found for row in self._rows("projects", organisation) if (found := _project(row)) is not None]

    def members(self, project_id: str) -> list[Member]:
        return [Member(*row) for row in self._rows("members", project_id)]

    def key(self, key_id: str) -> ApiKey | None:
        row = self._row("key", key_id)
        return None if row is None else _key(row)

    def keys(self, project_id: str | None) -> list[ApiKey]:
        return [_key(row) for row in self._rows("keys", project_id)]

    def call(self, project_id: str, call_id: str) -> Call | None:
        row = self._row("call", call_id, project_id)
        return None if row is None else _call(row)

    def call_with_key(self, project_id: str, idempotency_key: str) -> Call | None:
        row = self._row("call_with_key", project_id, idempotency_key)
        return None if row is None else _call(row)

    def calls(self, project_id: str, limit: int, offset: int) -> tuple[int, list[Call]]:
        count = self._rows("count_calls", project_id).get
        return count, [_call(row) for row in self._rows("calls", project_id, limit, offset)]

    def texts(self, project_id: str, uids: Sequence[str]) -> dict[str, str]:
        found = ((uid, self._row("text", uid, project_id)) for uid in uids)
        return {uid: row[0] for uid, row in found if row is not None}

    def last_text(self, project_id: str, uid: str) -> str | None:
        row = self._row("last_text", uid, project_id)
        return None if row is None else row[0]

    def origin(self, memory_id: int) -> Origin:
        row: tuple[Any, ...] = self._rows("origin", memory_id).fetchall()[0]
        uid, user, agent, app, run, role, metadata = row
        said = [(row[0], row[1]) for row in self._rows("said", memory_id)]
        return Origin(uid, Scope(user, agent, app, run), role, json.loads(metadata), said)

    def entities(self, project_id: str) -> list[EntityCount]:
        return [EntityCount(kind, *row) for kind in ENTITY_KINDS for row in self._rows("entities", project_id, kind)]

    def operations(self, project_id: str, limit: int, offset: int) -> tuple[int, list[tuple[int, int]]]:
        count = self._rows("count_operations", project_id).get
        return count, [(row[0], row[1]) for row in self._rows("operations", project_id, limit, offset)]

    def feedback(self, project_id: str, uid: str) -> Feedback | None:
        row = self._row("feedback", project_id, uid)
        return None if row is None else Feedback(*row)

    def export(self, project_id: str, export_id: str) -> Export | None:
        return _export(self._row("export", export_id, project_id))

    def newest_export(self, project_id: str, filters: dict[str, Any]) -> Export | None:
        return _export(self._row("newest_export", project_id, _plain(filters)))

    def webhook(self, webhook_id: str) -> Webhook | None:
        row = self._row("webhook", webhook_id)
        return None if row is None else _webhook(row)

    def webhooks(self, project_id: str) -> list[Webhook]:
        return [_webhook(row) for row in self._rows("webhooks", project_id)]

    def deliveries(self, webhook_id: str, limit: int) -> list[Delivery]:
        return [Delivery(*row) for row in self._rows("deliveries", webhook_id, limit)]


class SqliteServingWrite(SqliteServingRead):
    """Changes inside the writer's transaction."""

    def add_project(self, project: Project) -> bool:
        added = self._row(
            "add_project",
            project.id,
            project.organisation,
            project.name,
            project.description,
            _plain(project.settings),
            project.created_at,
            project.updated_at,
        )
        return added is not None

    def keep_project(
        self, project_id: str, name: str, description: str | None, settings: dict[str, Any], now: int
    ) -> None:
        self._rows("keep_project", project_id, name, description, _plain(settings), now)

    def delete_project(self, project_id: str, now: int) -> None:
        self._rows("delete_project", project_id, now)
        self._rows("revoke_keys_of_project", project_id, now)
        for statement in _OF_PROJECT:
            self._rows(statement, project_id)

    def keep_member(self, project_id: str, member: Member) -> None:
        self._rows("keep_member", project_id, member.email, member.role, member.created_at)

    def remove_member(self, project_id: str, email: str) -> bool:
        return self._row("remove_member", project_id, email) is not None

    def add_key(self, key: ApiKey) -> None:
        scopes = " ".join(key.scopes)
        self._rows("add_key", key.id, key.project, key.name, key.digest, scopes, key.created_at, key.expires_at)

    def revoke_key(self, key_id: str, now: int) -> bool:
        return self._row("revoke_key", key_id, now) is not None

    def touch_key(self, key_id: str, now: int) -> None:
        self._rows("touch_key", key_id, now)

    def keep_call(self, call: Call) -> None:
        results = json.dumps(call.results)
        key, fingerprint = call.idempotency_key, call.fingerprint
        times = (call.started_at, call.finished_at)
        kept = self._row(
            "keep_call", call.id, call.project, call.kind, results, _plain(call.answer), *times, key, fingerprint
        )
        if kept is None:
            raise RepeatedCall

    def keep_feedback(self, project_id: str, uid: str, feedback: Feedback, now: int) -> None:
        self._rows("keep_feedback", project_id, uid, feedback.verdict, feedback.reason, now)

    def add_export(self, export: Export) -> None:
        schema, filters = _plain(export.schema), _plain(export.filters)
        self._rows("add_export", export.id, export.project, schema, filters, export.created_at)

    def add_webhook(self, webhook: Webhook, most: int) -> bool:
        added = self._row(
            "add_webhook",
            webhook.id,
            webhook.project,
            webhook.name,
            webhook.url,
            json.dumps(webhook.event_types),
            webhook.secret,
            webhook.created_at,
            webhook.updated_at,
            webhook.since,
            most,
        )
        return added is not None

    def keep_webhook(self, webhook: Webhook) -> None:
        types = json.dumps(webhook.event_types)
        self._rows("keep_webhook", webhook.id, webhook.name, webhook.url, types, webhook.updated_at)

    def remove_webhook(self, webhook_id: str) -> None:
        self._rows("remove_webhook", webhook_id)

    def forget_log(self, before: int, limit: int) -> int:
        self._rows("forget_calls", first_uid(before), limit)
        gone: int = self._connection.changes()
        self._rows("forget_deliveries", before, limit)
        return gone + int(self._connection.changes())

    def log_delivery(self, delivery: Delivery) -> None:
        self._rows(
            "log_delivery",
            delivery.webhook_id,
            delivery.message_id,
            delivery.event_type,
            delivery.memory_uid,
            delivery.attempt,
            delivery.status,
            delivery.error,
            delivery.next_at,
            delivery.at,
        )


def _plain(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)


def _project(row: tuple[Any, ...] | None) -> Project | None:
    if row is None:
        return None
    project_id, organisation, name, description, settings, created_at, updated_at = row
    return Project(project_id, organisation, name, description, json.loads(settings), created_at, updated_at)


def _key(row: tuple[Any, ...]) -> ApiKey:
    key_id, project, name, digest, scopes, *times = row
    return ApiKey(key_id, project, name, digest, tuple(scopes.split()), *times)


def _call(row: tuple[Any, ...]) -> Call:
    call_id, project, kind, results, answer, *rest = row
    touched = [(uid, event) for uid, event in json.loads(results)]
    return Call(call_id, project, kind, touched, json.loads(answer), *rest)


def _export(row: tuple[Any, ...] | None) -> Export | None:
    if row is None:
        return None
    export_id, project, schema, filters, created_at = row
    return Export(export_id, project, json.loads(schema), json.loads(filters), created_at)


def _webhook(row: tuple[Any, ...]) -> Webhook:
    webhook_id, project, name, url, event_types, *rest = row
    return Webhook(webhook_id, project, name, url, tuple(json.loads(event_types)), *rest)
