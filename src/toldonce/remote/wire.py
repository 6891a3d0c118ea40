"""Mem0's REST API as data: what each verb sends in each version of the API, and how an answer is read.

Nothing here sends anything. Paths and bodies are those Mem0's own clients send (mem0ai 2.2 for v3, 1.0 for v2, 0.1
for v1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from toldonce.errors import (
    AuthenticationFailed,
    HostFailed,
    InvalidFilter,
    NotMem0,
    RateLimited,
    Rejected,
    RemoteError,
    RemoteNotFound,
    Unreachable,
)
from toldonce.net.messages import explanation
from toldonce.net.retry import retry_after

VERSIONS = ("v3", "v2", "v1")
"""Newest first: the order in which they are tried where none is asked for."""

_ENTITIES = ("user_id", "agent_id", "app_id", "run_id")


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    repeatable: bool = True
    """Whether sending it twice does no harm where it is not known if it arrived."""


PING = Call("GET", "/v1/ping/")
RECEIPTS = Call("GET", "/v1/receipts")


def project(organisation: str, project_id: str) -> Call:
    """Asks what a project is called."""
    return Call("GET", f"/api/v1/orgs/organizations/{_segment(organisation)}/projects/{_segment(project_id)}/")


def add(version: str, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any], key: str | None) -> Call:
    """``options``: entity ids, metadata, infer, timestamp, expiration_date. ``key`` makes a repetition harmless."""
    body: dict[str, Any] = {"messages": list(messages), **options}
    if version == "v3":
        return Call("POST", "/v3/memories/add/", body, idempotency_key=key, repeatable=key is not None)
    body |= {"output_format": "v1.1", "version": version}
    return Call("POST", "/v1/memories/", body, idempotency_key=key, repeatable=key is not None)


def search(version: str, query: str, filters: Mapping[str, Any], options: Mapping[str, Any]) -> Call:
    """``options``: top_k, threshold and whatever else the host takes."""
    if version == "v1":
        return Call("POST", "/v1/memories/search/", {"query": query, **options, **_only_ids(filters)})
    return Call("POST", f"/{version}/memories/search/", {"query": query, "filters": dict(filters), **options})


def listing(version: str, filters: Mapping[str, Any], page: int, page_size: int, options: Mapping[str, Any]) -> Call:
    """A page of memories, from 1."""
    paging = {"page": str(page), "page_size": str(page_size)}
    if version == "v1":
        ids = _only_ids(filters)
        return Call("GET", "/v1/memories/", query={**{k: str(v) for k, v in {**ids, **options}.items()}, **paging})
    return Call("POST", f"/{version}/memories/", {"filters": dict(filters), **options}, paging)


def get(memory_id: str) -> Call:
    return Call("GET", f"/v1/memories/{_segment(memory_id)}/")


def history(memory_id: str) -> Call:
    return Call("GET", f"/v1/memories/{_segment(memory_id)}/history/")


def update(memory_id: str, changes: Mapping[str, Any]) -> Call:
    return Call("PUT", f"/v1/memories/{_segment(memory_id)}/", dict(changes))


def delete(memory_id: str) -> Call:
    return Call("DELETE", f"/v1/memories/{_segment(memory_id)}/")


def delete_all(ids: Mapping[str, str]) -> Call:
    """Every memory that carries these ids."""
    return Call("DELETE", "/v1/memories/", query=dict(ids))


def erase(query: Mapping[str, str]) -> Call:
    """One entity or memory, to the last byte."""
    return Call("DELETE", "/v1/erase", query=dict(query))


def entities(page: int) -> Call:
    return Call("GET", "/v1/entities/", query={"page": str(page), "page_size": "100"})


def read(call: Call, status: int, headers: Mapping[str, str], content: bytes) -> Any:
    """The JSON of an answer, or the error it stands for: the classes are those of Mem0's own clients."""
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if 300 <= status < 400:
        where = headers.get("location", "elsewhere")
        raise NotMem0(
            f"{_name(call)}: the host sends us to {where}; the key was not sent there. Is it the right host=?"
        )
    try:
        answer = json.loads(content) if content else None
    except ValueError:
        answer = None
        if 200 <= status < 300 or (status in (400, 403, 404, 405) and "json" not in kind):
            raise NotMem0(
                f"{_name(call)}: the answer ({status}, {kind or 'of no type'}) is not JSON, so this is no Mem0 host. "
                "Check host=, and any prefix in it."
            ) from None
    if 200 <= status < 300:
        if not isinstance(answer, (dict, list)):
            raise NotMem0(f"{_name(call)}: the answer is neither an object nor a list. Is host= a Mem0 host?")
        return answer
    raise _error(call, status, headers, explanation(content))


def _error(call: Call, status: int, headers: Mapping[str, str], said: str) -> RemoteError:
    text = f"{_name(call)}: {status}" + (f", {said}" if said else "")
    if status in (401, 403):
        return AuthenticationFailed(f"The Mem0 host does not accept the key. {text}. Check api_key= or MEM0_API_KEY.")
    if status == 404:
        return RemoteNotFound(f"The Mem0 host does not have it. {text}")
    if status == 429:
        return RateLimited(f"The Mem0 host wants fewer requests. {text}", retry_after=retry_after(headers))
    if status in (408, 502, 503, 504):
        asked = retry_after(headers)
        return Unreachable(f"The Mem0 host cannot be reached just now. {text}", retry_after=asked, unsure=True)
    if status in (400, 402, 405, 409, 413, 415, 422):
        return Rejected(f"The Mem0 host refuses this. {text}")
    return HostFailed(f"The Mem0 host failed. {text}", retry_after=retry_after(headers), unsure=True)


def results_of(answer: Any) -> list[dict[str, Any]]:
    """The memories in an answer: v3's ``{"results": [...]}``, or the bare list of older versions."""
    found = answer.get("results") if isinstance(answer, dict) else answer
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise NotMem0("The answer holds no list of memories. Is host= a Mem0 host?")
    return found


def _only_ids(filters: Mapping[str, Any]) -> dict[str, str]:
    """What API v1 can filter by: entity ids, all of which must hold."""
    parts = filters.get("AND", [filters]) if len(filters) == 1 else [filters]
    ids: dict[str, str] = {}
    for part in parts if isinstance(parts, list) else [parts]:
        for key, value in part.items() if isinstance(part, Mapping) else ():
            if key not in _ENTITIES or not isinstance(value, str) or ids.get(key, value) != value:
                raise InvalidFilter(f"The host speaks Mem0's API v1, which filters by plain ids only, not {key!r}.")
            ids[key] = value
    if not ids:
        raise InvalidFilter("The host speaks Mem0's API v1, which filters by plain ids only. Name a user_id.")
    return ids


def _name(call: Call) -> str:
    return f"{call.method} {call.path}"


def _segment(text: str) -> str:
    return quote(str(text), safe="")
