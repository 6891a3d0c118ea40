"""What a host says of an error, fit for an error message of ours: short, on one line, without a key."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 300
"""Characters."""

_SHORTEST_KEY = 4
"""Characters. Shorter keys stand in ordinary words; to replace those would garble the message and hide nothing."""


def explanation(content: bytes) -> str:
    """What the body of an error says. JSON of any shape that servers use, or text; no more than 300 characters."""
    try:
        said: Any = json.loads(content)
    except ValueError:
        said = content[: 4 * _LONGEST].decode("utf-8", "replace")
    for _ in range(3):
        if isinstance(said, dict):
            known = [said[key] for key in ("detail", "error", "message", "details") if said.get(key)]
            nested = next((value for value in known if isinstance(value, (dict, list))), None)
            said = nested if nested is not None else (known[0] if known else json.dumps(said))
        elif isinstance(said, list):
            said = "; ".join(item if isinstance(item, str) else json.dumps(item) for item in said)
    text = "" if said is None else said if isinstance(said, str) else json.dumps(said)
    return " ".join(text.split())[:_LONGEST]


def redacted(text: str, key: str) -> str:
    """The text without the key: a host may quote it."""
    return text.replace(key, "(the key)") if len(key) >= _SHORTEST_KEY else text
