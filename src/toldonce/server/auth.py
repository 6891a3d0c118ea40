"""Who is calling, and what they may do."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from toldonce.engine.requests import PROJECT
from toldonce.filters import Condition, Filter, Not, named_users
from toldonce.filters.tree import all_of
from toldonce.server.keys import SCOPES, holds, key_id_of
from toldonce.server.limits import Allowance
from toldonce.server.queries import check_change
from toldonce.server.service import Service
from toldonce.times import now

_USED_EVERY = 60_000_000
"""Microseconds between two notes of a key's last use."""

CALLER = "toldonce.caller"
"""Where a request's scope has its ``Caller``."""
_ANY_USER = Condition("user_id", "exists", None)
NO_KEY = "Send your API key as 'Authorization: Token <key>'."
WRONG_KEY = "This API key does not hold: it is unknown, revoked or expired."


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's key, and what it reaches."""

    service: Service
    project: str
    key_id: str
    scopes: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return "admin" in self.scopes

    def sees(self, tree: Filter) -> Filter:
        """What of it this caller may see: a filter that names no user shows users' memories to admins only."""
        if self.is_admin or named_users(tree):
            return tree
        return all_of([tree, Not(_ANY_USER)])

    def require_admin(self, what: str) -> None:
        """Raises 403 for keys without the admin scope."""
        if not self.is_admin:
            raise HTTPException(403, f"{what} needs a key with the scope admin.")


def _allowed(scope: str) -> Callable[[Request], Awaitable[Caller]]:
    async def caller(request: Request) -> Caller:
        found: Caller = request.scope[CALLER]
        if scope not in found.scopes:
            raise HTTPException(403, f"This call needs a key with the scope {scope}; this one has others.")
        if scope != "read" and request.method != "GET":
            await check_change(request, found.project)
        return found

    return caller


Reader = Annotated[Caller, Depends(_allowed("read"))]
Writer = Annotated[Caller, Depends(_allowed("write"))]
Admin = Annotated[Caller, Depends(_allowed("admin"))]


def authenticate(service: Service, request: Request) -> Caller:
    """Whose key a request carries.

    Raises 401 for a wrong key, and 429 for a right one, or an address that sends wrong ones, that asks too often.
    """
    address = request.client.host if request.client else ""
    try:
        found = _found(service, _key(request), address)
    except HTTPException as refusal:
        service.tally.wrong_keys.add(())
        if (wait := service.failures.take(address)) is not None and wait.retry_after:
            raise _too_often(f"Wrong keys came from this address {wait.limit:,} times a minute.", wait) from refusal
        raise
    allowance = service.rates.take(found.key_id)
    if allowance is not None:
        request.scope["toldonce.headers"].extend(_headers(allowance))
        if allowance.retry_after:
            raise _too_often(f"This key may make {allowance.limit:,} requests a minute.", allowance)
    return found


def _found(service: Service, text: str, address: str) -> Caller:
    if not text:
        raise HTTPException(401, NO_KEY)
    bootstrap = service.settings.bootstrap_key
    # Chosen by somebody, so it might be guessed: not compared for an address that is guessing.
    may_try = service.trusted.get(address) or not service.failures.is_spent(address)
    if bootstrap and may_try and hmac.compare_digest(text.encode("utf-8", "replace"), bootstrap.encode()):
        service.trusted.put(address, True)
        return Caller(service, PROJECT, "bootstrap", SCOPES)
    key_id = key_id_of(text)
    if key_id is None:
        raise HTTPException(401, WRONG_KEY)
    with service.engine.store.read() as store:  # read each time: a key is revoked at once, whoever revokes it
        kept = store.serving.key(key_id)
    at = now()
    if kept is None or not service.hashes.fits(text, kept.digest) or not holds(kept, at):
        raise HTTPException(401, WRONG_KEY)
    if kept.last_used_at is None or at - kept.last_used_at > _USED_EVERY:
        service.note_use(kept.id, at)
    return Caller(service, kept.project, kept.id, kept.scopes)


def _too_often(why: str, allowance: Allowance) -> HTTPException:
    headers = {"Retry-After": str(allowance.retry_after)}
    return HTTPException(429, f"{why} Try again in {allowance.retry_after} seconds.", headers)


def _key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("token", "bearer"):
        return key.strip()
    return request.headers.get("x-api-key", "").strip()


def _headers(allowance: Allowance) -> list[tuple[bytes, bytes]]:
    values = {
        b"x-ratelimit-limit": allowance.limit,
        b"x-ratelimit-remaining": allowance.remaining,
        b"x-ratelimit-reset": allowance.reset,
    }
    return [(name, str(value).encode()) for name, value in values.items()]
