"""What is said, on its way through an outbox: read when it is put in, so that only what can be sent waits there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from toldonce.remember.plan import AddRequest
from toldonce.types import Message, Scope


@dataclass(frozen=True, slots=True)
class Packed:
    """One call of add."""

    key: str
    """Names it at every try. Equal for the same messages of one person's conversation if they carry ids."""
    conversation: str
    payload: str


def pack(request: AddRequest, api_version: str | None) -> Packed:
    """A call of add as an outbox keeps it."""
    ids = ids_of(request.scope)
    conversation = request.conversation_id or json.dumps(ids, sort_keys=True)
    options: dict[str, Any] = dict(ids)
    if request.metadata:
        options["metadata"] = dict(request.metadata)
    if not request.infer:
        options["infer"] = False
    if request.expires_on is not None:
        options["expiration_date"] = request.expires_on
    said_at = next((message.said_at for message in request.messages if message.said_at is not None), request.now)
    options["timestamp"] = said_at // 1_000_000  # the wire knows whole seconds, one for each call
    payload = {
        "messages": [_wire(message) for message in request.messages],
        "options": options,
        "api_version": api_version,
    }
    return Packed(_key(request, conversation), conversation, json.dumps(payload, ensure_ascii=False))


def ids_of(scope: Scope) -> dict[str, str]:
    """The entity ids of a scope that are set."""
    named = {"user_id": scope.user_id, "agent_id": scope.agent_id, "app_id": scope.app_id, "run_id": scope.run_id}
    return {name: value for name, value in named.items() if value is not None}


def unpack(payload: str) -> tuple[list[dict[str, str]], dict[str, Any], str | None]:
    """Messages, options and API version of an entry."""
    kept = json.loads(payload)
    return kept["messages"], kept["options"], kept["api_version"]


def belongs_to(payload: str, ids: Mapping[str, str]) -> bool:
    """Whether an entry carries all of these ids."""
    _, options, _ = unpack(payload)
    return all(options.get(name) == value for name, value in ids.items())


def _wire(message: Message) -> dict[str, str]:
    plain = {"role": message.role, "content": message.content}
    return plain if message.name is None else plain | {"name": message.name}


def _key(request: AddRequest, conversation: str) -> str:
    if request.conversation_id is None or not all(message.id for message in request.messages):
        return uuid.uuid4().hex
    said_by_them = [[message.id, message.role, message.content] for message in request.messages]
    parts = [ids_of(request.scope), conversation, said_by_them]
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()
