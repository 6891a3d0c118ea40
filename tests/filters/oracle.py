"""What Mem0's filters mean, written a second time: over the raw dict, with datetimes, and with nothing of the room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from toldonce.types import MemoryRecord

IDS = {"userId": "user_id", "agentId": "agent_id", "appId": "app_id", "runId": "run_id"}
TIMES = {"created_at": "created_at", "updated_at": "updated_at", "timestamp": "said_at", "expiration_date": ""}


def holds(filters: dict[str, Any], memory: MemoryRecord) -> bool:
    """Whether the filter, as it was sent, holds for the memory."""
    return all(_key_holds(IDS.get(key, key), value, memory) for key, value in filters.items())


def names(filters: dict[str, Any], positive: bool = True) -> set[str]:
    """The users it names."""
    found: set[str] = set()
    for key, value in filters.items():
        if key in ("AND", "OR"):
            for member in value:
                found |= names(member, positive)
        elif key == "NOT":
            for member in value if isinstance(value, list) else [value]:
                found |= names(member, not positive)
        elif key in ("user_id", "userId") and positive:
            found |= _named(value)
    return found


def _named(value: Any) -> set[str]:
    if isinstance(value, dict):
        return _named(value.get("eq", [])) | _named(value.get("in", []))
    if isinstance(value, list):
        return {str(one).strip() for one in value}
    return set() if value == "*" else {str(value).strip()}


def _key_holds(key: str, value: Any, memory: MemoryRecord) -> bool:
    if key == "AND":
        return all(holds(member, memory) for member in value)
    if key == "OR":
        return any(holds(member, memory) for member in value)
    if key == "NOT":
        members = value if isinstance(value, list) else [value]
        return all(not holds(member, memory) for member in members)
    if key == "metadata":
        return all(_field_holds(_metadata(one), wanted, memory) for one, wanted in value.items())
    if key in TIMES:
        return _field_holds(_either(_time(key), key), value, memory)
    if key in ("keywords", "keywords_search"):
        asked = value if isinstance(value, dict) else {"icontains": value}
        return _field_holds(_either(_strings("text"), key), asked, memory)
    if key in ("text", "categories", "role", "actor_id"):
        return _field_holds(_either(_strings(key), key), value, memory)
    plain = {"user_id", "agent_id", "app_id", "run_id", "memory_ids"}
    return _field_holds(_strings(key) if key in plain else _metadata(key), value, memory)


Ask = Callable[[MemoryRecord, str, Any], bool]
"""(memory, "present" or an operator without its negation, value)"""


def _field_holds(ask: Ask, value: Any, memory: MemoryRecord) -> bool:
    if value == "*":
        return ask(memory, "present", None)
    if isinstance(value, list):
        return any(ask(memory, "eq", one) for one in value)
    if not isinstance(value, dict):
        return ask(memory, "eq", value)
    return all(_operator_holds(ask, operator, wanted, memory) for operator, wanted in value.items())


def _operator_holds(ask: Ask, operator: str, wanted: Any, memory: MemoryRecord) -> bool:
    if operator == "in":
        return any(ask(memory, "eq", one) for one in wanted)
    if operator == "nin":
        return not any(ask(memory, "eq", one) for one in wanted)
    if operator in ("eq", "ne"):
        return ask(memory, *(("present", None) if wanted == "*" else ("eq", wanted))) == (operator == "eq")
    return ask(memory, operator, wanted)


def _either(field: Ask, key: str) -> Ask:
    """The field, or metadata called like it."""
    return lambda memory, operator, wanted: field(memory, operator, wanted) or _metadata(key)(memory, operator, wanted)


def _strings(key: str) -> Ask:
    def ask(memory: MemoryRecord, operator: str, wanted: Any) -> bool:
        have: Iterable[str | None] = [getattr(memory, key, None)]
        if key == "run_id":
            have = memory.run_ids
        if key == "categories":
            have = memory.metadata.get("categories", [])
            operator = "icontains" if operator == "contains" else operator
        if key == "memory_ids":
            have, wanted = [memory.id], wanted.lower()
        if key.endswith("_id") and key != "actor_id":
            wanted = str(wanted).strip()
        texts = [one for one in have if one is not None]
        return bool(texts) if operator == "present" else any(_text_holds(one, operator, wanted) for one in texts)

    return ask


def _text_holds(have: str, operator: str, wanted: str) -> bool:
    if operator == "eq":
        return have == wanted
    return wanted in have if operator == "contains" else wanted.casefold() in have.casefold()


def _time(key: str) -> Ask:
    def ask(memory: MemoryRecord, operator: str, wanted: Any) -> bool:
        if key == "expiration_date":
            if memory.expires_on is None:
                return False
            have = datetime.fromisoformat(memory.expires_on + "T23:59:59.999999+00:00")
        else:
            have = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=getattr(memory, TIMES[key]))
        if operator == "present":
            return True
        if isinstance(wanted, str) and len(wanted) == 10:
            return _ordered(have.date(), operator, date.fromisoformat(wanted))
        if isinstance(wanted, str):
            when = datetime.fromisoformat(wanted)
            return _ordered(have, operator, when if when.tzinfo else when.replace(tzinfo=UTC))
        return _ordered(have, operator, datetime.fromtimestamp(wanted, UTC))

    return ask


def _metadata(key: str) -> Ask:
    def ask(memory: MemoryRecord, operator: str, wanted: Any) -> bool:
        have = memory.metadata.get(key)
        if operator == "present":
            return have is not None
        if operator in ("contains", "icontains"):
            return _piece(have, wanted, fold=operator == "icontains")
        if isinstance(have, list) and operator == "eq":
            return any(_same(one, wanted, fold=False) for one in have)
        if _kind(have) != _kind(wanted) or (operator != "eq" and _kind(have) is bool):
            return False
        return _ordered(have, operator, wanted)

    return ask


def _piece(have: Any, wanted: Any, fold: bool) -> bool:
    if isinstance(have, list):
        return any(_same(one, wanted, fold) for one in have)
    if not (isinstance(have, str) and isinstance(wanted, str)):
        return False
    return wanted.casefold() in have.casefold() if fold else wanted in have


def _same(one: Any, other: Any, fold: bool) -> bool:
    if _kind(one) != _kind(other):
        return False
    return bool(one.casefold() == other.casefold() if fold and isinstance(one, str) else one == other)


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _ordered(have: Any, operator: str, wanted: Any) -> bool:
    outcomes = {
        "eq": lambda: have == wanted,
        "gt": lambda: have > wanted,
        "gte": lambda: have >= wanted,
        "lt": lambda: have < wanted,
        "lte": lambda: have <= wanted,
    }
    return bool(outcomes[operator]())
