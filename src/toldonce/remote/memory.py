"""A memory on a Mem0 host, behind the verbs of ``AsyncMemory``.

What is said goes through an outbox: ``add`` returns once it is on this machine's disk. What is asked goes straight to
the host.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from toldonce.config import default_folder
from toldonce.engine.requests import read_filters, read_limit, scope_of, search_request, understood
from toldonce.errors import RemoteError
from toldonce.remote.account import account
from toldonce.remote.client import Mem0Client
from toldonce.remote.delivery import delivery, outbox_path
from toldonce.remote.payload import ids_of
from toldonce.remote.queued_memory import QueuedMemory
from toldonce.remote.row_guard import Row, for_users, own_rows

_LOG = logging.getLogger(__name__)

TOLDONCE = "home"
"""The organisation that Toldonce's own server names when it is pinged."""


class RemoteMemory(QueuedMemory):
    """Long-term memory kept by a Mem0 host: its cloud, Toldonce's server, or another that speaks its REST API.

    Making one sends nothing; it may be used from several event loops. ``api_key`` and ``host`` default to
    ``MEM0_API_KEY`` and Mem0's cloud. What could not be sent before is sent from now on.

    Recall of a user reaches across their runs and agents. What belongs to an agent alone is reached only on Toldonce's
    own server, unless ``agent_alone`` asks for it elsewhere: Mem0's cloud keeps what an agent said *about a user*
    under the agent, without the user, so that asking for it would show one user what concerns another.

    Raises:
        InvalidConfig: no key, or an address that cannot be used or must not be trusted with one.
        StoreError: the outbox cannot be used.
    """

    lookups_a_turn = 4
    """The most searches a turn should send: hosts count and bill them."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        host: str | None = None,
        api_version: str | None = None,
        folder: str | os.PathLike[str] | None = None,
        agent_alone: bool = False,
        allow_plain_http: bool = False,
    ) -> None:
        self.account = account(api_key, host, allow_plain_http=allow_plain_http)
        Mem0Client(self.account, api_version=api_version)  # refuses a version there is not
        self._clients: dict[asyncio.AbstractEventLoop, Mem0Client] = {}
        self.reaches_agent_alone = agent_alone
        path = outbox_path(self.account, default_folder() if folder is None else Path(folder))
        super().__init__(path, partial(delivery, self.account), self.account.host, api_version=api_version)

    async def warm(self, **_: Any) -> int:
        """Connect ahead of the first turn. A host that does not answer is no error: the turns go on without it."""
        client = await self._client()
        try:
            answer = await client.ping()
        except RemoteError as error:
            _LOG.error("The memory's host: %s", error)
            return 0
        if answer.get("org_id") == TOLDONCE:
            self.reaches_agent_alone = True
        return 0

    async def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = 0.1,
        **options: Any,
    ) -> dict[str, list[Row]]:
        """Recall what answers a query, best first. ``options`` go to the host as they are.

        Raises ``InvalidInput`` and ``RemoteError``.
        """
        _refuse_ids("search", options)
        asked = self._asked_of_host(filters)
        request = search_request(query, asked, options.pop("limit", top_k), threshold, None)
        client = await self._client()
        found = await client.search(request.query, asked, top_k=request.limit, threshold=request.threshold, **options)
        self._outbox.nudge()
        return {"results": own_rows(found, request.tree, self.account.host)[: request.limit]}

    async def get_all(
        self, *, filters: Mapping[str, Any] | None = None, top_k: int = 20, **options: Any
    ) -> dict[str, list[Row]]:
        """The memories a filter admits, as the host orders them. Raises as ``search`` does."""
        _refuse_ids("get_all", options)
        asked = self._asked_of_host(filters)
        tree, limit = read_filters(asked), read_limit(options.pop("limit", top_k), "top_k")
        client = await self._client()
        found: list[Row] = []
        async for row in client.every(asked, **options):
            found += own_rows([row], tree, self.account.host)
            if len(found) >= limit:
                break
        return {"results": found}

    async def delete(self, memory_id: str) -> dict[str, Any]:
        """Delete a memory. Raises ``RemoteNotFound``, which is a ``MemoryNotFound``."""
        return await (await self._client()).delete(memory_id)

    async def delete_all(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> dict[str, Any]:
        """Delete the memories that carry all of the given ids, and what was said of them and is not sent yet."""
        ids = ids_of(scope_of(user_id, agent_id, app_id, run_id))
        await self._take_back(ids)
        return await (await self._client()).delete_all(ids)

    async def close(self) -> None:
        """Let go of the host, as ``QueuedMemory.close`` says."""
        here, clients = asyncio.get_running_loop(), [*self._clients.items()]
        self._clients.clear()
        try:
            for loop, client in clients:
                if loop is here:
                    await client.close()
                elif loop.is_running():
                    asyncio.run_coroutine_threadsafe(client.close(), loop)
        finally:
            await super().close()

    def _asked_of_host(self, filters: Mapping[str, Any] | None) -> dict[str, Any]:
        read_filters(filters)  # what cannot be read is an error, not to be made into something else
        whole = dict(filters or {})
        return whole if self.reaches_agent_alone else for_users(whole)

    async def _client(self) -> Mem0Client:
        """The running loop's client: connections cannot be shared between loops."""
        _ = self._outbox  # raises where this was closed
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = Mem0Client(self.account, api_version=self._api_version)
        await self._clients[loop].open()
        return self._clients[loop]


def _refuse_ids(verb: str, options: Mapping[str, Any]) -> None:
    understood(verb, {key: value for key, value in options.items() if key.endswith("_id")}, None)
