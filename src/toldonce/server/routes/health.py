"""Whether the server is there, and whose key this is."""

from __future__ import annotations

from fastapi import Request

from toldonce.server.auth import Reader
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


@router.get("/v1/ping")
async def ping(caller: Reader) -> Json:
    """Which project a key reaches. Mem0's clients call it when they are made.

    There is no ``user_email``: they would send it to their maker with every call.
    """
    return Json({"status": "ok", "org_id": ORGANISATION, "project_id": caller.project})
