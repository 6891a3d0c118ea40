"""The memory of a simulated call: the real one in a folder, as such or behind a host that is slow, hangs or fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, TypeAlias

from toldonce.errors import StoreError
from toldonce.memory import AsyncMemory
from toldonce.pipecat.breaker import FIRST_REST

from .ledger import Ledger, Lookup

Mood: TypeAlias = Literal["well", "slow", "hangs", "fails", "loses answers"]

RECOVERY = 1.3
"""Seconds in which a service that has left an ill host alone asks it again: the breaker's rest, and a little."""


def users_of(filters: object) -> list[str]:
    """Every user that a filter names, wherever it does."""
    if isinstance(filters, Mapping):
        named = filters.get("user_id")
        own = [named] if isinstance(named, str) and named != "*" else []
        return own + [user for key, part in filters.items() if key != "NOT" for user in users_of(part)]
    return [user for part in filters for user in users_of(part)] if isinstance(filters, list) else []


class RecordedMemory(AsyncMemory):
    """The embedded memory of one line, and a record of what it is asked."""

    ledger: Ledger
    line: int

    async def search(self, query: str, **options: Any) -> dict[str, Any]:
        record(self.ledger, self.line, query, options)
        return await super().search(query, **options)


class Health:
    """How a host feels, for all who are connected to it."""

    def __init__(self, ledger: Ledger, rng: random.Random) -> None:
        self.ledger = ledger
        self._rng = rng
        self._since = 0.0
        self._healed = asyncio.Event()
        self._mood: Mood = "well"
        self.recovery = RECOVERY

    def ail(self, mood: Mood) -> None:
        """Be slow, hang or fail until ``heal``."""
        if self._mood == "well":
            self._since = asyncio.get_running_loop().time()
            self.ledger.troubled.append((self._since, float("inf")))
            self._healed.clear()
        self._mood = mood

    def heal(self) -> None:
        """Answer again. Calls that hang go on or fail."""
        if self._mood != "well":
            now = self.ledger.healed = asyncio.get_running_loop().time()
            ill_for = now - self._since  # On a busy machine longer than was meant: each probe in it doubles the rest.
            self.recovery = RECOVERY if ill_for < FIRST_REST else RECOVERY + 2 * ill_for
            self.ledger.troubled[-1] = (self._since, now + self.recovery)
            self._mood = "well"
        self._healed.set()

    async def suffer(self) -> None:
        """Before a call is carried out."""
        await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.002, 0.01)))
        if self._mood == "slow":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._healed.wait(), self._rng.uniform(0.03, 0.25))
        elif self._mood == "hangs":
            await self._healed.wait()
            if self._rng.random() < 0.5:
                raise StoreError("the host hung up")
        elif self._mood == "fails":
            raise StoreError("the host is down")

    def answer(self) -> None:
        """After a call was carried out."""
        if self._mood == "loses answers":
            raise StoreError("the connection was lost before the answer came")


class Host:
    """Memory somewhere else. It keeps what it acknowledged, and a call that failed may have been carried out."""

    def __init__(self, memory: AsyncMemory, line: int, health: Health) -> None:
        self._memory = memory
        self._line = line
        self._health = health

    async def search(self, query: str, *, context: Any = None, **options: Any) -> dict[str, Any]:
        """Search, as far as the mood lets it."""
        asked = record(self._health.ledger, self._line, query, options)
        await self._health.suffer()
        found = await self._memory.search(query, context=context, **options)
        self._health.answer()
        for lookup in asked:
            lookup.answered = asyncio.get_running_loop().time()
        return found

    async def add(self, messages: Any, *, conversation_id: str | None = None, **options: Any) -> dict[str, Any]:
        """Add, as far as the mood lets it."""
        await self._health.suffer()
        added = await self._memory.add(messages, conversation_id=conversation_id, **options)
        self._health.answer()
        return added

    async def get_all(self, **options: Any) -> dict[str, Any]:
        """List, as far as the mood lets it."""
        await self._health.suffer()
        return await self._memory.get_all(**options)

    async def get(self, memory_id: str) -> Any:
        """One memory, as far as the mood lets it."""
        await self._health.suffer()
        return await self._memory.get(memory_id)


def record(ledger: Ledger, line: int, query: str, options: Mapping[str, Any]) -> list[Lookup]:
    """Write a search into the ledger, once for each user it reaches."""
    now = asyncio.get_running_loop().time()
    asked = [Lookup(line, user, query, now) for user in users_of(options.get("filters"))]
    ledger.lookups += asked
    return asked
