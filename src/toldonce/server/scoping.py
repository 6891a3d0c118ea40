"""What a request says about whose memories, and which, as one filter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from starlette.exceptions import HTTPException

from toldonce.errors import InvalidFilter, MissingIdentity
from toldonce.filters import (
    And,
    Condition,
    Filter,
    Or,
    constrains_entity,
    entity_id,
    parse_filters,
)
from toldonce.filters.times import read_time
from toldonce.filters.tree import ENTITY_OF, EVERYTHING, all_of
from toldonce.server.literals import read_literal
from toldonce.times import as_datetime
from toldonce.types import EntityKind

IDS = ("user_id", "agent_id", "app_id", "run_id")
ALIASES = {
    "userId": "user_id",
    "agentId": "agent_id",
    "appId": "app_id",
    "runId": "run_id",
    "session_id": "run_id",
    "sessionId": "run_id",
}
"""Other names of the ids: JavaScript's, and the one that Mem0's answers have for a run."""
SCOPE_KEYS = (*IDS, *ALIASES)

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ALL_OF_EVERY_KIND = frozenset(Condition(field, "exists", None) for field in ENTITY_OF)

UNSAID = (
    'filters must name at least one user_id, agent_id, app_id or run_id, such as {"user_id": "ann"}; '
    '"*" stands for any.'
)

_QUICK_PARTS = 200
"""Objects, lists and values in filters that are read on the event loop."""


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


def is_long(filters: object) -> bool:
    """Whether so much stands in filters that reading them takes more than a millisecond or two."""
    seen, left = 0, [filters]
    while left and seen < _QUICK_PARTS:
        part = left.pop()
        seen += 1
        if isinstance(part, Mapping):
            left += part.values()
        elif isinstance(part, list):
            left += part
    return bool(left)


def ids_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The entity ids that stand at the top level of a body or a query, under any of their names.

    Raises ``InvalidFilter`` if one id stands there under two names with different values.
    """
    found: dict[str, Any] = {}
    for name in SCOPE_KEYS:
        if (value := fields.get(name)) is not None:
            _put(found, ALIASES.get(name, name), value)
    return found


def scope_in(fields: Mapping[str, Any], filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """The ids an add stores under: at the top level or, flat, in its filters. Raises ``InvalidFilter`` otherwise."""
    found = ids_in(fields)
    for key, value in (filters or {}).items():
        name = ALIASES.get(key, key)
        if name not in IDS:
            raise InvalidFilter(f"filters.{key[:64]!a}: an add takes user_id, agent_id, app_id and run_id there.")
        _put(found, name, value)
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if found.setdefault(name, value) != value:
        raise InvalidFilter(f"{name} stands twice, with different values. Send it once.")


def deletion_of(query: Mapping[str, str]) -> Filter:
    """What a delete of many asks for, from its query, which holds no other keys than are read here.

    Mem0's Python client sends ``filters`` as a Python dict's text, its JavaScript client as "[object Object]": what
    cannot be read is refused, never taken for "no filter". Raises ``MissingIdentity`` for a bare delete.
    """
    filters = read_literal(query["filters"], "filters") if "filters" in query else {}
    metadata = read_literal(query["metadata"], "metadata") if "metadata" in query else {}
    tree = tree_of(filters, ids=ids_in(query), metadata=metadata)
    if isinstance(tree, And) and set(tree.parts) == _ALL_OF_EVERY_KIND:
        return EVERYTHING  # Mem0's way to say: the whole project
    return tree


def runs_of(tree: Filter) -> frozenset[str] | None:
    """The runs a filter is limited to, however it spells them; None if it is not limited to any."""
    match tree:
        case And(parts):
            told = [runs for part in parts if (runs := runs_of(part)) is not None]
            return frozenset.intersection(*told) if told else None
        case Or(parts):
            each = [runs_of(part) for part in parts]
            told = [runs for runs in each if runs is not None]
            return frozenset().union(*told) if told and len(told) == len(each) else None
        case Condition("run_id", "eq" | "in"):
            return frozenset(str(value) for value in tree.values)
    return None


def memory_uid(text: object) -> str:
    """A memory's id in the form it is stored in. Raises 400 for what is no UUID."""
    return uid_of(text, "memory_id")


def uid_of(text: object, key: str) -> str:
    """An id of ours in the form it is stored in. Raises 400 that names ``key`` for what is no UUID."""
    if not isinstance(text, str) or not _UUID.fullmatch(text):
        raise HTTPException(400, f"{key} should be a valid UUID")
    return text.lower()


def entity_of(kind: str, name: str) -> tuple[str, str]:
    """The filter key of an entity, and its id as it is stored.

    Raises 404 for kinds there are not, ``InvalidInput`` for what is no id.
    """
    key = f"{kind}_id"
    if key not in IDS:
        raise HTTPException(404, f"{kind[:40]!a} is no kind of entity. Use user, agent, app or run.")
    return key, entity_id(cast(EntityKind, kind), name)


def instant(value: object, key: str) -> datetime | None:
    """A moment as any client sends it: unix seconds, or ISO text, in UTC unless it says otherwise."""
    return None if value is None else as_datetime(read_time(value, key).first)
