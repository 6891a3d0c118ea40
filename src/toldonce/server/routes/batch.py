"""Changing or deleting many memories at once: one commit; ids that are not there are named, the rest is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Request

from toldonce.engine.requests import UNSET, edit_request
from toldonce.errors import InvalidInput, MemoryNotFound
from toldonce.remember import edit
from toldonce.server.auth import Writer
from toldonce.server.bodies import BatchBody
from toldonce.server.limits import MOST_AT_ONCE
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import memory_uid
from toldonce.server.service import Done
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Call
from toldonce.times import now

router = new_router("batch")

_SHOWN = 10
"""Ids that an error names."""


@router.put("/v1/batch")
async def update(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Change the text or metadata of up to 1,000 memories. ``not_found`` names those that are not there."""
    changes = [
        (uid, edit_request(item.text, item.metadata, UNSET))
        for uid, item in zip(_uids(body), body.memories, strict=True)
    ]

    def work(store: Write) -> Done:
        known = _known(store, caller.project, [uid for uid, _ in changes])
        stale: list[int] = []
        for uid, change in changes:
            if uid in known:
                stale += edit.update(store, known[uid], change, now())
        return _done("UPDATE", [uid for uid, _ in changes], known, stale)

    return _answer("updated", await caller.service.change(caller.project, request, "UPDATE", work))


@router.delete("/v1/batch")
async def delete(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Delete up to 1,000 memories. ``not_found`` names those that are not there."""
    uids = list(dict.fromkeys(_uids(body)))

    def work(store: Write) -> Done:
        known = _known(store, caller.project, uids)
        stale = edit.delete(store, caller.project, list(known.values()), None, now())
        return _done("DELETE", uids, known, stale)

    return _answer("deleted", await caller.service.change(caller.project, request, "DELETE", work))


def _uids(body: BatchBody) -> list[str]:
    if not 1 <= len(body.memories) <= MOST_AT_ONCE:
        raise InvalidInput(f"memories must list 1 to {MOST_AT_ONCE:,} memories, not {len(body.memories):,}.")
    return [memory_uid(item.memory_id) for item in body.memories]


def _known(store: Read, project: str, uids: Sequence[str]) -> dict[str, int]:
    """The memories that are there, by their ids. Raises ``MemoryNotFound`` that names the ids if none is."""
    located = {uid: found for uid in uids if (found := store.locate(project, uid)) is not None}
    there = store.records(list(located.values()))
    known = {uid: memory_id for uid, memory_id in located.items() if memory_id in there}
    if not known:
        shown = ", ".join(uids[:_SHOWN]) + (", ..." if len(uids) > _SHOWN else "")
        raise MemoryNotFound(f"Memory not found! None of these is there: {shown}")
    return known


def _done(event: str, uids: Sequence[str], known: Mapping[str, int], stale: list[int]) -> Done:
    missing = [uid for uid in uids if uid not in known]
    return Done({"not_found": missing}, [(uid, event) for uid in uids if uid in known], stale)


def _answer(what: str, call: Call) -> Json:
    answer: dict[str, object] = {"message": f"Successfully {what} {len(call.results)} memories"}
    if missing := call.answer["not_found"]:
        answer["not_found"] = missing
    return Json(answer)
