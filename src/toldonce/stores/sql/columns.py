"""What the columns of a row hold: each of these gives a value as it is, or raises one of ``WRONG``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from toldonce.errors import CorruptStore
from toldonce.times import FIRST, LAST

T = TypeVar("T")
Row = tuple[Any, ...]

WRONG = (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError)
"""What decoding raises: of bytes that are no UTF-8, of JSON, of lengths and types that do not fit."""


def corrupt(what: str) -> CorruptStore:
    """The error about a row that was asked for."""
    return CorruptStore(
        f"{what} is damaged. Others can be read. See what else is damaged, and set it aside, with: toldonce doctor PATH"
    )


def whole(what: str, make: Callable[[], T]) -> T:
    """What ``make`` makes of one row. Raises ``CorruptStore`` if it cannot be read."""
    try:
        return make()
    except WRONG as error:
        raise corrupt(what) from error


def text(value: Any) -> str:
    """A text, or ``TypeError``."""
    if type(value) is not str:
        raise TypeError(f"no text but {type(value).__name__}")
    return value


def text_or_none(value: Any) -> str | None:
    """A text or nothing, or ``TypeError``."""
    return None if value is None else text(value)


def number(value: Any) -> int:
    """A whole number, or ``TypeError``."""
    if type(value) is not int:
        raise TypeError(f"no number but {type(value).__name__}")
    return value


def number_or_none(value: Any) -> int | None:
    """A whole number or nothing, or ``TypeError``."""
    return None if value is None else number(value)


def moment(value: Any) -> int:
    """A time in the calendar, or ``TypeError`` or ``ValueError``."""
    if not FIRST <= number(value) <= LAST:
        raise ValueError("no time")
    return int(value)


def data(value: Any) -> bytes:
    """Bytes, or ``TypeError``."""
    if type(value) is not bytes:
        raise TypeError(f"no bytes but {type(value).__name__}")
    return value


def json_object(value: Any) -> dict[str, Any]:
    """A JSON object, or ``TypeError`` or ``ValueError``."""
    found = json.loads(text(value)) if value != "{}" else {}
    if type(found) is not dict:
        raise TypeError("no JSON object")
    return found


def json_texts(value: Any) -> tuple[str, ...]:
    """A JSON list of texts, or ``TypeError`` or ``ValueError``."""
    found = json.loads(text(value))
    if type(found) is not list:
        raise TypeError("no JSON list")
    return tuple(map(text, found))
