"""Remembering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import Request

from toldonce.config import GUIDING
from toldonce.engine.requests import add_request, scope_of
from toldonce.errors import InvalidInput, InvalidMessage
from toldonce.remember import add
from toldonce.remember.plan import AddRequest, owner_of
from toldonce.server import wire
from toldonce.server.auth import Caller, Writer
from toldonce.server.bodies import AddBody
from toldonce.server.limits import MOST_MESSAGES
from toldonce.server.replies import Json
from toldonce.server.routing import QUICK_BYTES, new_router
from toldonce.server.scoping import instant, scope_in
from toldonce.server.service import Done
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Call

router = new_router("add")

_PIPECAT_RECALLS = "Based on previous conversations, I recall: \n\n1. "
"""How what Pipecat's own Mem0 service recalled begins by default. With ``add_as_system_message=False``
it stands in the history as the user's, and comes back with it."""

_ACCEPTED = "Memory processing has been accepted. Its event tells the result."


@router.post("/v3/memories/add")
async def add_memories(body: AddBody, request: Request, caller: Writer) -> Json:
    """Remember messages; what is answered is on disk, and recalled from then on.

    With ``infer`` (unless it is false): ``{event_id, status: "PENDING"}``, as Mem0's platform answers; the event has
    succeeded by the time anyone asks. Without: the memories, as ``results``.
    """
    call = await _remember(caller, request, body)
    if body.infer is False:
        return Json(await _finished(caller, call))
    return Json({"message": _ACCEPTED, "status": "PENDING", "event_id": call.id})


@router.post("/v1/memories")
async def add_as_before(body: AddBody, request: Request, caller: Writer) -> Json:
    """The same for older clients. ``async_mode: false`` returns the finished result."""
    call = await _remember(caller, request, body)
    if body.async_mode is False or body.infer is False:
        return Json(await _finished(caller, call))
    pending = [{"message": _ACCEPTED, "status": "PENDING", "event_id": call.id}]
    return Json({"results": pending} if body.output_format == "v1.1" else pending)


async def _remember(caller: Caller, request: Request, body: AddBody) -> Call:
    if len(await request.body()) <= QUICK_BYTES:
        wanted = _read(body)
    else:
        wanted = await caller.service.work_out(caller.project, lambda: _read(body))

    def work(store: Write, worked_out: add.WorkedOut | None = None) -> Done:
        added = add.add(store, caller.project, wanted, worked_out, caller.service.engine.orders(caller.project, wanted))
        results = [(memory.uid, "ADD") for memory in added.memories if memory.is_new]
        answer = {} if added.ordered is None else {wire.READ_LATER: added.ordered}
        return Done(answer=answer, results=results, stale=added.versions)

    change = partial(caller.service.change, caller.project, request, "ADD", owner=owner_of(wanted.scope))
    for _ in range(add.TRIES if add.is_long(wanted) else 0):
        worked_out = await caller.service.plan(caller.project, wanted)
        with suppress(add.Moved):
            return await change(partial(work, worked_out=worked_out))
    return await change(work)


async def _finished(caller: Caller, call: Call) -> dict[str, Any]:
    uids = [uid for uid, _ in call.results]
    texts = await caller.service.read(lambda store: store.serving.texts(caller.project, uids))
    return {
        "message": "Memories added successfully!",
        "status": "SUCCEEDED",
        "event_id": call.id,
        "results": wire.results(call, texts),
    }


def _read(body: AddBody) -> AddRequest:
    infer = body.infer is not False
    ids = scope_in(body.__dict__, body.filters)
    _check_categories(body.custom_categories)
    return add_request(
        _messages(body.messages, infer),
        scope_of(ids.get("user_id"), ids.get("agent_id"), ids.get("app_id"), ids.get("run_id")),
        metadata=body.metadata,
        timestamp=instant(body.timestamp, "timestamp"),
        expiration_date=body.expiration_date,
        infer=infer,
        memory_type=None,
        prompt=None,
        conversation_id=None,
        guidance={key: getattr(body, key) for key in GUIDING},
    )


def _messages(messages: str | dict[str, Any] | list[Any], infer: bool) -> object:
    if not messages or (isinstance(messages, str) and not messages.strip()):
        raise InvalidMessage("messages is empty: send what was said, as text or as a list of messages.")
    if not isinstance(messages, list):
        return messages
    if len(messages) > MOST_MESSAGES:
        raise InvalidMessage(f"messages has {len(messages):,} entries; the most is {MOST_MESSAGES:,}. Send the newest.")
    for place, message in enumerate(messages):
        if not infer and isinstance(message, Mapping) and _shows_only(message.get("content")):
            raise InvalidMessage(f"messages[{place}] has no text; with infer=false only text can be stored.")
    kept = [_mem0_role(message) for message in messages if not _is_recalled(message)]
    return kept or ""  # what was recalled was sent back and nothing else: that is no mistake of the caller's


def _mem0_role(message: object) -> object:
    """Mem0's documentation also calls the assistant 'agent'."""
    if isinstance(message, Mapping) and message.get("role") == "agent":
        return {**message, "role": "assistant"}
    return message


def _is_recalled(message: object) -> bool:
    """Whether this is what Pipecat's own Mem0 service put into the talk, and not something that was said."""
    content = message.get("content") if isinstance(message, Mapping) else None
    return isinstance(content, str) and content.startswith(_PIPECAT_RECALLS)


def _shows_only(content: object) -> bool:
    """Whether content is an image or a file, or a list of nothing else."""
    parts: Sequence[object] = content if isinstance(content, list) else [content]
    return bool(parts) and all(
        isinstance(part, Mapping) and part.get("type") not in ("text", "input_text", "output_text") for part in parts
    )


def _check_categories(categories: list[Any] | None) -> None:
    for place, category in enumerate(categories or []):
        if not isinstance(category, dict) or len(category) != 1:
            raise InvalidInput(f"custom_categories[{place}] must be an object with one key: {{name: description}}.")
