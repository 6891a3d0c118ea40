"""Who is let in, before any of a body is read: the key first, then a place among the requests under way."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from toldonce.server.auth import CALLER, authenticate
from toldonce.server.limits import MOST_BYTES
from toldonce.server.place import PLACE, Place
from toldonce.server.replies import failure
from toldonce.server.service import Service
from toldonce.server.settings import Settings

OPEN = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs"})
"""What needs no key."""
METRICS = "/metrics"
"""What needs none where only this machine can ask."""

AT_ONCE = 16
"""Requests of one project that are carried out together, of those that ask and of those that change; more wait, where
they cost others nothing."""
MOST_WAITING = 1_000
"""Requests of all projects that are under way or wait."""
WAIT = 10.0
"""Seconds a request waits for its turn."""

PAUSE = 0.5
"""Seconds after which a refusal for asking too often is sent: who guesses keys without a pause is given one."""

SMALL = 64 << 10
"""Bytes of a body that is read without asking for room."""
MOST_HELD = 32 << 20
"""Bytes of larger bodies that are held together; one project's take half of that at most."""

Lane: TypeAlias = tuple[str, bool]
"""A project, and whether requests of it ask or change."""

_LISTS = ("/v2/memories", "/v3/memories")
"""Where POST asks."""
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")

_BUSY = "The server has as much to do as it can take. Try again in a moment."


class Gate:
    """ASGI middleware that puts the caller of every request into its scope, or refuses the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = Places()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = CALLER in scope  # a call of ours, made for a request that has its place
        if inside or scope["type"] != "http" or scope["path"] in OPEN or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        service: Service = scope["app"].state.service
        if scope["path"] == METRICS and is_local(request, service.settings):
            await self._app(scope, receive, send)
            return
        try:
            scope[CALLER] = caller = authenticate(service, request)
            async with self._places.take((caller.project, asks(request)), _declared(request)) as place:
                PLACE.set(place)
                await self._app(scope, receive, send)
        except HTTPException as refusal:
            if refusal.status_code == 429 and CALLER not in scope:
                await asyncio.sleep(PAUSE)
            await failure(refusal.status_code, refusal.detail, refusal.headers)(scope, receive, send)


def is_local(request: Request, settings: Settings) -> bool:
    """Whether a request comes from this machine and nobody else can be behind it: it went through no proxy, and the
    server was given no name by which others call it."""
    if settings.hosts or settings.public_url or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def asks(request: Request) -> bool:
    """Whether a request changes nothing: such requests wait behind none that does."""
    path = request.scope["path"]
    return request.method == "GET" or path.endswith("/search") or path in _LISTS


class Places:
    """Room for so many requests, and so many bytes of their bodies, shared by projects. For one event loop."""

    def __init__(self) -> None:
        self._turns: dict[Lane, tuple[asyncio.Semaphore, int]] = {}
        """By lane, and how many use or await it."""
        self._under_way = 0
        self._held: dict[str, int] = {}
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def take(self, lane: Lane, size: int) -> AsyncIterator[Place]:
        """A place for a request with a body of ``size`` bytes. Raises 503 when there is none in time."""
        if self._under_way >= MOST_WAITING:
            raise busy()
        turn, users = self._turns.get(lane, (asyncio.Semaphore(AT_ONCE), 0))
        self._turns[lane] = turn, users + 1
        self._under_way += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(WAIT):
                        await turn.acquire()
                        place = Place(turn)
                        held.callback(place.leave)
                        if size > SMALL:
                            await held.enter_async_context(self._room(lane[0], size))
                except TimeoutError as error:
                    raise busy() from error
                yield place
        finally:
            self._under_way -= 1
            turn, users = self._turns[lane]
            self._turns[lane] = turn, users - 1
            if users == 1:
                del self._turns[lane]

    @asynccontextmanager
    async def _room(self, project: str, size: int) -> AsyncIterator[None]:
        def fits() -> bool:
            mine = self._held.get(project, 0)
            return mine + size <= MOST_HELD // 2 and sum(self._held.values()) + size <= MOST_HELD

        async with self._freed:
            await self._freed.wait_for(fits)
            self._held[project] = self._held.get(project, 0) + size
        try:
            yield
        finally:
            self._held[project] -= size
            if not self._held[project]:
                del self._held[project]
            async with self._freed:
                self._freed.notify_all()


def busy() -> HTTPException:
    """The answer to a request that there is no room for."""
    return HTTPException(503, _BUSY, {"Retry-After": "1"})


def _declared(request: Request) -> int:
    """How long the body says it is; as long as any may be if it does not say so."""
    if "transfer-encoding" in request.headers:
        return MOST_BYTES
    length = request.headers.get("content-length", "0")
    return int(length[:18]) if length.isascii() and length.isdigit() else MOST_BYTES
