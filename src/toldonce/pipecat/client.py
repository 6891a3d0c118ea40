"""Asking and telling a memory, whatever kind of client it is: the engine, a host, Mem0's library, or somebody's own."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from loguru import logger

from toldonce.errors import ToldonceError

from .block import Hit
from .writer import Ids

_MORE = 3
"""So many times the memories of a block are looked up on this machine: some may stand in the prompt already."""


class MemoryClient:
    """One memory. What it cannot do is left out: ``search`` and ``add`` are enough."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def use(self, client: Any) -> None:
        """Use another client from now on."""
        self.__dict__.clear()  # what was found out about the one before
        self.client = client

    @cached_property
    def embedded(self) -> bool:
        """Whether it is the engine in this process. It stores calls in the order in which they begin."""
        from toldonce.memory import AsyncMemory

        return isinstance(self.client, AsyncMemory)

    @cached_property
    def leans(self) -> bool:
        """Whether it understands the turns that a follow-up leans on."""
        return "context" in inspect.signature(self.client.search).parameters

    @property
    def lookups_a_turn(self) -> int | None:
        """The most lookups that a turn should ask of it; None: they cost nothing."""
        most: int | None = getattr(self.client, "lookups_a_turn", None)
        return most

    @property
    def edits(self) -> int | None:
        """How many edits it has seen; None if it does not count them."""
        edits: int | None = getattr(self.client, "edits", None)
        return edits

    @property
    def kept_at(self) -> Hashable:
        """Where it keeps what it is told: one folder, or one account of a host, may be open several times."""
        for place in ("folder", "account"):
            with suppress(AttributeError, ToldonceError):
                where: Hashable = getattr(self.client, place)
                return where
        return id(self.client)

    async def search(
        self,
        query: str,
        filters: Mapping[str, Any],
        *,
        limit: int,
        threshold: float,
        turns: Sequence[Mapping[str, str]] = (),
    ) -> list[dict[str, Any]]:
        """What answers a query. ``turns``: what it leans on, oldest first, for a memory that understands it."""
        context = {"context": list(turns)} if turns and self.leans else {}
        answer = await call(
            self.client.search, query=query, filters=filters, top_k=limit, threshold=threshold, **context
        )
        return results_of(answer)

    def for_a_block_of(self, limit: int) -> int:
        """How many memories are looked up for a block of so many."""
        return limit * (_MORE if self.embedded else 1)

    async def every(self, filters: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
        """The memories that a filter admits, ``most`` at most where the memory counts."""
        options = {"top_k": most} if takes(self.client.get_all, "top_k") else {}
        return results_of(await call(self.client.get_all, filters=filters, **options))

    async def facts(self, ids: Ids, *, history: bool = False) -> Sequence[Mapping[str, Any]]:
        """What the user plainly stated, as ``Memory.facts`` returns it; nothing if this memory reads no facts."""
        facts = getattr(self.client, "facts", None)
        if facts is None or "user_id" not in ids:
            return ()
        return results_of(await call(facts, user_id=ids["user_id"], history=history))

    async def add(
        self,
        messages: Sequence[Mapping[str, Any]],
        ids: Ids,
        metadata: Mapping[str, Any],
        *,
        conversation_id: str | None = None,
        verbatim: bool = False,
    ) -> None:
        """Store messages. ``verbatim``: word for word, each by itself."""
        options: dict[str, Any] = {}
        if conversation_id is not None and takes(self.client.add, "conversation_id"):
            options["conversation_id"] = conversation_id
        if verbatim and takes(self.client.add, "infer"):
            options["infer"] = False
        await call(self.client.add, messages=list(messages), metadata=dict(metadata), **options, **ids)

    async def delete(self, memory_id: str) -> None:
        """Delete a memory."""
        await call(self.client.delete, memory_id=memory_id)

    async def journal(self, ids: Ids, latest: int) -> Sequence[Mapping[str, Any]] | None:
        """The latest messages of these ids; None if it keeps no journal."""
        messages = getattr(self.client, "messages", None)
        if messages is None:
            return None
        options = {"latest": latest} if takes(messages, "latest") else {}
        found: Sequence[Mapping[str, Any]] = await call(messages, **options, **ids)
        return found

    async def still_there(self, hits: Sequence[Hit], deadline: float) -> list[Hit]:
        """The memories as they are now, without those deleted since. Who cannot tell, or not soon, is trusted.

        ``deadline``: as the loop's clock has it.
        """
        get = getattr(self.client, "get", None)
        if get is None:
            return list(hits)

        async def now(hit: Hit) -> Hit | None:
            if hit.get("id") is None:
                return hit
            try:
                known = await call(get, memory_id=hit["id"])
            except ValueError:  # No such memory.
                return None
            if known is None or known.get("memory") == hit.get("memory"):
                return known and hit
            return {**{key: value for key, value in hit.items() if key != "passage"}, "memory": known.get("memory")}

        try:
            async with asyncio.timeout_at(deadline):
                found = await asyncio.gather(*map(now, hits))
        except Exception as error:  # Late, or failed: as above.
            logger.debug(f"Memories could not be checked: {error!r}")
            return list(hits)
        return [hit for hit in found if hit is not None]

    async def warm(self, ids: Ids) -> None:
        """Load what is known of these ids ahead of the first turn."""
        warm = getattr(self.client, "warm", None)
        if warm is not None and ids:
            await call(warm, **ids)


async def call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Call a method of a memory client. One that blocks runs in a thread of its own, which never delays the process."""
    if inspect.iscoroutinefunction(method):
        return await method(**arguments)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            set_it(value)

    def work() -> None:
        try:
            value, set_it = method(**arguments), done.set_result
        except Exception as error:  # Raised again where it is awaited.
            value, set_it = error, done.set_exception
        try:
            loop.call_soon_threadsafe(settle, set_it, value)
        except RuntimeError:  # The loop was closed meanwhile: nobody waits any more.
            return

    threading.Thread(target=work, name="toldonce-client", daemon=True).start()
    answer = await done
    return await answer if inspect.isawaitable(answer) else answer


def takes(method: Callable[..., Any], name: str) -> bool:
    """Whether a client's method has a parameter of this name, or takes any."""
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):
        return False
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def results_of(answer: Any) -> list[dict[str, Any]]:
    """The memories in an answer: Mem0's ``{"results": [...]}``, or a bare list as older clients give it."""
    found = answer.get("results", []) if isinstance(answer, Mapping) else answer
    return list(found or [])
