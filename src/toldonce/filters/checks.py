"""Small questions about what was passed in, and words for error texts."""

from __future__ import annotations

_JSON_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """What JSON calls this value, or its Python type."""
    return _JSON_NAMES.get(type(value), type(value).__name__)


def unstorable(text: str) -> str | None:
    """What in this text no database keeps ("a null byte", "a lone surrogate"), or None if all is well."""
    if "\0" in text:
        return "a null byte"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a lone surrogate"
    return None


def step(path: str, key: str) -> str:
    """The path one key further down, always printable and never long."""
    shown = key if key and key.isprintable() and len(key) <= 64 else ascii(key[:64])
    return f"{path}.{shown}" if path else shown
