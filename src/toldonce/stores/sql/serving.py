"""What the server keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

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
from toldonce.stores.sql.columns import (
    Row,
    corrupt,
    data,
    json_object,
    json_texts,
    moment,
    number,
    number_or_none,
    text,
    text_or_none,
)
from toldonce.stores.sql.database import Database, Part
from toldonce.types import ENTITY_KINDS, EntityKind, Scope
from toldonce.uids import first_uid

T = TypeVar("T")


_OF_PROJECT = (
    "remove_deliveries_of_project",  # while the webhooks tell whose they are
    "remove_webhooks_of_project",
    "remove_exports_of_project",
    "remove_feedback_of_project",
    "remove_members_of_project",
)


class ServingReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "serving"

    def project(self, project_id: str) -> Project | None:
        return self._one(f"Project {project_id}", _project, "project", project_id)

    def project_named(self, organisation: str, name: str) -> Project | None:
        return self._one(f"Project {name!r}", _project, "project_named", organisation, name)

    def projects(self, organisation: str) -> list[Project]:
        return self._all("Project", _project, "projects", organisation)

    def members(self, project_id: str) -> list[Member]:
        return self._all("Member", _member, "members", project_id)

    def key(self, key_id: str) -> ApiKey | None:
        return self._one(f"API key {key_id}", _key, "key", key_id)

    def keys(self, project_id: str | None) -> list[ApiKey]:
        return self._all("API key", _key, "keys", project_id)

    def call(self, project_id: str, call_id: str) -> Call | None:
        return self._one(f"Call {call_id}", _call, "call", call_id, project_id)

    def call_with_key(self, project_id: str, idempotency_key: str) -> Call | None:
        what = f"The call with the idempotency key {idempotency_key!r}"
        return self._one(what, _call, "call_with_key", project_id, idempotency_key)

    def calls(self, project_id: str, limit: int, offset: int) -> tuple[int, list[Call]]:
        count = int(self._value("count_calls", project_id))
        return count, self._all("Call", _call, "calls", project_id, limit, offset)

    def texts(self, project_id: str, uids: Sequence[str]) -> dict[str, str]:
        found = (self._all("Memory", _words, "text", uid, project_id) for uid in uids)
        return {uid: words[0] for uid, words in zip(uids, found, strict=True) if words}

    def last_text(self, project_id: str, uid: str) -> str | None:
        return self._one(f"Memory {uid}", _words, "last_text", uid, project_id)

    def origin(self, memory_id: int) -> Origin:
        said = self._all("Message", _said, "said", memory_id)
        found = self._one(f"Memory {memory_id}", lambda row: _origin(row, said), "origin", memory_id)
        if found is None:
            raise corrupt(f"Memory {memory_id}")
        return found

    def entities(self, project_id: str) -> list[EntityCount]:
        return [
            one
            for kind in ENTITY_KINDS
            for one in self._all(f"A memory of the {kind}", partial(_entity, kind), "entities", project_id, kind)
        ]

    def operations(self, project_id: str, limit: int, offset: int) -> tuple[int, list[tuple[int, int]]]:
        count = int(self._value("count_operations", project_id))
        return count, [(row[0], row[1]) for row in self._rows("operations", project_id, limit, offset)]

    def feedback(self, project_id: str, uid: str) -> Feedback | None:
        return self._one(f"The feedback on {uid}", _feedback, "feedback", project_id, uid)

    def export(self, project_id: str, export_id: str) -> Export | None:
        return self._one(f"Export {export_id}", _export, "export", export_id, project_id)

    def newest_export(self, project_id: str, filters: dict[str, Any]) -> Export | None:
        return self._one("The newest export", _export, "newest_export", project_id, _plain(filters))

    def webhook(self, webhook_id: str) -> Webhook | None:
        return self._one(f"Webhook {webhook_id}", _webhook, "webhook", webhook_id)

    def webhooks(self, project_id: str) -> list[Webhook]:
        return self._all("Webhook", _webhook, "webhooks", project_id)

    def deliveries(self, webhook_id: str, limit: int) -> list[Delivery]:
        return self._all("Delivery", _delivery, "deliveries", webhook_id, limit)


class ServingWriter(ServingReader):
    """Changes inside the writer's transaction."""

    def __init__(self, database: Database, removes: Callable[[], None]) -> None:
        """``removes``: notes that something is taken away, or that it was."""
        super().__init__(database)
        self._removes = removes

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
        self._run("keep_project", project_id, name, description, _plain(settings), now)

    def delete_project(self, project_id: str, now: int) -> None:
        self._removes()
        self._run("delete_project", project_id, now)
        self._run("revoke_keys_of_project", project_id, now)
        for statement in _OF_PROJECT:
            self._run(statement, project_id)

    def keep_member(self, project_id: str, member: Member) -> None:
        self._run("keep_member", project_id, member.email, member.role, member.created_at)

    def remove_member(self, project_id: str, email: str) -> bool:
        self._removes()
        return self._row("remove_member", project_id, email) is not None

    def add_key(self, key: ApiKey) -> None:
        scopes = " ".join(key.scopes)
        self._run("add_key", key.id, key.project, key.name, key.digest, scopes, key.created_at, key.expires_at)

    def revoke_key(self, key_id: str, now: int) -> bool:
        self._removes()
        return self._row("revoke_key", key_id, now) is not None

    def touch_key(self, key_id: str, now: int) -> None:
        self._run("touch_key", key_id, now)

    def keep_call(self, call: Call) -> None:
        if call.kind == "DELETE":
            self._removes()
        results = json.dumps(call.results)
        key, fingerprint = call.idempotency_key, call.fingerprint
        times = (call.started_at, call.finished_at)
        kept = self._row(
            "keep_call", call.id, call.project, call.kind, results, _plain(call.answer), *times, key, fingerprint
        )
        if kept is None:
            raise RepeatedCall

    def keep_feedback(self, project_id: str, uid: str, feedback: Feedback, now: int) -> None:
        self._run("keep_feedback", project_id, uid, feedback.verdict, feedback.reason, now)

    def add_export(self, export: Export) -> None:
        schema, filters = _plain(export.schema), _plain(export.filters)
        self._run("add_export", export.id, export.project, schema, filters, export.created_at)

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
        self._run("keep_webhook", webhook.id, webhook.name, webhook.url, types, webhook.updated_at)

    def remove_webhook(self, webhook_id: str) -> None:
        self._removes()
        self._run("remove_webhook", webhook_id)

    def forget_log(self, before: int, limit: int) -> int:
        self._removes()
        gone = self._changed("forget_calls", first_uid(before), limit)
        return gone + self._changed("forget_deliveries", before, limit)

    def log_delivery(self, delivery: Delivery) -> None:
        self._run(
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


def _project(row: Row) -> Project:
    project_id, organisation, name, description, settings, created_at, updated_at = row
    times = moment(created_at), moment(updated_at)
    named = text(project_id), text(organisation), text(name), text_or_none(description)
    return Project(*named, json_object(settings), *times)


def _member(row: Row) -> Member:
    email, role, created_at = row
    return Member(text(email), text(role), moment(created_at))


def _key(row: Row) -> ApiKey:
    key_id, project, name, digest, scopes, created_at, *times = row
    later = [None if at is None else moment(at) for at in times]
    return ApiKey(
        text(key_id), text(project), text(name), data(digest), tuple(text(scopes).split()), moment(created_at), *later
    )


def _call(row: Row) -> Call:
    call_id, project, kind, results, answer, started_at, finished_at, key, fingerprint = row
    touched = [(text(uid), text(event)) for uid, event in json.loads(text(results))]
    times = moment(started_at), moment(finished_at)
    request = text_or_none(key), None if fingerprint is None else data(fingerprint)
    return Call(text(call_id), text(project), text(kind), touched, json_object(answer), *times, *request)


def _words(row: Row) -> str:
    return text(row[1])


def _said(row: Row) -> tuple[str, str]:
    return text(row[1]), text(row[2])


def _origin(row: Row, said: list[tuple[str, str]]) -> Origin:
    uid, user, agent, app, run, role, metadata = row
    scope = Scope(text_or_none(user), text_or_none(agent), text_or_none(app), text_or_none(run))
    return Origin(text(uid), scope, text(role), json_object(metadata), said)


def _entity(kind: EntityKind, row: Row) -> EntityCount:
    entity_id, memories, first, last = row
    return EntityCount(kind, text(entity_id), number(memories), moment(first), moment(last))


def _feedback(row: Row) -> Feedback:
    return Feedback(text_or_none(row[0]), text_or_none(row[1]))


def _export(row: Row) -> Export:
    export_id, project, schema, filters, created_at = row
    return Export(text(export_id), text(project), json_object(schema), json_object(filters), moment(created_at))


def _webhook(row: Row) -> Webhook:
    webhook_id, project, name, url, event_types, secret, created_at, updated_at, since = row
    named = text(webhook_id), text(project), text(name), text(url)
    times = moment(created_at), moment(updated_at)
    return Webhook(*named, json_texts(event_types), text(secret), *times, number(since))


def _delivery(row: Row) -> Delivery:
    _, webhook_id, message_id, event_type, uid, attempt, status, error, next_at, at = row
    named = text(webhook_id), text(message_id), text(event_type), text(uid)
    answered = number_or_none(status), text_or_none(error)
    return Delivery(*named, number(attempt), *answered, None if next_at is None else moment(next_at), moment(at))
