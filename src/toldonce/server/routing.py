"""Routes whose bodies are read strictly as JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from toldonce.server.auth import CALLER, Caller
from toldonce.server.literals import Unreadable, read_json

QUICK_BYTES = 16 << 10
"""Of a body that is read on the event loop: a millisecond at most."""


class _StrictRequest(Request):
    async def json(self) -> Any:
        raw = await self.body()
        try:
            if len(raw) <= QUICK_BYTES:
                return read_json(raw)
            caller: Caller = self.scope[CALLER]
            return await caller.service.work_out(caller.project, lambda: read_json(raw))
        except Unreadable as error:
            raise HTTPException(400, f"{error} Nothing was done.") from error  # FastAPI hides any other


class _StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


def new_router(tag: str) -> APIRouter:
    """A router for one resource."""
    return APIRouter(route_class=_StrictRoute, tags=[tag])
