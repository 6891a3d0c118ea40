"""Changing or deleting many memories at once: all of them, or none."""

from __future__ import annotations

from fastapi import Request

from toldonce.engine.requests import UNSET, edit_request
from toldonce.errors import InvalidInput
from toldonce.remember import edit
from toldonce.server.auth import Writer
from toldonce.server.bodies import BatchBody
from toldonce.server.limits import MOST_AT_ONCE
from toldonce.server.replies import Json
from toldonce.server.routes.memories import located
from toldonce.server.routing import new_router
from toldonce.server.scoping import memory_uid
from toldonce.server.service import Done
from toldonce.stores.protocol import Write
from toldonce.times import now

router = new_router("batch")


@router.put("/v1/batch")
async def update(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Change the text or metadata of up to 1,000 memories."""
    changes = [
        (uid, edit_request(item.text, item.metadata, UNSET))
        for uid, item in zip(_uids(body), body.memories, strict=True)
    ]

    def work(store: Write) -> Done:
        stale: list[int] = []
        for uid, change in changes:
            stale += edit.update(store, located(store, caller.project, uid), change, now())
        return Done(results=[(uid, "UPDATE") for uid, _ in changes], stale=stale)

    await caller.service.change(caller.project, request, "UPDATE", work)
    return Json({"message": f"Successfully updated {len(changes)} memories"})


@router.delete("/v1/batch")
async def delete(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Delete up to 1,000 memories."""
    uids = list(dict.fromkeys(_uids(body)))

    def work(store: Write) -> Done:
        stale: list[int] = []
        for uid in uids:
            stale += edit.delete_one(store, caller.project, located(store, caller.project, uid), now())
        return Done(results=[(uid, "DELETE") for uid in uids], stale=stale)

    await caller.service.change(caller.project, request, "DELETE", work)
    return Json({"message": f"Successfully deleted {len(uids)} memories"})


def _uids(body: BatchBody) -> list[str]:
    if not 1 <= len(body.memories) <= MOST_AT_ONCE:
        raise InvalidInput(f"memories must list 1 to {MOST_AT_ONCE:,} memories, not {len(body.memories):,}.")
    return [memory_uid(item.memory_id) for item in body.memories]
