"""What every store over SQL has: a writer to whom all work goes, and what it keeps in RAM of what was shown."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from toldonce.caches import CacheRegistry, LRUCache
from toldonce.fair import ANYBODY, Turn
from toldonce.stores.protocol import Write
from toldonce.stores.sql.ids import SEQUENCE_BITS
from toldonce.stores.sql.read import Shown

T = TypeVar("T")

SHOWN = 2048
"""Records kept in RAM, the last ones shown."""
TRY_AGAIN = 0.05
"""Seconds between two looks at what is in the way of a purge."""


class Queue(Protocol):
    """Whoever writes. See ``Store.write``."""

    def submit(self, work: Callable[[Any], T], turn: Turn = ANYBODY) -> Future[T]: ...

    def write(self, work: Callable[[Any], T], turn: Turn = ANYBODY) -> T: ...

    @property
    def waiting(self) -> int: ...

    def close(self) -> None: ...


class SqlStore:
    """The part of ``Store`` that is the same for all of them."""

    _writer: Queue

    def __init__(self) -> None:
        self._process = os.getpid()
        self.caches = CacheRegistry()
        self._shown: Shown = LRUCache(SHOWN, owner_of=self.owner_of)
        self.caches.register(self._shown)

    def write(self, work: Callable[[Write], T], turn: Turn = ANYBODY) -> Future[T]:
        return self._writer.submit(work, turn)

    def write_now(self, work: Callable[[Write], T], turn: Turn = ANYBODY) -> T:
        return self._writer.write(work, turn)

    @property
    def writes_waiting(self) -> int:
        return self._writer.waiting

    def owner_of(self, row_id: int) -> int:
        return row_id >> SEQUENCE_BITS


def openers_behind(behind: Callable[[], list[str]], until: float) -> list[str]:
    """Who has the store open and has not let go of what was erased by then, each for people to read."""
    while names := behind():
        if time.monotonic() >= until:
            return [f"{name} has not dropped its caches" for name in names]
        time.sleep(TRY_AGAIN)
    return []
