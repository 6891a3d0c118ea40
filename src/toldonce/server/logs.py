"""What the server logs: time, level, request id and what happened. No memory's text, no id of a user, no key.

An exception is shown by its type and by where it was raised: its message may quote a memory.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

REQUEST_ID: ContextVar[str | None] = ContextVar("toldonce_request_id", default=None)
"""The id of the request that is being answered; calls in the engine's threads have it too."""

_DETAILS = "toldonce_details"
_CAUSES = 5


def configure(level: str, *, as_json: bool) -> None:
    """Write this process's log to stderr, as lines of text or of JSON, from this level on.

    Other libraries are heard from "warning" on: what they say below that may name addresses.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if as_json else _Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("toldonce").setLevel(level.upper())


def details(**values: object) -> dict[str, object]:
    """Values for ``extra``, which a JSON log has as keys of their own."""
    return {_DETAILS: values}


def where(error: BaseException) -> str:
    """The types of an error and its causes, and the place it was raised at."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames))
    causes = [type(error).__name__]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < _CAUSES:
        causes.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return f"{' from '.join(causes)} at {place}"


class _Text(logging.Formatter):
    """``2026-11-28T12:00:00.000+00:00 WARNING toldonce.server [request id] what happened``."""

    def format(self, record: logging.LogRecord) -> str:
        identifier = REQUEST_ID.get()
        about = f" [{identifier}]" if identifier else ""
        return " ".join(f"{_time(record)} {record.levelname} {record.name}{about} {_said(record)}".splitlines())


class _Json(logging.Formatter):
    """An object a line: ``time``, ``level``, ``logger``, ``request_id`` if there is one, ``message``, and details."""

    def format(self, record: logging.LogRecord) -> str:
        identifier = REQUEST_ID.get()
        shown = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        if identifier:
            shown["request_id"] = identifier
        return json.dumps({**shown, "message": _said(record), **getattr(record, _DETAILS, {})}, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _said(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() if error is None else f"{record.getMessage()}: {where(error)}"
