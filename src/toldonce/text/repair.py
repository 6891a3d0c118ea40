"""Text as every store can keep it: the one place where what no database takes is replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

DEEPEST = 64
"""Levels of lists and objects inside one another. Deeper ones make readers give up: Python's own stops below 1,000."""


def storable(text: str) -> str:
    """``text`` with null bytes and lone surrogates (half an emoji, cut by someone) replaced by U+FFFD."""
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub(REPLACEMENT, text)


def storable_json(value: Any, depth: int = 0) -> Any:
    """The same for every string in a JSON value. Raises ``ValueError`` if it is nested too deeply."""
    if isinstance(value, str):
        return storable(value)
    if depth >= DEEPEST and isinstance(value, (Mapping, list, tuple)):
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return {
            storable(key) if isinstance(key, str) else key: storable_json(one, depth + 1) for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [storable_json(one, depth + 1) for one in value]
    return value
