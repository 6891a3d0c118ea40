"""Queries of calls that change something: a key that is not understood is refused, never ignored.

A delete whose scope was misspelt would otherwise reach further than its caller meant.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from starlette.requests import Request

from toldonce.errors import InvalidInput
from toldonce.server.literals import Unreadable, read_json

IGNORED = frozenset({"api_version", "async_mode", "org_id", "output_format", "project_id", "source", "version"})
"""What Mem0's clients add of their own, and what says nothing about which memories are meant."""

_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_LETTERS = re.compile(r"[^a-z]")
_SCOPES = ("userid", "agentid", "appid", "runid", "sessionid")
_LIKE = 0.8
"""How much of a name must be that of an id for it to be taken for a misspelt one."""


def read_query(raw: str) -> dict[str, str]:
    """The query by its keys. Raises ``InvalidInput`` that names a key that stands twice or cannot be decoded."""
    found: dict[str, str] = {}
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        key = _decoded(name, name)
        if key in found:
            raise InvalidInput(f"{key[:64]!a} stands twice in the query. Send it once. Nothing was done.")
        found[key] = _decoded(value, key)
    return found


def query_of(request: Request) -> dict[str, str]:
    """A request's query by its keys; see ``read_query``."""
    return read_query(request.scope["query_string"].decode("latin-1"))


def documented(*names: str) -> list[dict[str, Any]]:
    """Optional parameters of a query, as OpenAPI describes them."""
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names]


async def check_change(request: Request, project: str) -> None:
    """Refuse a call that changes something and says more than it is understood to say.

    Raises ``InvalidInput`` that names the key: one in the query that the call does not take, one in a body where the
    call takes none, or a project that is not the caller's.
    """
    route: APIRoute = request.scope["route"]
    query = query_of(request)
    extra = (route.openapi_extra or {}).get("parameters", ())
    taken = {one.alias for one in route.dependant.query_params} | {one["name"] for one in extra}
    for key in query:
        if key not in taken and key not in IGNORED:
            allowed = ", ".join(sorted(taken)) or "nothing"
            raise InvalidInput(
                f"{key[:64]!a} in the query is not understood; this call takes {allowed}. Nothing was done."
            )
    if query.get("project_id", project) != project:
        raise InvalidInput("project_id: this key belongs to another project. Nothing was done.")
    if route.body_field is None:
        _refuse_body(await request.body())


def scope_like(key: str) -> bool:
    """Whether a key looks like that of an entity id, rightly written or not."""
    letters = _LETTERS.sub("", key.lower())
    return any(SequenceMatcher(None, letters, scope).ratio() >= _LIKE for scope in _SCOPES)


def _decoded(text: str, key: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise InvalidInput(f"{key[:64]!a} in the query has a broken percent escape. Nothing was done.")
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{key[:64]!a} in the query is not UTF-8. Nothing was done.") from error


def _refuse_body(raw: bytes) -> None:
    if not raw.strip():
        return
    try:
        body = read_json(raw)
    except Unreadable as error:
        raise InvalidInput(f"This call takes no body, and {error} Nothing was done.") from error
    except ValueError as error:
        raise InvalidInput("This call takes no body: name what is meant in the query. Nothing was done.") from error
    if body:
        key = next(iter(body)) if isinstance(body, dict) else body
        raise InvalidInput(f"This call takes no body: {str(key)[:64]!a} belongs into the query. Nothing was done.")
