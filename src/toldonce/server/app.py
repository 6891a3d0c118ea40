"""The application: what is answered at which address, and what surrounds every answer."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.util import find_spec

import orjson
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, Response

from toldonce import __version__
from toldonce.config import read_config
from toldonce.engine import open_engine
from toldonce.engine.loops import run_in
from toldonce.server import errors
from toldonce.server.docs import PAGE
from toldonce.server.gate import Gate
from toldonce.server.kept import Kept
from toldonce.server.middleware import Entrance
from toldonce.server.routes import ROUTERS
from toldonce.server.routes.searching import BY_WORDS
from toldonce.server.service import Service
from toldonce.server.settings import Settings
from toldonce.server.tenants import ensure_default
from toldonce.times import now

_DESCRIPTION = """Long-term memory for conversational agents, at home. These are the calls of Mem0's platform: give a
Mem0 client this server's address as `host` and a key of `toldonce keys create`. Paths work with and without a slash at
their end."""

_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Mem0-User-ID", "X-API-Key", "X-Application"]
_EXPOSED = ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id", BY_WORDS]


def _speaking_mcp(app: FastAPI) -> AbstractAsyncContextManager[None]:
    """``/mcp``, if what it needs is installed; else the route in ``routes/missing.py`` says that it is not."""
    if find_spec("mcp") is None:
        return nullcontext()
    from toldonce.server.mcp.serving import mounted

    return mounted(app)


def build_app(settings: Settings) -> FastAPI:
    """The server over the memory in ``settings.place``, as an ASGI application.

    It opens the memory when it starts and closes it when it stops, after the last answer.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        config = read_config(None, settings.place)
        engine, release = open_engine(config)
        try:
            if config.llm is not None:
                engine.ask_model(config.llm, config.guidance)
            engine.store.write_now(lambda store: ensure_default(store, now()))
            app.state.service = service = Service(engine, settings)
            if find_spec("opentelemetry") is not None:
                from toldonce.server.otel import observe

                observe(engine, service.tally)
            try:
                async with _speaking_mcp(app):
                    yield
            finally:
                app.state.service.close()
        finally:
            release()

    app = FastAPI(
        title="Toldonce",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # FastAPI writes it anew each time, on the event loop
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)

    async def described() -> bytes:
        service: Service = app.state.service
        return await run_in(service.engine.computing, lambda: orjson.dumps(app.openapi()))

    description = Kept(math.inf, described)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(await description.get(), media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(PAGE)

    app.add_middleware(Gate)
    app.add_middleware(Entrance, hosts=settings.hosts)
    if settings.cors_origins:  # around the rest, so that a page can read refusals too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[*_HEADERS, "X-Mem0-Client", "X-Mem0-Source"],
            expose_headers=_EXPOSED,
        )
    return app
