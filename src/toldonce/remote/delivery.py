"""From an outbox to its host."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from toldonce.remote.account import Account
from toldonce.remote.client import Mem0Client
from toldonce.remote.outbox import Deliver, Entry
from toldonce.remote.outbox.states import FOLDER
from toldonce.remote.payload import unpack


def outbox_path(account: Account, folder: Path) -> Path:
    """The file of what waits for a host and key. The key cannot be read from its name."""
    name = re.sub(r"[^a-z0-9.-]+", "-", urlsplit(account.host).netloc)[:60]
    return folder / FOLDER / f"{name}-{account.fingerprint}.db"


@asynccontextmanager
async def delivery(account: Account) -> AsyncIterator[Deliver]:
    """What hands entries to an account."""
    clients: dict[str | None, Mem0Client] = {}
    async with AsyncExitStack() as open_clients:

        async def deliver(entry: Entry) -> None:
            messages, options, version = unpack(entry.payload)
            if version not in clients:
                client = Mem0Client(account, api_version=version)
                clients[version] = await open_clients.enter_async_context(client)
            # What could not be handed over is tried again from the outbox, where it is counted.
            await clients[version].add(messages, options, idempotency_key=entry.key, repeat=False)

        yield deliver
