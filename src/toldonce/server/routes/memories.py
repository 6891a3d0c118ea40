"""One memory: reading, changing and deleting it, what was done to it, and those of one entity."""

from __future__ import annotations

from fastapi import Request

from toldonce.engine.listing import Page
from toldonce.engine.requests import UNSET, edit_request
from toldonce.errors import MemoryNotFound
from toldonce.filters import parse_filters
from toldonce.remember import edit
from toldonce.remember.add import VERY_LONG
from toldonce.server import pages, wire
from toldonce.server.auth import Caller, Reader, Writer
from toldonce.server.bodies import UpdateBody
from toldonce.server.errors import not_found
from toldonce.server.replies import Json
from toldonce.server.routes.listing import PAGE_SIZE
from toldonce.server.routing import new_router
from toldonce.server.scoping import entity_of, instant, memory_uid
from toldonce.server.service import Done
from toldonce.stores.protocol import Read, Write
from toldonce.times import now
from toldonce.types import MemoryRecord

router = new_router("memories")


@router.get("/v1/memories/{memory_id}")
async def get(memory_id: str, caller: Reader) -> Json:
    """One memory."""
    return Json(wire.memory(await _record(caller, memory_uid(memory_id))))


@router.put("/v1/memories/{memory_id}")
async def update(memory_id: str, body: UpdateBody, request: Request, caller: Writer) -> Json:
    """Change a memory's words, merge into its metadata, move it in time, or set its last day."""
    uid = memory_uid(memory_id)
    ends = body.expiration_date if "expiration_date" in body.model_fields_set else UNSET
    change = edit_request(body.text, body.metadata, ends, instant(body.timestamp, "timestamp"))

    known = await caller.service.read_much(
        caller.project,
        lambda store: edit.work_out(store, located(store, caller.project, uid), change),
        computes=len(body.text or "") > VERY_LONG,
    )

    def work(store: Write) -> Done:
        stale = edit.update(store, caller.project, located(store, caller.project, uid), change, now(), known)
        return Done(results=[(uid, "UPDATE")], stale=stale)

    await caller.service.change(caller.project, request, "UPDATE", work)
    return Json(wire.memory(await _record(caller, uid)))


@router.delete("/v1/memories/{memory_id}")
async def delete(memory_id: str, request: Request, caller: Writer, delete_linked: bool = False) -> Json:
    """Take a memory out of recall. ``delete_linked`` also deletes those it superseded, of which there are none yet."""
    uid = memory_uid(memory_id)

    def work(store: Write) -> Done:
        stale = edit.delete_one(store, caller.project, located(store, caller.project, uid), now())
        return Done(results=[(uid, "DELETE")], stale=stale)

    call = await caller.service.change(caller.project, request, "DELETE", work)
    answer = {"message": "Memory deleted successfully!", "event_id": call.id}
    return Json({**answer, "cascade_count": 0} if delete_linked else answer)


@router.get("/v1/memories/{memory_id}/history")
async def history(memory_id: str, caller: Reader) -> Json:
    """What was done to a memory, oldest first. That of a deleted one still has its words, and needs an admin's key."""
    uid = memory_uid(memory_id)

    def question(store: Read) -> list[wire.Item]:
        found = located(store, caller.project, uid)
        if found not in store.records([found]):
            caller.require_admin("The history of a deleted memory")
        origin = store.serving.origin(found)
        entries = store.history(found)
        return [wire.history_entry(entry, uid, entries[0].at, origin) for entry in entries]

    return Json(await caller.service.read(question))


@router.get("/v1/memories/{entity_type}/{entity_id:path}")
async def of_entity(
    entity_type: str, entity_id: str, request: Request, caller: Reader, page: int | None = None
) -> Json:
    """The memories of one user, agent, app or run, a hundred a page."""
    key, stored = entity_of(entity_type, entity_id)
    tree = caller.sees(parse_filters({key: {"in": [stored]}}, flat_metadata=False))
    asked = pages.page(page, None, default=PAGE_SIZE, most=PAGE_SIZE)

    def shown(found: Page) -> Json:
        with caller.service.engine.reading() as store:
            origins = [store.serving.origin(memory_id) for memory_id, _ in found.memories]
        items = [
            {
                **wire.memory(record),
                "input": [{"role": role, "content": content} for role, content in origin.said],
                "is_updated": record.updated_at != record.created_at,
            }
            for (_, record), origin in zip(found.memories, origins, strict=True)
        ]
        return Json(pages.envelope(request, asked, found.count, items))

    return await caller.service.page(caller.project, tree, asked, False, shown)


def located(store: Read, project: str, uid: str) -> int:
    """A memory's inner id. Raises ``MemoryNotFound``, the same for those of other tenants."""
    found = store.locate(project, uid)
    if found is None:
        raise MemoryNotFound("Memory not found!")
    return found


def standing(store: Read, project: str, uid: str) -> int:
    """The inner id of a memory that was not deleted. Raises ``MemoryNotFound``."""
    found = located(store, project, uid)
    if found not in store.records([found]):
        raise MemoryNotFound("Memory not found!")
    return found


async def _record(caller: Caller, uid: str) -> MemoryRecord:
    def question(store: Read) -> MemoryRecord | None:
        found = store.locate(caller.project, uid)
        return None if found is None else store.records([found]).get(found)

    record = await caller.service.read(question)
    if record is None:
        raise not_found("Memory")
    return record
