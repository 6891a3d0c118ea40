"""Users, agents, apps and runs."""

from __future__ import annotations

from typing import cast

from fastapi import Request

from toldonce.filters import parse_filters
from toldonce.server import pages, wire
from toldonce.server.auth import Caller, Reader, Writer
from toldonce.server.errors import not_found
from toldonce.server.replies import Json
from toldonce.server.routes.erasing import erase_now
from toldonce.server.routing import new_router
from toldonce.server.scoping import entity_of
from toldonce.stores.serving import EntityCount
from toldonce.types import ENTITY_KINDS, EntityKind

router = new_router("entities")

_MOST = 10_000_000
"""Without a page everything is listed: Mem0's Python client reads one page when it resets."""


@router.get("/v1/entities")
async def entities(request: Request, caller: Reader, page: int | None = None, page_size: int | None = None) -> Json:
    """Everyone whose memories there are. It names all users, so it needs an admin's key."""
    found = await _all(caller)
    asked = pages.page(page, page_size, default=_MOST if page is None else 100, most=_MOST)
    shown = [wire.entity(counted) for counted in found[asked.start : asked.start + asked.size]]
    totals = {f"total_{kind}s": sum(counted.kind == kind for counted in found) for kind in ENTITY_KINDS}
    return Json({**pages.envelope(request, asked, len(found), shown), **totals})


@router.get("/v1/entities/filters")
async def entity_filters(caller: Reader) -> Json:
    """The entities there are, by kind, for whoever offers a choice of them. It needs an admin's key."""
    found = await _all(caller)
    return Json({f"{kind}_id": [one.entity_id for one in found if one.kind == kind] for kind in ENTITY_KINDS})


@router.get("/v2/entities/{entity_type}/{entity_id:path}")
async def entity(entity_type: str, entity_id: str, caller: Reader) -> Json:
    """One entity, in a list."""
    _, stored = entity_of(entity_type, entity_id)
    found = [one for one in await _all(caller) if (one.kind, one.entity_id) == (entity_type, stored)]
    if not found:
        raise not_found("Entity")
    return Json([wire.entity(one) for one in found])


@router.delete("/v2/entities/{entity_type}/{entity_id:path}")
@router.delete("/v1/entities/{entity_type}/{entity_id:path}")
async def delete_entity(
    entity_type: str, entity_id: str, request: Request, caller: Writer, erase: bool = False
) -> Json:
    """Delete an entity's memories, and with them the entity; one that has none is not there anyway.

    That erases nothing: as on the platform, the history and the messages stay. ``erase=true`` leaves no byte of the
    entity, needs an admin's key, and adds ``status``, ``erased`` and ``receipt`` to the answer.
    """
    key, stored = entity_of(entity_type, entity_id)
    if erase:
        caller.require_admin("Erasing")
        told = await erase_now(caller, cast(EntityKind, entity_type), stored)
        return Json({"message": "Entity deleted successfully!", **told})
    tree = caller.sees(parse_filters({key: {"in": [stored]}}, flat_metadata=False))
    call = await caller.service.delete(caller.project, request, tree)
    return Json({"message": "Entity deleted successfully!", "event_id": call.id})


async def _all(caller: Caller) -> list[EntityCount]:
    caller.require_admin("Listing all users")
    return await caller.service.read_much(caller.project, lambda store: store.serving.entities(caller.project))
