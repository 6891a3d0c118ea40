"""Things of which a process has one: opened by the first who wants it, closed when the last lets go."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """Something that is closed once."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


class RefCounted(Generic[T]):
    """Counts who uses what, by key. A forked child counts for itself.

    Opening waits for a closing under way: what locks its files bears no second one beside it.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, Hashable], tuple[T, int]] = {}
        self._guard = threading.Lock()

    def open(
        self, key: Hashable, make: Callable[[], T], check: Callable[[T], None] | None = None
    ) -> tuple[T, Callable[[], None]]:
        """The thing of this key, made if nobody has it open, and the call that lets go of it.

        ``check`` may refuse one that is open already, by raising.
        """
        place = (os.getpid(), key)
        with self._guard:
            if place in self._open:
                thing, users = self._open[place]
                if check is not None:
                    check(thing)
            else:
                thing, users = make(), 0
            self._open[place] = (thing, users + 1)

        def let_go() -> None:
            with self._guard:
                thing, users = self._open.pop(place)
                if users > 1:
                    self._open[place] = (thing, users - 1)
                    return
                thing.close()

        return thing, let_go
