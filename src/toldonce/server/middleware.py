"""The first to see a request: its id, the host it was sent to, its path and its size.

Mem0's clients end paths with a slash, double slashes, and put ids with slashes and emoji into them; none follows a
redirect. So a path is brought to one form here: segments are split where they were split on the wire, empty ones are
dropped, and only then decoded.
"""

from __future__ import annotations

import ipaddress
import random
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toldonce.server.errors import log_unforeseen, unforeseen
from toldonce.server.limits import MOST_BYTES
from toldonce.server.replies import failure

_DRAINED = 64 << 20
"""Bytes of a body that is too large which are read and dropped, so that its sender gets to read the answer."""

TOO_LARGE = f"The body is larger than {MOST_BYTES >> 20} MB. Send it in parts."


class Entrance:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = f"{random.getrandbits(128):032x}"  # uuid4 lets go of the interpreter, and waits for it again
        headers: list[tuple[bytes, bytes]] = [(b"x-request-id", identifier.encode())]
        scope["toldonce.request_id"] = identifier
        scope["toldonce.headers"] = headers
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await _drain(receive)
            await failure(*refusal)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, _counted(receive), send_with_headers)
        except Exception as error:
            if not begun:  # the app itself has not answered: a mistake outside of any handler
                log_unforeseen(identifier, error)
                await unforeseen(identifier)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        request = Request(scope)
        host = _host_name(request.headers.get("host", ""))
        if not _is_address(host) and host.lower() not in self._hosts:
            return 400, f"This server is not called {host[:80]!r}. Allow the name with --allow-host."
        path = _one_form(scope)
        if path is None:
            return 400, "The path is not valid UTF-8. Percent-encode ids as UTF-8."
        scope["path"] = scope["root_path"] + path if scope.get("root_path") else path
        declared = request.headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:18]) > MOST_BYTES:
            return 413, TOO_LARGE
        return None


def _one_form(scope: Scope) -> str | None:
    raw = scope.get("raw_path") or scope["path"].encode()
    segments = [segment for segment in raw.split(b"?", 1)[0].split(b"/") if segment]
    try:
        return "/" + "/".join(unquote_to_bytes(segment).decode() for segment in segments)
    except UnicodeDecodeError:
        return None


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0] if ":" in header else header


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
