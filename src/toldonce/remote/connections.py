"""Warm connections: one pool for each host, key and event loop, shared by all who talk to it."""

from __future__ import annotations

import asyncio
import ssl
import weakref
from functools import cache
from typing import TYPE_CHECKING

from toldonce.locks import ForkLock
from toldonce.net.client import client_settings
from toldonce.remote.account import Account
from toldonce.remote.threads import in_a_thread

if TYPE_CHECKING:
    import httpx2

_IDLE = 300.0
"""Seconds a connection is kept for the next turn; hosts that close it sooner cost one handshake."""

_pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Account, tuple[httpx2.AsyncClient, int]]]
_pools = weakref.WeakKeyDictionary()
_guard = ForkLock()


async def acquire(account: Account) -> httpx2.AsyncClient:
    """The running loop's pool for an account; each call needs one of ``release``."""
    # Loading certificates takes tens of milliseconds.
    context = await in_a_thread(_context) if account.host.startswith("https") else False
    loop = asyncio.get_running_loop()
    with _guard:
        pools = _pools.setdefault(loop, {})
        http, users = pools[account] if account in pools else (_client(account, context), 0)
        pools[account] = (http, users + 1)
    return http


async def release(account: Account) -> None:
    """Let go of the running loop's pool; the last to do so closes its connections."""
    with _guard:
        pools = _pools[asyncio.get_running_loop()]
        http, users = pools.pop(account)
        if users > 1:
            pools[account] = (http, users - 1)
            return
    await http.aclose()


def _client(account: Account, context: ssl.SSLContext | bool) -> httpx2.AsyncClient:
    import httpx2

    return httpx2.AsyncClient(
        base_url=account.host,
        verify=context,
        limits=httpx2.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=_IDLE),
        **client_settings(account.host, f"Token {account.key}"),
    )


@cache
def _context() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()
