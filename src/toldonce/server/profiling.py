"""Profiles in the shape of a project's schema: facts are looked up by name, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from toldonce.errors import InvalidInput
from toldonce.remember.facts import Profile

SETTINGS = "profiles"
"""Where a project's settings keep those of its profiles."""
_DEEPEST = 16
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as Mem0 shows them. ``enabled`` unless somebody said otherwise: rules cost nothing."""
    kept: Mapping[str, Any] = settings.get(SETTINGS, {})
    return {
        "enabled": kept.get("enabled", True),
        "entities": {
            "user": {"schema": kept.get("schema"), "custom_instructions": kept.get("custom_instructions")},
        },
        "capabilities": {"entity_types": ["user"], "schema": True, "custom_instructions": False},
    }


def changed_settings(settings: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """A project's settings with those of its profiles changed as sent. Raises ``InvalidInput`` that names the key."""
    kept = dict(settings.get(SETTINGS, {}))
    for key, value in _said(sent):
        if key == "schema" and value is not None:
            check_schema(value)
        if key == "enabled" and not isinstance(value, bool):
            raise InvalidInput("enabled must be true or false.")
        if key == "custom_instructions" and value is not None and not isinstance(value, str):
            raise InvalidInput("custom_instructions must be text or null.")
        kept[key] = value
    return {**settings, SETTINGS: kept}


def _said(sent: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    of_user: object = {}
    for key, value in sent.items():
        if key == "enabled":
            yield key, value
        elif key == "entities" and isinstance(value, dict) and set(value) <= {"user"}:
            of_user = value.get("user", {})
        else:
            raise InvalidInput(
                f'Unsupported settings: {key[:64]!a}. Send {{"enabled": ..., "entities": {{"user": {{"schema": ..., '
                '"custom_instructions": ...}}}.'
            )
    if not isinstance(of_user, dict):
        raise InvalidInput("entities.user must be an object.")
    for key, value in of_user.items():
        if key not in ("schema", "custom_instructions"):
            raise InvalidInput(f"Unsupported settings: entities.user.{key[:64]!a}.")
        yield key, value


def check_schema(schema: object, where: str = "schema", depth: int = 0) -> None:
    """Raise ``InvalidInput`` unless it is a JSON schema of an object whose every property has a description."""
    if depth > _DEEPEST:
        raise InvalidInput(f"schema: {where[:80]} lies deeper than {_DEEPEST} levels.")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties:
        raise InvalidInput(f'{where} must describe an object: {{"type": "object", "properties": {{...}}}}.')
    for name, described in properties.items():
        place = f"{where}.{name}"
        if not isinstance(described, dict) or not isinstance(described.get("description"), str):
            raise InvalidInput(f"{place[:120]} needs a description.")
        if "properties" in described:
            check_schema(described, place, depth + 1)


def shaped(profile: Profile, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """A profile after a schema: each property takes the values of the attribute that has its name.

    "preferredName" and "allergies" name "preferred name" and "allergy". What no fact says is left out.
    Without a schema: the profile as it is.
    """
    return dict(profile) if schema is None else _filled({_named(key): value for key, value in profile.items()}, schema)


def _filled(known: Mapping[str, str | list[str]], schema: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, described in schema["properties"].items():
        if "properties" in described:
            if inner := _filled(known, described):
                found[name] = inner
            continue
        value = next((known[key] for key in _names(name) if key in known), None)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        kind = described.get("type", "string")
        if kind == "array":
            found[name] = values
        elif kind == "string" or (isinstance(kind, list) and "string" in kind):
            found[name] = ", ".join(values)
    return found


def _names(name: str) -> Iterator[str]:
    """A property's name as attributes are named, and its singular."""
    named = _named(name)
    yield named
    if named.endswith("ies"):
        yield named[:-3] + "y"
    yield named.removesuffix("s")


def _named(name: str) -> str:
    return " ".join(word.casefold() for word in _WORD.findall(name)).replace("e mail", "email")
