"""The server's own calls, made inside this process: no socket, no key, the same rules and answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from toldonce.server.auth import CALLER, Caller


class Refused(Exception):
    """A call was answered with an error; its text says what to do."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What one caller may do."""

    app: ASGIApp
    caller: Caller

    async def send(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """The answer's JSON. Raises ``Refused``."""
        sent = [b"" if body is None else json.dumps(body).encode()]
        status, parts = 0, []

        async def receive() -> Message:
            return {"type": "http.request", "body": sent.pop(), "more_body": False} if sent else _DISCONNECTED

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query).encode(),
            "headers": [(b"host", b"localhost"), (b"content-length", str(len(sent[0])).encode())],
            CALLER: self.caller,
        }
        await self.app(scope, receive, send)
        answer = json.loads(b"".join(parts))
        if status >= 400:
            raise Refused(answer["detail"])
        return answer


_DISCONNECTED: Message = {"type": "http.disconnect"}
