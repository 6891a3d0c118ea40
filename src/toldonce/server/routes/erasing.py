"""Erasing, and the receipts of it. Mem0's platform has no such calls: there a deletion keeps the history, as here."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Query

from toldonce.engine.loops import run_in
from toldonce.engine.operations import Operations
from toldonce.engine.receipts import receipts
from toldonce.engine.requests import what_to_erase
from toldonce.engine.shapes import Item
from toldonce.remote import erasing
from toldonce.server.auth import Admin, Caller
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.types import ErasedKind

router = new_router("erasing")

WAIT = 10.0
"""Seconds a call waits for those who hold an erasure up."""


@router.delete("/v1/erase")
async def erase(
    caller: Admin,
    user_id: str | None = None,
    agent_id: str | None = None,
    app_id: str | None = None,
    run_id: str | None = None,
    memory_id: str | None = None,
    allow_return: bool = False,
    wait: Annotated[float, Query(ge=0, le=60)] = WAIT,
) -> Json:
    """Leave no byte of one user, agent, app, run or memory of the key's project, and return a signed receipt.

    ``status`` is "erased", or "hidden" if somebody has been reading for longer than ``wait`` seconds; it is finished
    later then. ``allow_return=true`` lets the same words be remembered anew. Needs an admin's key.
    """
    kind, entity = what_to_erase(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, memory_id=memory_id)
    return Json(await erase_now(caller, kind, entity, allow_return, wait))


@router.get("/v1/receipts")
async def list_receipts(caller: Admin) -> Json:
    """The signed receipts of what was erased from the key's project, oldest first. Needs an admin's key."""
    kept = await caller.service.read(lambda store: receipts(store, caller.project))
    return Json({"results": [json.loads(one) for one in kept]})


async def erase_now(
    caller: Caller, kind: ErasedKind, entity: str, allow_return: bool = False, wait: float = WAIT
) -> Item:
    """Erase it, off the loop; what ``Memory.erase`` returns."""
    verbs = Operations(caller.service.engine, caller.project)
    return await run_in(
        caller.service.engine.working.of(caller.project),
        lambda: erasing.erase(verbs, kind, entity, allow_return=allow_return, within=wait),
    )
