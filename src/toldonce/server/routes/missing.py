"""What Mem0's platform offers and a server at home does not: each says so, and why."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from toldonce.server.auth import Reader
from toldonce.server.routing import new_router

router = new_router("not here")

_IMPLICIT = "Users, agents, apps and runs are not created by hand here: they are there as soon as a memory names them."
_ORGANISATION = (
    "One data folder is one organisation: there is none to create, list or delete. Projects separate tenants."
)
_MCP = "MCP is not installed on this server. Install it with: pip install 'toldonce[mcp]'"
_STATS = "This server keeps no usage counters. Count memories with POST /v3/memories/."

_MISSING = (
    ("POST", "/mcp", _MCP),
    ("GET", "/v1/stats", _STATS),
    ("POST", "/v1/users", _IMPLICIT),
    ("POST", "/v1/agents", _IMPLICIT),
    ("POST", "/v1/apps", _IMPLICIT),
    ("POST", "/v1/runs", _IMPLICIT),
    ("GET", "/api/v1/orgs/organizations", _ORGANISATION),
    ("POST", "/api/v1/orgs/organizations", _ORGANISATION),
    ("GET", "/api/v1/orgs/organizations/{org_id}", _ORGANISATION),
    ("PATCH", "/api/v1/orgs/organizations/{org_id}", _ORGANISATION),
    ("DELETE", "/api/v1/orgs/organizations/{org_id}", _ORGANISATION),
    ("GET", "/api/v1/orgs/organizations/{org_id}/members", _ORGANISATION),
    ("POST", "/api/v1/orgs/organizations/{org_id}/members", _ORGANISATION),
    ("PUT", "/api/v1/orgs/organizations/{org_id}/members", _ORGANISATION),
    ("DELETE", "/api/v1/orgs/organizations/{org_id}/members", _ORGANISATION),
)


def _offer(method: str, path: str, why: str) -> None:
    async def not_here(caller: Reader) -> None:
        raise HTTPException(501, why)

    router.add_api_route(path, not_here, methods=[method], summary="Not here", description=why)


for _method, _path, _why in _MISSING:
    _offer(_method, _path, _why)
