"""Where MCP is spoken: at ``/mcp`` of a server, and on stdin and stdout of a process without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from toldonce.engine.requests import PROJECT
from toldonce.server.auth import CALLER, Caller
from toldonce.server.keys import SCOPES
from toldonce.server.mcp.calls import Calls
from toldonce.server.mcp.tools import CONNECTION, Connection, build

PATH = "/mcp"
_UNCHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the entrance checks the host


@asynccontextmanager
async def mounted(app: FastAPI) -> AsyncIterator[None]:
    """While this lasts, the app answers at ``/mcp``, each request by itself: no session is kept."""
    speaking = build().streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, transport_security=_UNCHECKED
    )
    async with speaking.router.lifespan_context(speaking):
        route = Route(PATH, endpoint=_Speaking(app, speaking), methods=["POST"], include_in_schema=False)
        app.router.routes.insert(0, route)
        yield


class _Speaking:
    """The app that speaks MCP, told for whom."""

    def __init__(self, app: FastAPI, speaking: ASGIApp) -> None:
        self._app = app
        self._speaking = speaking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        user = Request(scope).query_params.get("user_id") or None
        CONNECTION.set(Connection(Calls(self._app, scope[CALLER]), user))
        await self._speaking(dict(scope), receive, send)  # what it notes in a scope stays its own


async def run_stdio(app: FastAPI, user: str) -> None:
    """Speak MCP on stdin and stdout until stdin ends, with all rights in the library's project."""
    async with app.router.lifespan_context(app):
        CONNECTION.set(Connection(Calls(app, Caller(app.state.service, PROJECT, "stdio", SCOPES)), user))
        await build().run_stdio_async()
