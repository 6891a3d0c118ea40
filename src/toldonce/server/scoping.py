"""What a request says about whose memories, and which, as one filter."""

from __future__ import annotations

import ast
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from starlette.exceptions import HTTPException

from toldonce.errors import InvalidFilter, MissingIdentity
from toldonce.filters import Condition, Filter, Not, constrains_entity, entity_id, named_users, parse_filters
from toldonce.filters.times import read_time
from toldonce.filters.tree import EVERYTHING, all_of
from toldonce.server.auth import Caller
from toldonce.times import as_datetime
from toldonce.types import EntityKind, Scope

IDS = ("user_id", "agent_id", "app_id", "run_id")
_ALIASES = {"userId": "user_id", "agentId": "agent_id", "appId": "app_id", "runId": "run_id"}
_ANY_USER = Condition("user_id", "exists", None)

UNSAID = (
    'filters must name at least one user_id, agent_id, app_id or run_id, such as {"user_id": "ann"}; '
    '"*" stands for any.'
)


def tree_of(
    filters: Mapping[str, Any] | None,
    *,
    ids: Mapping[str, Any] | None = None,
    categories: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    keywords: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
) -> Filter:
    """All of it joined by AND. Raises ``MissingIdentity`` unless it is about some user, agent, app or run."""
    more: list[Mapping[str, Any]] = []
    if ids:
        more.append(ids)
    if categories:
        more.append({"categories": {"in": list(categories)}})
    if metadata:
        more.append({"metadata": metadata})
    if keywords:
        more.append({"keywords": {"icontains": keywords}})
    if start_date:
        more.append({"created_at": {"gte": start_date}})
    if end_date:
        more.append({"created_at": {"lte": end_date}})
    tree = all_of(parse_filters(part, flat_metadata=False) for part in (filters or {}, *more))
    if not constrains_entity(tree):
        raise MissingIdentity(UNSAID)
    return tree


def seen_by(caller: Caller, tree: Filter) -> Filter:
    """What of it this caller may see: a filter that names no user shows users' memories to admins only."""
    if caller.is_admin or named_users(tree):
        return tree
    return all_of([tree, Not(_ANY_USER)])


def ids_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The entity ids that stand at the top level of a body or a query, under either spelling."""
    found = {_ALIASES.get(key, key): value for key, value in fields.items() if value is not None}
    return {key: found[key] for key in IDS if key in found}


def scope_in(fields: Mapping[str, Any], filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """The ids an add stores under: at the top level or, flat, in its filters. Raises ``InvalidFilter`` otherwise."""
    found: dict[str, Any] = {}
    for key, value in (filters or {}).items():
        name = _ALIASES.get(key, key)
        if name not in IDS:
            raise InvalidFilter(f"filters.{key[:64]!a}: an add takes user_id, agent_id, app_id and run_id there.")
        found[name] = value
    for name, value in ids_in(fields).items():
        if found.setdefault(name, value) != value:
            raise InvalidFilter(f"{name} stands twice, with different values. Send it once.")
    return found


def deletion_of(query: Mapping[str, str]) -> tuple[Filter, str | None]:
    """What a delete of many asks for, from its query, and the run whose sayings it is about.

    Mem0's Python client sends ``filters`` as a Python dict's text, its JavaScript client as "[object Object]": what
    cannot be read is refused, never taken for "no filter". Raises ``MissingIdentity`` for a bare delete.
    """
    ids = ids_in(query)
    filters = read_literal(query["filters"], "filters") if "filters" in query else {}
    metadata = read_literal(query["metadata"], "metadata") if "metadata" in query else {}
    if not filters and not metadata and len(ids) == len(IDS) and set(ids.values()) == {"*"}:
        return EVERYTHING, None  # Mem0's way to say: the whole project
    tree = tree_of(filters, ids=ids, metadata=metadata)
    run = ids.get("run_id") or filters.get("run_id")
    return tree, run.strip() if isinstance(run, str) and run.strip() != "*" else None


def read_literal(text: str, key: str) -> dict[str, Any]:
    """An object written as JSON or as Python writes a dict. Raises ``InvalidFilter``."""
    value: object = None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise InvalidFilter(f"{key} cannot be read: send it as JSON. Nothing was done.") from error
    if not isinstance(value, dict) or not value:
        raise InvalidFilter(f"{key} must be an object that asks for something. Nothing was done.")
    return value


def memory_uid(text: object) -> str:
    """A memory's id in the form it is stored in. Raises 400 for what is no UUID."""
    try:
        return str(uuid.UUID(text)) if isinstance(text, str) and len(text) <= 64 else _no_uuid()
    except ValueError:
        return _no_uuid()


def _no_uuid() -> str:
    raise HTTPException(400, "memory_id should be a valid UUID")


def scope_of_entity(kind: str, name: str) -> tuple[str, Scope]:
    """The filter key of an entity and its scope. Raises 404 for kinds there are not."""
    key = f"{kind}_id"
    if key not in IDS:
        raise HTTPException(404, f"{kind[:40]!a} is no kind of entity. Use user, agent, app or run.")
    return key, Scope(**{key: entity_id(cast(EntityKind, kind), name)})


def instant(value: object, key: str) -> datetime | None:
    """A moment as any client sends it: unix seconds, or ISO text, in UTC unless it says otherwise."""
    return None if value is None else as_datetime(read_time(value, key).first)
