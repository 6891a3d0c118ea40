"""Whether the server is there, and whose key this is."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from toldonce.engine.requests import PROJECT
from toldonce.server.auth import CALLER, Caller, Reader
from toldonce.server.metrics import CONTENT_TYPE
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.tenants import ORGANISATION

router = new_router("health")


@router.get("/healthz")
async def healthz() -> Json:
    """The process runs. Needs no key."""
    return Json({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Json:
    """Searches can be answered: the memory can be read, and the embedder be used. Needs no key.

    Otherwise 503, and ``problems`` say why.
    """
    problems = await request.app.state.service.readiness.problems()
    if problems:
        return Json({"status": "unavailable", "detail": " ".join(problems), "problems": problems}, 503)
    return Json({"status": "ok"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus: about the whole server, without words, ids or keys, a second old at most.

    It takes an admin key of the project ``default``, and no key from this machine unless others call the server by a
    name or through a proxy.
    """
    caller: Caller | None = request.scope.get(CALLER)  # None: let in without one
    if caller is not None and (caller.project != PROJECT or not caller.is_admin):
        raise HTTPException(403, "Reading metrics needs an admin key of the project default.")
    return Response(await request.app.state.service.metrics.get(), media_type=CONTENT_TYPE)


@router.get("/v1/ping")
async def ping(caller: Reader) -> Json:
    """Which project a key reaches. Mem0's clients call it when they are made.

    There is no ``user_email``: they would send it to their maker with every call.
    """
    return Json({"status": "ok", "org_id": ORGANISATION, "project_id": caller.project})
