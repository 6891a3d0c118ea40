"""Users never mix, whatever a host answers: rows of others than were asked for are dropped."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from toldonce.filters import And, Condition, Filter, Not, Or, admits_user, matches, named_users, parse_filters
from toldonce.types import MemoryRecord

_LOG = logging.getLogger(__name__)

Row = dict[str, Any]

_IDS = ("user_id", "agent_id", "app_id", "run_id")

_SOMEBODYS = MemoryRecord(
    id="",
    text="",
    user_id=None,
    agent_id=None,
    app_id=None,
    run_id=None,
    run_ids=(),
    role="user",
    actor_id=None,
    created_at=0,
    updated_at=0,
    said_at=0,
    sayings=1,
    expires_on=None,
)


def for_users(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filter without alternatives that name no user, where others of them do.

    ``{"OR": [{"user_id": "ann"}, {"agent_id": "a1"}]}`` asks for what the agent was told by anybody; Mem0's cloud keeps
    even what an agent said to bob under the agent alone.
    """
    kept: dict[str, Any] = {}
    for key, value in filters.items():
        if key not in ("AND", "OR") or not isinstance(value, (list, tuple)):
            kept[key] = value
            continue
        parts = [for_users(part) if isinstance(part, Mapping) else part for part in value]
        if key == "OR":
            naming = [part for part in parts if isinstance(part, Mapping) and named_users(parse_filters(part))]
            parts = naming or parts
            if len(parts) == 1 and len(filters) == 1 and isinstance(parts[0], Mapping):
                return dict(parts[0])
        kept[key] = parts
    return kept


def own_rows(rows: Iterable[Row], tree: Filter, where: str) -> list[Row]:
    """The rows whose user the filter asks for.

    A row that names no entity at all is the user's whom alone the filter asks for: Mem0's schema requires no ids of a
    row. Where the filter asks for several users, or for none, it is nobody's.
    """
    users = named_users(tree)
    only = next(iter(users)) if len(users) == 1 else None
    found = [row if only is None or any(row.get(key) for key in _IDS) else {**row, "user_id": only} for row in rows]
    kept = [row for row in found if _may_be_shown(row, tree)]
    if len(kept) < len(found):
        _LOG.error("%s returned %d memories of somebody else, which were dropped", where, len(found) - len(kept))
    return kept


def _may_be_shown(row: Mapping[str, Any], tree: Filter) -> bool:
    user = row.get("user_id")
    if user is not None and not isinstance(user, str):
        return False
    return admits_user(tree, user) and _can_hold(tree, _SOMEBODYS._replace(user_id=user))[0]


def _can_hold(tree: Filter, somebodys: MemoryRecord) -> tuple[bool, bool]:
    """Whether the filter can be true, and whether it can be false, of a memory of which only the user is known."""
    match tree:
        case And(parts):
            known = [_can_hold(part, somebodys) for part in parts]
            return all(true for true, _ in known), any(false for _, false in known)
        case Or(parts):
            known = [_can_hold(part, somebodys) for part in parts]
            return any(true for true, _ in known), all(false for _, false in known)
        case Not(part):
            true, false = _can_hold(part, somebodys)
            return false, true
        case Condition():
            if tree.field != "user_id":
                return True, True
            holds = matches(tree, somebodys)
            return holds, not holds
