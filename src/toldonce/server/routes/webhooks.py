"""Webhooks: whom to tell what happens to a project's memories."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from toldonce.errors import InvalidInput
from toldonce.filters.checks import unstorable
from toldonce.server import wire
from toldonce.server.auth import Admin, Caller
from toldonce.server.bodies import WebhookBody, WebhookChanges
from toldonce.server.errors import not_found
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.safe_http import read_url
from toldonce.server.scoping import uid_of
from toldonce.server.service import Done
from toldonce.server.webhooks import new_secret, read_event_types
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Webhook
from toldonce.times import now
from toldonce.uids import new_uid

router = new_router("webhooks")

_MOST = 50
"""Webhooks of one project: each is told of everything."""


@router.get("/api/v1/webhooks/projects/{project_id}")
async def webhooks(project_id: str, caller: Admin) -> Json:
    """The project's webhooks."""
    await _own(caller, project_id)
    found = await caller.service.read(lambda store: store.serving.webhooks(caller.project))
    return Json([wire.webhook(one) for one in found])


@router.post("/api/v1/webhooks/projects/{project_id}")
async def create(project_id: str, body: WebhookBody, request: Request, caller: Admin) -> Json:
    """A new webhook. ``secret`` signs what it is sent (Standard Webhooks); it is shown only now."""
    await _own(caller, project_id)
    at = now()
    url = read_url(body.url, caller.service.settings.private_webhooks)
    types = read_event_types(body.event_types)
    new = Webhook(new_uid(at), caller.project, _name(body.name), url, types, new_secret(), at, at)

    def work(store: Write) -> Done:
        if not store.serving.add_webhook(replace(new, since=store.feed.newest()), _MOST):
            raise InvalidInput(f"A project has at most {_MOST} webhooks. Delete one first.")
        return Done({"webhook_id": new.id})

    call = await caller.service.change(caller.project, request, "WEBHOOK", work)
    made = await caller.service.read(lambda store: store.serving.webhook(call.answer["webhook_id"]))
    if made is None:
        raise not_found("Webhook")
    secret = {"secret": made.secret} if made.id == new.id else {}
    return Json({**wire.webhook(made), **secret}, 201)


@router.put("/api/v1/webhooks/{webhook_id}")
async def update(webhook_id: str, body: WebhookChanges, request: Request, caller: Admin) -> Json:
    """Change a webhook's name, address or events."""
    url = None if body.url is None else read_url(body.url, caller.service.settings.private_webhooks)
    name = None if body.name is None else _name(body.name)
    types = None if body.event_types is None else read_event_types(body.event_types)

    def work(store: Write) -> Done:
        found = _found(store, caller, webhook_id)
        changed = replace(
            found,
            name=name or found.name,
            url=url or found.url,
            event_types=types or found.event_types,
            updated_at=now(),
        )
        store.serving.keep_webhook(changed)
        return Done()

    await caller.service.change(caller.project, request, "WEBHOOK", work)
    return Json({"message": "Webhook updated successfully!"})


@router.delete("/api/v1/webhooks/{webhook_id}")
async def delete(webhook_id: str, request: Request, caller: Admin) -> Json:
    """Delete a webhook; what was still to be delivered to it is not."""

    def work(store: Write) -> Done:
        store.serving.remove_webhook(_found(store, caller, webhook_id).id)
        return Done()

    await caller.service.change(caller.project, request, "WEBHOOK", work)
    return Json({"message": "Webhook deleted successfully!"})


@router.get("/api/v1/webhooks/{webhook_id}/deliveries")
async def deliveries(webhook_id: str, caller: Admin) -> Json:
    """The last hundred tries to deliver, newest first."""

    def question(store: Read) -> list[wire.Item]:
        found = _found(store, caller, webhook_id)
        return [wire.delivery(tried) for tried in store.serving.deliveries(found.id, 100)]

    return Json(await caller.service.read(question))


async def _own(caller: Caller, project: str) -> None:
    if not await caller.service.is_project(caller.project, project):
        raise not_found("Project")


def _found(store: Read, caller: Caller, webhook_id: str) -> Webhook:
    found = store.serving.webhook(uid_of(webhook_id, "webhook_id"))
    if found is None or found.project != caller.project:
        raise not_found("Webhook")
    return found


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 255 or unstorable(name):
        raise InvalidInput("name: a webhook's name has 1 to 255 characters and no null byte.")
    return name
