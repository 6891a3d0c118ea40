"""What each key of a filter may be asked, and how its values are read.

The union of what Mem0's platform (docs.mem0.ai, "Memory Filters v2") and its open-source library ("Enhanced Metadata
Filtering") document. Entity ids are compared whole: nobody may search for users by a piece of their id.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from toldonce.errors import InvalidFilter, InvalidInput
from toldonce.filters.checks import kind_of, unstorable
from toldonce.filters.ids import entity_id
from toldonce.filters.times import read_time
from toldonce.filters.tree import ENTITY_OF, EntityField, Field, MetadataKey, Operator, Scalar, TimeField, Value
from toldonce.uids import spellings

Reader: TypeAlias = Callable[[object, str], Value]
"""(value, path) -> the value as the tree holds it, or InvalidFilter naming the path."""

_EQUALITY: tuple[Operator, ...] = ("eq", "ne", "in", "nin")
_ORDER: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")
_PIECES: tuple[Operator, ...] = ("contains", "icontains")
_WILDCARD: tuple[Operator, ...] = ("exists",)


@dataclass(frozen=True, slots=True)
class Rule:
    """How the conditions on one key are read."""

    field: Field
    operators: tuple[Operator, ...]
    read: Reader
    bare: Operator = "eq"
    """What ``{key: value}`` means."""

    @property
    def allowed(self) -> str:
        """What may stand under the key, for error texts."""
        names = [name for name in self.operators if name != "exists"]
        return ", ".join([*names, '"*"'] if "exists" in self.operators else names)


def named_rule(key: str) -> Rule | None:
    """The rule of a key that Mem0's platform names, or None."""
    return _NAMED.get(key)


def platform_rule(key: str) -> Rule | None:
    """The rule of a key that is a name of its own on Mem0's platform only: in the library it is metadata."""
    return _PLATFORM.get(key)


def flat_rule(key: str, path: str) -> Rule:
    """The rule of any other key at the top level, as Mem0's library reads it: its payload is flat, so ``role`` and
    ``actor_id`` are the memory's own and the rest is metadata."""
    return _FLAT.get(key) or metadata_rule(key, path)


def is_shadowed(rule: Rule) -> bool:
    """Whether metadata may be called like this field. Entities and memory ids are no metadata: users never mix."""
    return not isinstance(rule.field, MetadataKey) and rule.field not in ENTITY_OF and rule.field != "memory_id"


def metadata_rule(key: str, path: str) -> Rule:
    """The rule of a key of the metadata."""
    if not key:
        raise InvalidFilter(f"{path}: a metadata key must not be empty")
    if oddity := unstorable(key):
        raise InvalidFilter(f"{path}: a metadata key must not contain {oddity}")
    return Rule(MetadataKey(key), (*_EQUALITY, *_ORDER, *_PIECES, *_WILDCARD), _read_scalar)


def read_value(rule: Rule, operator: Operator, value: object, path: str) -> Value:
    """One value under one operator (of ``in``: one member).

    Raises:
        InvalidFilter: if the key cannot be compared with such a value in that way.
        InvalidTime: for a datetime object without a zone.
    """
    if value is None:
        raise InvalidFilter(f'{path}: must not be null; "*" asks for any value, NOT with "*" for none')
    read = rule.read(value, path)
    if operator in _ORDER and isinstance(read, bool):
        raise InvalidFilter(f"{path}: booleans have no order; allowed: a number or a string")
    if operator == "icontains" and not isinstance(read, str):
        raise InvalidFilter(f"{path}: must be a string, not {kind_of(value)}")
    if operator in _PIECES and read == "":
        raise InvalidFilter(f"{path}: must not be empty, every text contains that")
    return read


def _entity_reader(field: EntityField) -> Reader:
    def read(value: object, path: str) -> str:
        try:
            return entity_id(ENTITY_OF[field], value)
        except InvalidInput as error:
            raise InvalidFilter(f"{path}: {error}") from error

    return read


def _read_text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidFilter(f"{path}: must be a string, not {kind_of(value)}")
    if oddity := unstorable(value):
        raise InvalidFilter(f"{path}: must not contain {oddity}")
    return value


def _read_memory_id(value: object, path: str) -> str:
    text = value if isinstance(value, UUID) else _read_text(value, path)
    if not (known := spellings(text)):
        raise InvalidFilter(f"{path}: a memory id must not be empty")
    return known[-1].lower()  # as UUIDs are written


def _read_scalar(value: object, path: str) -> Scalar:
    if isinstance(value, str):
        return _read_text(value, path)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidFilter(f"{path}: must be a finite number")
    if isinstance(value, (bool, int, float)):
        return value
    raise InvalidFilter(f"{path}: must be a string, a number or a boolean, not {kind_of(value)}")


def _entity(field: EntityField) -> Rule:
    return Rule(field, (*_EQUALITY, *_WILDCARD), _entity_reader(field))


def _time(field: TimeField) -> Rule:
    return Rule(field, (*_EQUALITY, *_ORDER, *_WILDCARD), read_time)


_TEXTS = (*_EQUALITY, *_PIECES, *_WILDCARD)
_KEYWORDS = Rule("text", _PIECES, _read_text, bare="icontains")

_NAMED: dict[str, Rule] = {
    "user_id": _entity("user_id"),
    "agent_id": _entity("agent_id"),
    "app_id": _entity("app_id"),
    "run_id": _entity("run_id"),
    # Mem0's JavaScript documentation writes them so, and its client sends them unchanged.
    "userId": _entity("user_id"),
    "agentId": _entity("agent_id"),
    "appId": _entity("app_id"),
    "runId": _entity("run_id"),
    "created_at": _time("created_at"),
    "updated_at": _time("updated_at"),
    "timestamp": _time("timestamp"),
    "expiration_date": _time("expiration_date"),
    "text": Rule("text", _TEXTS, _read_text),
    "keywords": _KEYWORDS,
    "keywords_search": _KEYWORDS,
    "categories": Rule("categories", _TEXTS, _read_text),
    "memory_ids": Rule("memory_id", _EQUALITY, _read_memory_id),
}
_PLATFORM: dict[str, Rule] = {"session_id": _entity("run_id"), "sessionId": _entity("run_id")}
"""What Mem0's answers call a run."""
_FLAT: dict[str, Rule] = {
    "role": Rule("role", _TEXTS, _read_text),
    "actor_id": Rule("actor_id", _TEXTS, _read_text),
}
KEYS = (*(key for key in _NAMED if not key.endswith("Id")), "metadata", "AND", "OR", "NOT")
"""What may stand at the top level, for error texts."""
