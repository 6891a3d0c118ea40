"""Shaping memories after a JSON schema without a model: values are looked up by name, never guessed.

A property takes the value that a memory's own fields or its metadata have under its name, if it is of the type asked
for. A list of objects becomes one object for each memory; a list of values, the values of all memories. Anything else
takes the newest memory's value that fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from toldonce.errors import InvalidInput
from toldonce.priority import give_way, giving_way

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_TEXT_NAMES = frozenset("memory memories text texts content contents fact facts message messages note notes".split())
_DEEPEST = 16
MOST_LOOKUPS = 2_000_000
"""Properties times memories of one export: about a second."""
_MISSING = object()

Source = Mapping[str, Any]
"""A memory as a flat object: its metadata, and over it its own fields."""


def read_schema(schema: dict[str, Any] | str | None) -> dict[str, Any]:
    """A JSON schema of an object, given as such or as its text; nothing stands for ``{}``. Raises ``InvalidInput``."""
    read: Any = {} if schema is None else schema
    if isinstance(schema, str):
        try:
            read = json.loads(schema) if schema.strip() else {}
        except (ValueError, RecursionError) as error:
            raise InvalidInput("schema is not valid JSON.") from error
    if (
        not isinstance(read, dict)
        or read.get("type", "object") not in ("object", ["object"])
        or not isinstance(read.get("properties") or {}, dict)
    ):
        raise InvalidInput('schema must describe an object: {"type": "object", "properties": {...}}.')
    return read


def shape(schema: dict[str, Any], memories: Sequence[Source]) -> dict[str, Any]:
    """An object that fits the schema, made of memories, newest first; a schema without properties takes them whole.

    Raises ``InvalidInput`` that names a required property no memory has a value for, and for a schema that asks for
    more than can be looked up in a moment.
    """
    if not schema.get("properties"):
        return {"memories": [dict(memory) for memory in memories]}
    return _Shaping(schema).fill(schema, memories, "", 0)


class _Shaping:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._lookups = 0

    def fill(self, schema: dict[str, Any], memories: Sequence[Source], path: str, depth: int) -> dict[str, Any]:
        if depth > _DEEPEST:
            raise InvalidInput(f"schema: {path[:80]} lies deeper than {_DEEPEST} levels.")
        required = schema.get("required", [])
        shaped: dict[str, Any] = {}
        for name, described in schema.get("properties", {}).items():
            where = f"{path}.{name}" if path else name
            part, nullable = self._resolve(described, where)
            value = self._value(name, part, memories, where, depth)
            if value is not _MISSING:
                shaped[name] = value
            elif "default" in part:
                shaped[name] = part["default"]
            elif nullable:
                shaped[name] = None
            elif isinstance(required, list) and name in required:
                raise InvalidInput(
                    f"schema: no memory has a value for the required {where}. Values are looked up by name in a memory "
                    "and its metadata; reading them out of text needs an extraction model. Make it optional."
                )
        return shaped

    def _value(self, name: str, part: dict[str, Any], memories: Sequence[Source], where: str, depth: int) -> Any:
        give_way()
        self._lookups += len(memories)
        if self._lookups > MOST_LOOKUPS:
            raise InvalidInput(
                f"schema: it asks for more than {MOST_LOOKUPS:,} values, one for each property and memory. Ask for "
                "fewer properties, or narrow the filters."
            )
        kind = part.get("type")
        if kind == "array":
            items, _ = self._resolve(part.get("items", {}), where)
            if "properties" in items:
                return [self.fill(items, [memory], where, depth + 1) for memory in memories]
            return _all(name, items, memories)
        if kind == "object" and "properties" in part:
            return self.fill(part, memories, where, depth + 1)
        return next((found for memory in memories if (found := _found(name, part, memory)) is not _MISSING), _MISSING)

    def _resolve(self, described: object, where: str) -> tuple[dict[str, Any], bool]:
        """The part that describes a value, and whether null fits too."""
        nullable = False
        for _ in range(_DEEPEST):
            if described is None or described is True:  # a property that is only named
                described = {}
            if isinstance(described, str) and described in _TYPES:
                described = {"type": described}
            if not isinstance(described, dict):
                raise InvalidInput(f"schema: {where[:80]} must be described by an object.")
            if isinstance(described.get("$ref"), str):
                described = self._referred(described["$ref"], where)
                continue
            choices = described.get("anyOf") or described.get("oneOf") or described.get("allOf")
            if isinstance(choices, list) and choices:
                nullable |= {"type": "null"} in choices
                described = next((choice for choice in choices if choice != {"type": "null"}), {})
                continue
            kinds = described.get("type")
            if isinstance(kinds, list):
                nullable |= "null" in kinds
                described = {**described, "type": next((kind for kind in kinds if kind != "null"), "null")}
            return described, nullable or described.get("type") == "null"
        raise InvalidInput(f"schema: {where[:80]} refers to itself.")

    def _referred(self, reference: str, where: str) -> object:
        found: object = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        if found is None or not reference.startswith("#/"):
            raise InvalidInput(f"schema: {where[:80]} refers to {reference[:80]!a}, which is not in the schema.")
        return found


def _found(name: str, part: dict[str, Any], memory: Source) -> Any:
    value = memory.get("memory" if name in _TEXT_NAMES and name not in memory else name, _MISSING)
    return value if value is not _MISSING and _fits(value, part) else _MISSING


def _fits(value: object, part: dict[str, Any]) -> bool:
    kind = part.get("type")
    if value is None:
        return kind == "null"
    if isinstance(value, bool) and kind not in ("boolean", None):
        return False
    if isinstance(kind, str) and kind in _TYPES and not isinstance(value, _TYPES[kind]):
        return False
    choices = part.get("enum")
    return not isinstance(choices, list) or value in choices


def _all(name: str, items: dict[str, Any], memories: Sequence[Source]) -> list[Any]:
    """Every memory's value under the name, or under its singular."""
    collected: dict[object, Any] = {}
    for memory in giving_way(memories):
        for key in (name, name.removesuffix("s")):
            value = memory.get(key, _MISSING)
            if isinstance(value, list):
                found = [one for one in value if _fits(one, items)]
            elif (one := _found(key, items, memory)) is not _MISSING:
                found = [one]
            else:
                continue
            for one in found:
                collected.setdefault((json.dumps(one, sort_keys=True),) if isinstance(one, (dict, list)) else one, one)
            break
    return list(collected.values())
