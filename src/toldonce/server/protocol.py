"""HTTP/1.1 on a socket, with an end to everything a peer can make the server wait for.

uvicorn's own protocol has a deadline for idle connections only. Here the headers, the body and the reading of an
answer have one too, headers have a limit, and connections beyond a limit are closed.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 10.0
"""Seconds from the first byte of a request, or from the connection, to the end of its headers."""
BODY_WITHIN = 60.0
"""Seconds from the end of the headers to the end of the body."""
READ_WITHIN = 60.0
"""Seconds a peer may leave an answer unread once the socket takes no more."""
MOST_HEADER_BYTES = 64 << 10
MOST_CONNECTIONS = 1_000

_TOO_SLOW = "The request did not arrive in time. Send it again, faster or in parts."
_TOO_LONG = f"The headers are longer than {MOST_HEADER_BYTES >> 10} KB."
_TOO_MANY = "The server has as many connections as it takes. Try again in a moment."


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._arriving: asyncio.TimerHandle | None = None
        """Ends the connection unless what is arriving is complete by then."""
        self._leaving: asyncio.TimerHandle | None = None
        """Ends the connection unless the peer reads on by then."""
        self._in_request = False
        self._begun = 0
        """Requests that began on this connection."""
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(503, _TOO_MANY)
            return
        self._expect_within(HEADERS_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        if self._leaving is not None:
            self._leaving.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_request, begun = self._in_request, self._begun
        super().data_received(data)
        if not self._in_request:
            if not in_request and self._begun == begun and self._arriving is None:
                self._expect_within(HEADERS_WITHIN)  # bytes between two requests stopped uvicorn's own timer
            return
        if self._header_bytes >= 0:
            self._header_bytes += len(data)
            if self._header_bytes > MOST_HEADER_BYTES:
                self._refuse(431, _TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_request, self._header_bytes = True, 0
        self._begun += 1
        self._expect_within(HEADERS_WITHIN)

    def on_headers_complete(self) -> None:
        self._header_bytes = -1
        self._expect_within(BODY_WITHIN)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_request = False
        self._expect_nothing()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._leaving = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._arriving = self.loop.call_later(seconds, self._refuse, 408, _TOO_SLOW)

    def _expect_nothing(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _refuse(self, status: int, why: str) -> None:
        """Answer, unless an answer has begun, and close."""
        self._expect_nothing()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = json.dumps({"detail": why, "error": why}).encode()
            head = f"HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
