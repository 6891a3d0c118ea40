"""Errors to answers. Every one is ours, says what to do, and becomes the right exception in Mem0's clients."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from toldonce.errors import Closed, InvalidInput, MemoryNotFound, RemoteError, StoreError, ToldonceError, Unsupported
from toldonce.server.logs import where
from toldonce.server.replies import failure

_LOG = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[ToldonceError], int], ...] = (
    (InvalidInput, 400),
    (MemoryNotFound, 404),
    (Unsupported, 501),
)
NOTHING_HERE = "There is nothing at this address. The calls there are: /openapi.json"
_TYPES = frozenset({"bool", "float", "int", "str"})
_ROUTING = {
    404: NOTHING_HERE,
    405: "This address does not take this method. The calls there are: /openapi.json",
}


def not_found(what: str) -> HTTPException:
    """The one answer for what does not exist and for what belongs to another tenant."""
    return HTTPException(404, f"{what} not found!")


def install(app: FastAPI) -> None:
    """Let the app answer every error."""
    app.add_exception_handler(ToldonceError, _ours)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unforeseen)


def _ours(request: Request, error: Exception) -> Response:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return failure(status, str(error))
    if isinstance(error, (StoreError, Closed, RemoteError)):
        # The text names folders of the machine: it is for the log, not for whoever calls.
        _LOG.error("%s: %s", type(error).__name__, error)
        return failure(503, "The memory cannot be used right now; the server's log says why. Try again later.")
    return _unforeseen(request, error)


def _unreadable(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reasons: dict[str, dict[str, None]] = {}
    for problem in error.errors():
        if problem["type"] == "json_invalid":
            return failure(400, "The body is not valid JSON.")
        reasons.setdefault(_place(problem["loc"]), {})[problem["msg"]] = None
    return failure(400, "; ".join(f"{place}: {' or '.join(why)}" for place, why in reasons.items())[:2_000])


def _place(steps: Sequence[Any]) -> str:
    """The key that is wrong. After one that takes several types Pydantic names the type it tried, which is no key."""
    keys = [str(step) for step in steps[1:]]
    typed = next((place for place, key in enumerate(keys) if key in _TYPES or "[" in key), len(keys))
    return ".".join(keys[:typed]) or str(steps[0])


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    routing = error.detail in ("Not Found", "Method Not Allowed")
    return failure(error.status_code, _ROUTING[error.status_code] if routing else error.detail, error.headers)


def _unforeseen(request: Request, error: Exception) -> Response:
    log_unforeseen(error)
    return unforeseen(request_id(request))


def unforeseen(identifier: str) -> Response:
    """A mistake of ours."""
    return failure(
        500,
        f"The server made a mistake. Its log has the cause under request id {identifier}.",
        request_id=identifier,
    )


def log_unforeseen(error: BaseException) -> None:
    """Note where a mistake happened; the error's own text may quote a memory, so it is left out."""
    _LOG.error("A mistake: %s", where(error))


def request_id(request: Request) -> str:
    """The id this request was given by the middleware."""
    return str(request.scope["toldonce.request_id"])
