"""What acknowledged calls did."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from toldonce.engine.extraction import state_of
from toldonce.server import pages, wire
from toldonce.server.auth import Caller, Reader
from toldonce.server.errors import not_found
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import uid_of
from toldonce.stores.protocol import Read
from toldonce.stores.serving import Call

router = new_router("events")

_PAGE_SIZE = 50
_MOST = 100


@router.get("/v1/event/{event_id}")
async def event(event_id: str, caller: Reader) -> Json:
    """One event, by the id an add answered with."""

    uid = uid_of(event_id, "event_id")

    def question(store: Read) -> wire.Item | None:
        call = store.serving.call(caller.project, uid)
        return None if call is None else _event(store, caller, call)

    found = await caller.service.read(question)
    if found is None:
        raise not_found("Event")
    return Json(found)


@router.get("/v1/events")
async def events(request: Request, caller: Reader, page: int | None = None, page_size: int | None = None) -> Json:
    """What was added, changed and deleted, newest first. It is about everyone, so it needs an admin's key."""
    caller.require_admin("Listing the events of all users")
    asked = pages.page(page, page_size, default=_PAGE_SIZE, most=_MOST)

    def question(store: Read) -> tuple[int, Sequence[wire.Item]]:
        count, calls = store.serving.calls(caller.project, asked.size, asked.start)
        return count, [_event(store, caller, call) for call in calls]

    count, items = await caller.service.read_much(caller.project, question)
    return Json(pages.envelope(request, asked, count, items))


@router.get("/v1/memories/events")
async def histories(request: Request, caller: Reader, page: int | None = None, limit: int | None = None) -> Json:
    """What was done to memories one by one, newest first. It needs an admin's key."""
    caller.require_admin("Listing the history of all users")
    asked = pages.page(page, limit, default=_MOST, most=_MOST)

    def question(store: Read) -> tuple[int, Sequence[wire.Item]]:
        count, found = store.serving.operations(caller.project, asked.size, asked.start)
        return count, [_done(store, memory_id, sequence) for memory_id, sequence in found]

    count, items = await caller.service.read_much(caller.project, question)
    return Json(pages.envelope(request, asked, count, items))


def _event(store: Read, caller: Caller, call: Call) -> wire.Item:
    texts = store.serving.texts(caller.project, [uid for uid, _ in call.results])
    read_later = call.answer.get(wire.READ_LATER)
    return wire.event(call, texts, *(state_of(store, *read_later) if read_later else ()))


def _done(store: Read, memory_id: int, place: int) -> wire.Item:
    """The operation at this place of a memory's history."""
    entries = store.history(memory_id)
    origin = store.serving.origin(memory_id)
    return wire.history_entry(entries[place], origin.uid, entries[0].at, origin)
