"""What memories kept elsewhere share: what is said to them goes through an outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from toldonce.engine.requests import add_request, scope_of
from toldonce.errors import Closed
from toldonce.remote.outbox import Opens, Outbox, open_outbox
from toldonce.remote.payload import belongs_to, pack
from toldonce.remote.threads import in_a_thread

_POLL = 0.01

_LAST_SENDING = 1.5
"""Seconds for which ``close`` sends what still waits; the next process sends the rest."""


class QueuedMemory:
    """The write half of ``AsyncMemory``'s verbs, for a memory that may be slow or away. Usable from several loops."""

    def __init__(self, path: Path, opens: Opens, destination: str, *, api_version: str | None = None) -> None:
        """Raises the ``StoreError``s of ``toldonce.errors`` if the outbox cannot be used."""
        self._api_version = api_version
        outbox, self._let_go = open_outbox(path, opens, destination)
        self._open: Outbox | None = outbox

    async def add(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        expiration_date: Any = None,
        infer: bool = True,
        conversation_id: str | None = None,
    ) -> dict[str, Any]:
        """Remember what was said; when this returns, it is on this machine's disk, and is sent in the background.

        Arguments are those of ``Memory.add``. What is said in one conversation arrives in its order; a conversation is
        ``conversation_id``, or else the ids taken together.

        Returns:
            ``{"results": [], "status": "QUEUED", "event_id": ...}``: what is made of it is not known yet.

        Raises ``InvalidInput``, and ``OutboxFull`` if nothing could be sent for very long.
        """
        request = add_request(
            messages,
            scope_of(user_id, agent_id, app_id, run_id),
            metadata=metadata,
            timestamp=timestamp,
            expiration_date=expiration_date,
            infer=infer,
            memory_type=None,
            prompt=None,
            conversation_id=conversation_id,
        )
        if not request.messages:
            return {"results": []}
        entry = pack(request, self._api_version)
        await asyncio.wrap_future(self._outbox.put(entry.key, entry.conversation, entry.payload))
        return {"results": [], "status": "QUEUED", "event_id": entry.key}

    async def flush(self, within: float = 60.0) -> bool:
        """Wait until everything was sent, or cannot be just now; whether it was. ``within``: the most seconds."""
        return await in_a_thread(self._outbox.flush, within)

    async def close(self) -> None:
        """Send for a moment what still waits, then let go. The rest is on disk and is sent by the next process."""
        if self._open is not None:
            outbox, self._open = self._open, None
            await in_a_thread(_finish, outbox, self._let_go)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def _outbox(self) -> Outbox:
        if self._open is None:
            raise Closed("This memory was closed. Open it again before using it.")
        return self._open

    async def _take_back(self, ids: Mapping[str, str]) -> None:
        """Take out what was said with all of these ids and is not sent yet; wait for what is just being sent."""
        withdrawn = await asyncio.wrap_future(self._outbox.withdraw(lambda entry: belongs_to(entry.payload, ids)))
        while withdrawn & self._outbox.sending:  # noqa: ASYNC110 - rare, and it ends with the request's deadline
            await asyncio.sleep(_POLL)


def _finish(outbox: Outbox, let_go: Callable[[], None]) -> None:
    outbox.flush(_LAST_SENDING)
    let_go()
