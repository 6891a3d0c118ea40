"""JSON as it is sent, read strictly: what says one thing twice says nothing."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # typeshed knows only the one in C
from typing import Any, NoReturn

from toldonce.errors import InvalidFilter

MOST_VALUES = 100_000
"""Values in one body: what takes some tenths of a second to read."""

_PIECE = 64 << 10
"""Bytes that are read by code in C, during which nothing else of this process runs."""
_ESCAPED = (b"\\\\", b'\\"')


class Unreadable(ValueError):
    """What a body says cannot be used, and its text says why."""


class Doubled(Unreadable):
    """An object names a key twice."""


def read_json(raw: bytes) -> Any:
    """The value of a body. Integers of any length are kept; half an emoji (a lone surrogate) is read as it was sent.

    Raises ``json.JSONDecodeError`` for anything else than JSON in UTF-8, ``Doubled``, which names the key, for an
    object that has one twice, as whichever was meant the other would be lost, and ``Unreadable`` for more than
    ``MOST_VALUES``.
    """
    if raw.count(b",") > MOST_VALUES and _commas(raw) > MOST_VALUES:
        raise Unreadable(f"The body holds more than {MOST_VALUES:,} values. Send it in parts.")
    try:
        return (_QUICK if len(raw) <= _PIECE else _CONSIDERATE).decode(raw.decode())
    except (json.JSONDecodeError, Unreadable):
        raise
    except (ValueError, RecursionError) as error:  # not UTF-8, NaN, an integer of thousands of digits, too deep
        raise json.JSONDecodeError(type(error).__name__, "", 0) from error


def _commas(raw: bytes) -> int:
    """Those outside of strings, piece by piece."""
    count = at = inside = 0
    while at < len(raw):
        piece = raw[at : at + _PIECE]
        at += len(piece)
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2 and at < len(raw):  # what it escapes is in the next
            piece, at = piece[:-1], at - 1
        for escaped in _ESCAPED:
            piece = piece.replace(escaped, b"")
        between = piece.split(b'"')
        count += sum(part.count(b",") for part in between[inside::2])
        inside ^= len(between) - 1 & 1
    return count


def read_literal(text: str, key: str) -> dict[str, Any]:
    """An object written as JSON or as Python writes a dict. Raises ``InvalidFilter``."""
    value: object = None
    try:
        value = read_json(text.encode())
    except Unreadable as error:
        raise InvalidFilter(f"{key}: {error} Nothing was done.") from error
    except ValueError:
        value = _python(text, key)
    if not isinstance(value, dict) or not value:
        raise InvalidFilter(f"{key} must be an object that asks for something. Nothing was done.")
    return value


def _python(text: str, key: str) -> object:
    try:
        parsed = ast.parse(text.strip(), mode="eval")
        for node in ast.walk(parsed):
            if isinstance(node, ast.Dict):
                _once([(one.value if isinstance(one, ast.Constant) else one, None) for one in node.keys])
        return ast.literal_eval(parsed)
    except Doubled as error:
        raise InvalidFilter(f"{key}: {error} Nothing was done.") from error
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise InvalidFilter(f"{key} cannot be read: send it as JSON. Nothing was done.") from error


def _once(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[Any] = set()
        for name, _ in pairs:
            if name in seen:
                raise Doubled(f"{str(name)[:64]!a} stands twice. Send it once.")
            seen.add(name)
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


class _Considerate(json.JSONDecoder):
    """Reads values one by one in Python, so that other threads run in between: a long list in C stops all of them."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_once, parse_constant=_no_number)
        self.scan_once = py_make_scanner(self)


_QUICK = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
_CONSIDERATE = _Considerate()
