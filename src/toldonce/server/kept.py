"""What anybody may ask for as often as they like: worked out by one at a time, and kept for a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """An answer that many may ask for at once. For one event loop."""

    def __init__(self, seconds: float, make: Callable[[], Awaitable[T]]) -> None:
        """``seconds``: for which an answer is given again."""
        self._seconds = seconds
        self._make = make
        self._making = asyncio.Lock()
        self._made: tuple[float, T] | None = None

    async def get(self) -> T:
        """The answer; what ``make`` raises is raised and not kept."""
        async with self._making:
            if self._made is None or time.monotonic() - self._made[0] > self._seconds:
                made = await self._make()
                self._made = time.monotonic(), made
            return self._made[1]
