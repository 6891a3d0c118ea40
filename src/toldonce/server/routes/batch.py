"""Changing or deleting many memories at once, a part at a time: ids that are not there are named, the rest is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from fastapi import Request

from toldonce.engine.requests import UNSET, edit_request
from toldonce.errors import InvalidInput, MemoryNotFound
from toldonce.remember import edit
from toldonce.server.auth import Caller, Writer
from toldonce.server.bodies import BatchBody
from toldonce.server.limits import MOST_AT_ONCE
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import memory_uid
from toldonce.server.service import Done, in_parts
from toldonce.stores.protocol import EditedMemory, Read, Write
from toldonce.stores.serving import Call, Results
from toldonce.times import now

router = new_router("batch")

_Change: TypeAlias = tuple[str, int, edit.Edit]
"""A memory's public id, its row, and what is to become of it."""
_SHOWN = 10
"""Ids that an error names."""
UPDATED_AT_ONCE = 50
"""Memories updated in one transaction: an update takes longer than a delete, and others wait for it."""


@router.put("/v1/batch")
async def update(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Change the text or metadata of up to 1,000 memories. ``not_found`` names those that are not there."""
    changes = [
        (uid, edit_request(item.text, item.metadata, UNSET))
        for uid, item in zip(_uids(body), body.memories, strict=True)
    ]
    uids = [uid for uid, _ in changes]

    async def prepared() -> Sequence[Callable[[Write], Done]]:
        known = await caller.service.read_much(caller.project, lambda store: _known(store, caller.project, uids))
        parts = in_parts([(uid, known[uid], change) for uid, change in changes if uid in known], UPDATED_AT_ONCE)
        return [
            partial(_update, project=caller.project, part=part, worked_out=await _worked_out(caller, part))
            for part in parts
        ]

    done = await caller.service.change_in_parts(caller.project, request, "UPDATE", prepared, partial(_done, uids))
    return _answer("updated", done)


@router.delete("/v1/batch")
async def delete(body: BatchBody, request: Request, caller: Writer) -> Json:
    """Delete up to 1,000 memories. ``not_found`` names those that are not there."""
    uids = list(dict.fromkeys(_uids(body)))

    async def prepared() -> Sequence[Callable[[Write], Done]]:
        known = await caller.service.read_much(caller.project, lambda store: _known(store, caller.project, uids))
        return [partial(_delete, project=caller.project, part=part) for part in in_parts(list(known.items()))]

    done = await caller.service.change_in_parts(caller.project, request, "DELETE", prepared, partial(_done, uids))
    return _answer("deleted", done)


def _update(store: Write, *, project: str, part: Sequence[_Change], worked_out: Sequence[EditedMemory | None]) -> Done:
    there = store.records([memory_id for _, memory_id, _ in part])
    stale: list[int] = []
    for (_, memory_id, change), known in zip(part, worked_out, strict=True):
        if memory_id in there:  # it may have been deleted meanwhile
            stale += edit.update(store, project, memory_id, change, now(), known)
    return Done(results=[(uid, "UPDATE") for uid, memory_id, _ in part if memory_id in there], stale=stale)


async def _worked_out(caller: Caller, part: Sequence[_Change]) -> list[EditedMemory | None]:
    return await caller.service.read_much(
        caller.project,
        lambda store: [edit.work_out(store, memory_id, change) for _, memory_id, change in part],
        computes=True,
    )


def _delete(store: Write, project: str, part: Sequence[tuple[str, int]]) -> Done:
    there = store.records([memory_id for _, memory_id in part])
    stale = edit.delete(store, project, list(there), None, now())
    return Done(results=[(uid, "DELETE") for uid, memory_id in part if memory_id in there], stale=stale)


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


def _done(uids: Sequence[str], results: Results) -> Done:
    done = {uid for uid, _ in results}
    return Done({"not_found": [uid for uid in uids if uid not in done]}, results)


def _answer(what: str, call: Call) -> Json:
    answer: dict[str, object] = {"message": f"Successfully {what} {len(call.results)} memories"}
    if missing := call.answer["not_found"]:
        answer["not_found"] = missing
    return Json(answer)
