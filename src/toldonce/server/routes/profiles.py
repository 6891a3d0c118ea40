"""Profiles, under Mem0's calls for them. They are made of facts when they are asked for, so a job has nothing to do."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request

from toldonce.engine.loops import run_in
from toldonce.engine.operations import Operations
from toldonce.errors import InvalidInput
from toldonce.filters import entity_id as read_id
from toldonce.filters import parse_filters
from toldonce.server.auth import Admin, Caller, Reader, Writer
from toldonce.server.bodies import ProfileJobBody, ProfileSettingsBody
from toldonce.server.errors import not_found
from toldonce.server.profiling import changed_settings, read_settings, shaped
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import uid_of
from toldonce.server.service import Done
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Call
from toldonce.times import now

router = new_router("profiles")

_KIND = "PROFILE"
_SAMPLE = 3
"""Users that a sample takes unless it is told otherwise."""
_MOST = 10
_OFF = 'Profiles are off in this project. Turn them on: POST /v2/profiles/settings/ {"enabled": true}.'

_Status = Literal["succeeded", "insufficient_data", "not_enabled"]


@router.get("/v2/entities/user/{entity_id:path}/profile")
async def profile(entity_id: str, caller: Reader) -> Json:
    """What holds of a user, by attribute or as the project's schema has it; ``facts`` prove it.

    ``status``: ``succeeded``; ``insufficient_data`` if no fact is known of the user; ``not_enabled``. 404 for a user of
    whom nothing is remembered.
    """
    user = read_id("user", entity_id)
    verbs = Operations(caller.service.engine, caller.project)

    def known() -> dict[str, Any] | None:
        tree = parse_filters({"user_id": user})
        there = verbs.get_all(tree, 1, None, None, show_expired=True)["results"]
        return verbs.profile(user, None) if there else None

    settings = await _settings(caller)
    found = await run_in(caller.service.engine.working.of(caller.project), known)
    if found is None:
        raise not_found("Entity")
    status: _Status = "succeeded" if found["profile"] else "insufficient_data"
    if not settings["enabled"]:
        found, status = {"profile": {}, "facts": [], "updated_at": None}, "not_enabled"
    return Json(
        {
            "profile": shaped(found["profile"], settings["entities"]["user"]["schema"]),
            "status": status,
            "entity_type": "user",
            "entity_id": user,
            "updated_at": found["updated_at"],
            "generation_count": int(status == "succeeded"),
            "error": None,
            "facts": found["facts"],
        }
    )


@router.post("/v2/profiles/jobs")
async def start(body: ProfileJobBody, request: Request, caller: Writer) -> Json:
    """Make the profile of one user (``trigger``), or of up to ten (``sample``, which needs an admin's key).

    It is finished when this answers.
    """
    if body.entity_type != "user":
        raise InvalidInput("entity_type must be user: only users have profiles.")
    if not (await _settings(caller))["enabled"]:
        raise InvalidInput(_OFF)
    users = [await _one(caller, body)] if body.operation == "trigger" else await _sampled(caller, body.limit)
    made: list[bool] = []

    def work(store: Write) -> Done:
        made.append(True)
        return Done({"operation": body.operation, "total": len(users)})  # no ids: they would outlive an erasure

    call = await caller.service.change(caller.project, request, _KIND, work)
    answer = {
        "job_id": call.id,
        "status": "succeeded",
        "status_url": f"/v2/profiles/jobs/{call.id}/",
        "operation": body.operation,
        "entity_type": "user",
        "entity_count_reserved": len(users),
        "event_id": call.id,
        "replayed": not made,
    }
    return Json(answer if body.operation == "trigger" else {**answer, "sampled": len(users), "entity_ids": users})


@router.get("/v2/profiles/jobs/{job_id}")
async def job(job_id: str, caller: Reader) -> Json:
    """A job, which has succeeded by the time anyone asks."""
    uid = uid_of(job_id, "job_id")
    call: Call | None = await caller.service.read(lambda store: store.serving.call(caller.project, uid))
    if call is None or call.kind != _KIND:
        raise not_found("Job")
    total = call.answer["total"]
    done = {"total": total, "completed": total, "succeeded": total, "failed": 0, "skipped": 0}
    kind = {"operation": call.answer["operation"], "entity_type": "user", "status": "succeeded"}
    return Json({"job": {"id": call.id, **kind, "enumeration_complete": True, **done}})


@router.get("/v2/profiles/settings")
async def settings(caller: Reader) -> Json:
    """Whether the project has profiles, and after which schema they are shaped."""
    return Json(await _settings(caller))


@router.post("/v2/profiles/settings")
async def change_settings(body: ProfileSettingsBody, request: Request, caller: Admin) -> Json:
    """Change the settings that are sent; null clears one."""
    sent = body.model_dump(exclude_unset=True)

    def work(store: Write) -> Done:
        found = store.serving.project(caller.project)
        if found is None:
            raise not_found("Project")
        kept = changed_settings(found.settings, sent)
        store.serving.keep_project(found.id, found.name, found.description, kept, now())
        return Done()

    await caller.service.change(caller.project, request, "PROJECT", work)
    return Json(await _settings(caller))


async def _settings(caller: Caller) -> dict[str, Any]:
    found = await caller.service.read(lambda store: store.serving.project(caller.project))
    return read_settings({} if found is None else found.settings)


async def _one(caller: Caller, body: ProfileJobBody) -> str:
    if body.entity_id is None:
        raise InvalidInput("entity_id is missing: say whose profile to make.")
    user = read_id("user", body.entity_id)
    if user not in await _users(caller):
        raise not_found("Entity")
    return user


async def _sampled(caller: Caller, limit: int | None) -> list[str]:
    caller.require_admin("Sampling users")
    count = _SAMPLE if limit is None else limit
    if not 1 <= count <= _MOST:
        raise InvalidInput(f"limit must be a whole number from 1 to {_MOST}.")
    return (await _users(caller))[:count]


async def _users(caller: Caller) -> list[str]:
    found = await caller.service.read_much(caller.project, lambda store: store.serving.entities(caller.project))
    return [one.entity_id for one in found if one.kind == "user"]
