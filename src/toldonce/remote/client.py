"""An async client of Mem0's REST API. It asks no host anything before it is told to, and reports nothing to anyone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from toldonce.errors import Closed, HostFailed, InvalidConfig, NotMem0, RateLimited, RemoteError, Unreachable
from toldonce.net.messages import redacted
from toldonce.remote import connections, wire
from toldonce.remote.account import Account
from toldonce.remote.holds import HOLDS
from toldonce.remote.wire import VERSIONS, Call

if TYPE_CHECKING:
    import httpx2

_LOG = logging.getLogger(__name__)

SEARCH_DEADLINE = 10.0
DEADLINE = 60.0
"""Seconds for everything else: some hosts extract facts before they answer an add."""

_CONNECT = 5.0
_PAUSE = 0.1
"""Seconds before the one repetition of a request that failed on its way and may be repeated."""

PAGE = 100


class Mem0Client:
    """Talks to one account. Open it in the loop that uses it: ``async with Mem0Client(account) as client``.

    ``api_version``: "v3", "v2" or "v1". None is the documented default: v3, and where a host answers 404 there, the
    newest older one that it has.

    Each verb raises the ``RemoteError``s of ``toldonce.errors``, and gives up at its deadline.
    """

    def __init__(self, account: Account, *, api_version: str | None = None) -> None:
        if api_version is not None and api_version not in VERSIONS:
            raise InvalidConfig(f"api_version must be one of {', '.join(VERSIONS)}, not {api_version!r}.")
        self.account = account
        self._asked_for = api_version
        self._found: dict[str, str] = {}
        """The version a host turned out to have, by verb."""
        self._http: httpx2.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Make ready to connect. Nothing is sent."""
        async with self._opening:
            if self._http is None:
                self._http = await connections.acquire(self.account)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            self._http = None
            await connections.release(self.account)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ping(self, *, deadline: float = SEARCH_DEADLINE) -> dict[str, Any]:
        """Connect, and see that a Mem0 host is there that accepts the key."""
        answer = await self._do(wire.PING, deadline)
        if not isinstance(answer, dict):
            raise NotMem0("GET /v1/ping/: the answer is no object. Is host= a Mem0 host?")
        return answer

    async def add(
        self,
        messages: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        repeat: bool = True,
        deadline: float = DEADLINE,
    ) -> Any:
        """Hand messages over; sent twice at most, and only with a key and ``repeat``. See ``RemoteError.unsure``."""

        def call(version: str) -> Call:
            made = wire.add(version, messages, options, idempotency_key)
            return made if repeat else replace(made, repeatable=False)

        return await self._versioned("add", call, deadline)

    async def search(
        self,
        query: str,
        filters: Mapping[str, Any],
        *,
        deadline: float = SEARCH_DEADLINE,
        **options: Any,
    ) -> list[dict[str, Any]]:
        """Memories, best first. ``options``: top_k, threshold and whatever else the host takes."""
        answer = await self._versioned("search", lambda v: wire.search(v, query, filters, options), deadline)
        return wire.results_of(answer)

    async def page(
        self, filters: Mapping[str, Any], page: int, *, size: int = PAGE, deadline: float = DEADLINE, **options: Any
    ) -> tuple[list[dict[str, Any]], int | None]:
        """One page of memories, from 1, and how many there are in all if the host says so."""

        def call(version: str) -> Call:
            return wire.listing(version, filters, page, size, options)

        answer = await self._versioned("list", call, deadline)
        count = answer.get("count") if isinstance(answer, dict) else None
        return wire.results_of(answer), count if isinstance(count, int) else None

    async def every(self, filters: Mapping[str, Any], **options: Any) -> AsyncGenerator[dict[str, Any], None]:
        """All memories a filter admits, page by page."""
        number, seen = 1, 0
        before: list[dict[str, Any]] = []
        while True:
            rows, count = await self.page(filters, number, **options)
            if rows == before:  # a host that knows no pages
                return
            for row in rows:
                yield row
            seen += len(rows)
            if not rows or (count is not None and seen >= count) or (count is None and len(rows) != PAGE):
                return
            number, before = number + 1, rows

    async def get(self, memory_id: str) -> dict[str, Any]:
        """One memory. Raises ``RemoteNotFound``."""
        return _object(await self._do(wire.get(memory_id), DEADLINE))

    async def history(self, memory_id: str) -> list[dict[str, Any]]:
        """What was done to a memory."""
        return wire.results_of(await self._do(wire.history(memory_id), DEADLINE))

    async def update(self, memory_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change ``text``, ``metadata`` or ``expiration_date``."""
        return _object(await self._do(wire.update(memory_id, changes), DEADLINE))

    async def delete(self, memory_id: str) -> dict[str, Any]:
        """Delete a memory. Raises ``RemoteNotFound``."""
        return _object(await self._do(wire.delete(memory_id), DEADLINE))

    async def delete_all(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """Delete the memories that carry all of these ids; at least one."""
        if not ids:
            raise InvalidConfig("delete_all needs at least one id: without one it would delete everything.")
        return _object(await self._do(wire.delete_all(ids), DEADLINE))

    async def entities(self) -> list[dict[str, Any]]:
        """Every user, agent, app and run the host knows: ``type``, ``name`` and, of most hosts, ``total_memories``."""
        found: list[dict[str, Any]] = []
        number = 1
        while True:
            answer = await self._do(wire.entities(number), DEADLINE)
            rows = wire.results_of(answer)
            found += rows
            if not rows or not (isinstance(answer, dict) and answer.get("next")):
                return found
            number += 1

    async def erase(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Leave no byte of an entity or a memory. A Toldonce server does it; Mem0's hosts have no such call."""
        return _object(await self._do(wire.erase(query), DEADLINE))

    async def receipts(self) -> list[dict[str, Any]]:
        """The receipts of what a Toldonce server erased."""
        return wire.results_of(await self._do(wire.RECEIPTS, DEADLINE))

    async def project(self) -> dict[str, Any]:
        """The project that the key reaches: ``project_id``, ``name`` and more."""
        known = await self.ping()
        return _object(await self._do(wire.project(str(known.get("org_id")), str(known.get("project_id"))), DEADLINE))

    async def _versioned(self, verb: str, make: Callable[[str], Call], deadline: float) -> Any:
        """Do it in the version asked for; without one, in the newest that the host has."""
        if self._asked_for is not None:
            return await self._do(make(self._asked_for), deadline)
        first = self._found.get(verb, VERSIONS[0])
        async with self._within(deadline, verb):
            for version in VERSIONS[VERSIONS.index(first) :]:
                answer = await self._attempts(make(version), none_if_missing=True)
                if answer is not None:
                    self._keep(verb, version)
                    return answer
        raise NotMem0(f"{self.account.host} has none of the paths of Mem0's API for {verb}. Check host=.")

    def _keep(self, verb: str, version: str) -> None:
        if version != self._found.get(verb):
            self._found[verb] = version
            _LOG.info("%s: %s goes by API %s", self.account.host, verb, version)

    async def _do(self, call: Call, deadline: float) -> Any:
        async with self._within(deadline, f"{call.method} {call.path}"):
            return await self._attempts(call)

    @asynccontextmanager
    async def _within(self, deadline: float, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(deadline):
                yield
        except TimeoutError as error:
            raise Unreachable(
                f"{self.account.host} did not answer {what} within {deadline:g} s.", unsure=True
            ) from error

    async def _attempts(self, call: Call, none_if_missing: bool = False) -> Any:
        try:
            return await self._attempt(call, none_if_missing)
        except Unreachable as error:
            if not call.repeatable or error.retry_after is not None:
                raise
        # Most often a connection that the host had closed while it was idle.
        await asyncio.sleep(_PAUSE)
        return await self._attempt(call, none_if_missing)

    async def _attempt(self, call: Call, none_if_missing: bool) -> Any:
        import httpx2

        if self._http is None:
            raise Closed("The client was closed, or never opened: await open() first.")
        left = HOLDS.left(self.account)
        if left:
            raise RateLimited(
                f"{self.account.host} asked for patience; for {left:.0f} s more nothing is sent to it.",
                retry_after=left,
            )
        headers = {"Idempotency-Key": call.idempotency_key} if call.idempotency_key else {}
        try:
            response = await self._http.request(
                call.method,
                call.path,
                json=call.body,
                params=call.query or None,
                headers=headers,
                timeout=httpx2.Timeout(None, connect=_CONNECT),
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unreachable(_why(self.account, error)) from error
        except httpx2.TransportError as error:
            raise Unreachable(_why(self.account, error), unsure=True) from error
        except httpx2.HTTPError as error:
            raise HostFailed(f"{self.account.host} could not be talked to: {error}", unsure=True) from error
        if response.status_code == 404 and none_if_missing:
            return None
        try:
            return wire.read(call, response.status_code, response.headers, response.content)
        except RemoteError as error:
            error.args = (redacted(str(error), self.account.key),)
            if isinstance(error, RateLimited) and error.retry_after is not None:
                HOLDS.hold(self.account, error.retry_after)
            raise


def _why(account: Account, error: Exception) -> str:
    said = str(error) or type(error).__name__
    hint = ""
    if any(
        sign in said for sign in ("Name or service not known", "nodename nor servname", "getaddrinfo", "resolution")
    ):
        hint = " There is no host of this name: check host=."
    elif "CERTIFICATE_VERIFY" in said:
        hint = " Its certificate is not trusted here."
    return f"{account.host} cannot be reached: {said}.{hint}"


def _object(answer: Any) -> dict[str, Any]:
    if isinstance(answer, list) and len(answer) == 1:  # as JavaScript's types have it
        answer = answer[0]
    if not isinstance(answer, dict):
        raise NotMem0("The answer is no object. Is host= a Mem0 host?")
    return answer
