"""What a session gets from Pipecat, and how the methods that subclasses override get their say."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loguru import logger

from .block import Hit
from .capture import Context
from .compat import ERROR_OPTIONS
from .writer import Entry

if TYPE_CHECKING:
    from .service import MemoryService


class PipecatFramework:
    """The ``Framework`` of a session: the tasks and errors of one processor, and the methods of Mem0's service.

    ``_retrieve_memories``, ``_store_messages`` and ``_enhance_context_with_memories`` mean what they mean upstream: a
    subclass that overrides one decides of everything that is looked up, stored or shown.
    """

    def __init__(self, service: MemoryService) -> None:
        self._service = service
        self._handed: dict[int, Entry] = {}
        """Messages handed to an overridden ``_store_messages``, by id, and what they are."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run work in the background of the pipeline."""
        return self._service.create_task(work, f"{self._service}::{name}")

    async def report(self, what: str, error: Exception) -> None:
        """Tell the application of an error, as an ``ErrorFrame`` that is not permanent."""
        reason = str(error) or type(error).__name__
        await self._service.push_error(f"Memory: {what} failed: {reason}", exception=error, **ERROR_OPTIONS)

    async def retrieve(self, query: str) -> Sequence[Hit]:
        """Look up, or let a subclass do it."""
        if self._overrides("_retrieve_memories"):
            return await self._service._retrieve_memories(query)
        return await self._service.session.recall.look_up(query)

    async def store(self, entries: Sequence[Entry]) -> None:
        """Store, or let a subclass say what of it is stored."""
        if not self._overrides("_store_messages"):
            await self._service.session.send(entries)
            return
        messages = [{"role": entry.role, "content": entry.text} for entry in entries]
        handed = {id(message): entry for message, entry in zip(messages, entries, strict=True)}
        self._handed.update(handed)
        try:
            await self._service._store_messages(messages)
        finally:
            for key in handed:
                del self._handed[key]

    async def store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Store what a subclass was handed as what was said, and other messages outside any conversation."""
        session = self._service.session
        handed = [self._handed[id(message)] for message in messages if id(message) in self._handed]
        if handed:
            await session.send(handed)
        others = [dict(message) for message in messages if id(message) not in self._handed]
        if not others:
            return
        try:
            await session.client.add(others, session.identity.ids or {}, {"platform": "pipecat"})
        except Exception as error:  # As upstream: whoever calls this directly hears of it in the log.
            logger.error(f"Messages could not be stored: {error!r}")

    async def enhance(self, context: Context, query: str) -> None:
        """Recall for a turn, or let a subclass do it."""
        await self._service._enhance_context_with_memories(context, query)

    def _overrides(self, name: str) -> bool:
        from .service import MemoryService

        return getattr(type(self._service), name) is not getattr(MemoryService, name)
