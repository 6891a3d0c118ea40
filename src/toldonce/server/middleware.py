"""The first to see a request: its id, the host it was sent to, its path and its size.

Mem0's clients end paths with a slash, double slashes, and put ids with slashes and emoji into them; none follows a
redirect. So a path is brought to one form here: segments are split where they were split on the wire, empty ones are
dropped, and only then decoded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import re
import time
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toldonce.server.auth import CALLER
from toldonce.server.errors import NOTHING_HERE, log_unforeseen, unforeseen
from toldonce.server.limits import MOST_BYTES
from toldonce.server.logs import REQUEST_ID, details
from toldonce.server.metrics import NO_ROUTE, Tally
from toldonce.server.replies import failure
from toldonce.types import ENTITY_KINDS

_LOG = logging.getLogger("toldonce.server.requests")

_DRAINED = 64 << 20
"""Bytes of a body that is too large which are read and dropped, so that its sender gets to read the answer."""

STOPPING = "The server is stopping. Send the request again."

TOO_LARGE = f"The body is larger than {MOST_BYTES >> 20} MB. Send it in parts."

_HOST = re.compile(r"(\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(:[0-9]{1,5})?", re.ASCII)
_JSON = (b"content-type", b"application/json")

Refusal = tuple[int, str]


class Entrance:
    """ASGI middleware around everything else but CORS."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = f"{random.getrandbits(128):032x}"  # uuid4 lets go of the interpreter, and waits for it again
        headers: list[tuple[bytes, bytes]] = [(b"x-request-id", identifier.encode())]
        answer = _Answer(send, headers)
        asked = {**scope, "toldonce.request_id": identifier, "toldonce.headers": headers}
        outer = REQUEST_ID.set(identifier)
        tally: Tally = scope["app"].state.service.tally
        tally.under_way += 1
        try:
            await self._answer(asked, receive, answer)
        finally:
            tally.under_way -= 1
            seconds = time.perf_counter() - answer.began
            route, key = getattr(asked.get("route"), "path", NO_ROUTE), getattr(asked.get(CALLER), "key_id", None)
            tally.answered(scope["method"], route, answer.status, seconds)
            if _LOG.isEnabledFor(logging.INFO):
                _log(scope["method"], route, answer.status, seconds, key)
            REQUEST_ID.reset(outer)

    async def _answer(self, asked: Scope, receive: Receive, answer: _Answer) -> None:
        refusal = self._refusal(asked)
        if refusal is not None:
            await _drain(receive)
            await failure(*refusal)(asked, receive, answer.send)
            return
        if asked["method"] == "HEAD":  # of what is answered to GET, uvicorn sends the head
            asked["method"] = "GET"
        # Every body here is JSON, whatever it is said to be: curl says it is a form.
        asked["headers"] = [*(header for header in asked["headers"] if header[0] != b"content-type"), _JSON]
        try:
            await self._app(asked, _counted(receive), answer.send)
        except asyncio.CancelledError:  # the server stops, and this has taken longer than it waits
            if not answer.status:
                await failure(503, STOPPING, {"Retry-After": "1"})(asked, receive, answer.send)
        except Exception as error:
            log_unforeseen(error)  # a mistake outside of any handler
            if not answer.status:
                await unforeseen(asked["toldonce.request_id"])(asked, receive, answer.send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        if (wrong := self._wrong_host(scope)) is not None:
            return wrong
        segments = _segments(scope)
        if segments is None:
            return 400, "The path is not valid UTF-8. Percent-encode ids as UTF-8."
        if any("/" in segment for segment in _plain(segments)):
            return 404, NOTHING_HERE
        scope["path"] = scope.get("root_path", "") + "/" + "/".join(segments)
        declared = Request(scope).headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:18]) > MOST_BYTES:
            return 413, TOO_LARGE
        return None

    def _wrong_host(self, scope: Scope) -> Refusal | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or (host := _HOST.fullmatch(hosts[0])) is None:
            return 400, "Send one Host header with the name or the address of this server."
        name = host["v6"] or host["name"]
        if not _is_address(name) and name.lower() not in self._hosts:
            return 400, f"This server is not called {name[:80]!r}. Allow the name with --allow-host."
        return None


class _Answer:
    """What is sent back: its status, once it has begun, and the headers that every answer gets."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.began = time.perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), *self._headers]
        await self._send(message)


def _log(method: str, route: str, status: int, seconds: float, key: str | None) -> None:
    """One line about a request. Its route is logged, never its path, which may hold ids of users."""
    known = details(method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1), key=key)
    _LOG.info("%s %s %d in %.1f ms, key %s", method, route, status, seconds * 1000, key, extra=known)


def _segments(scope: Scope) -> list[str] | None:
    raw = scope.get("raw_path") or scope["path"].encode()
    parts = [part for part in raw.split(b"?", 1)[0].split(b"/") if part]
    try:
        return [unquote_to_bytes(part).decode() for part in parts]
    except UnicodeDecodeError:
        return None


def _plain(segments: list[str]) -> list[str]:
    """The segments that are no id of an entity. A slash inside one of them is part of no name or id there is."""
    match segments:
        case [_, "entities", *_]:
            return segments[:3]
        case [_, "memories", kind, *_] if kind in ENTITY_KINDS:
            return segments[:3]
    return segments


def _is_address(host: str) -> bool:
    """An address cannot be made to point elsewhere, as a name can (DNS rebinding)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _counted(receive: Receive) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BYTES:
            await _drain(receive)
            raise HTTPException(413, TOO_LARGE)
        return message

    return counting


async def _drain(receive: Receive) -> None:
    dropped = 0
    while dropped < _DRAINED:
        message = await receive()
        dropped += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
