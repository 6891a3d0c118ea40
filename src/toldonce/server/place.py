"""A request's place among those that are carried out."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar


class Place:
    """Held until the request is answered, or until it waits where it costs others nothing."""

    def __init__(self, turn: asyncio.Semaphore) -> None:
        self._turn: asyncio.Semaphore | None = turn

    def leave(self) -> None:
        """Let another request have it."""
        if self._turn is not None:
            self._turn.release()
            self._turn = None


PLACE: ContextVar[Place | None] = ContextVar("toldonce_place", default=None)
"""Of the request that is being carried out."""


def leave_place() -> None:
    """This request is about to wait for what takes long, one at a time for each project: small ones need not."""
    place = PLACE.get()
    if place is not None:
        place.leave()
