"""Things of which a process has one: opened by the first who wants it, closed when the last lets go."""

from __future__ import annotations

import logging
import os
import queue
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

_LOG = logging.getLogger(__name__)
_PATIENCE = 5.0
"""Seconds that the end of the process waits for somebody who is opening or closing something."""


class Closable(Protocol):
    """Something that is closed once."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


class RefCounted(Generic[T]):
    """Counts who uses what, by key. A forked child counts for itself, and closes nothing of its parent's.

    Opening waits for a closing under way: what locks its files bears no second one beside it.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, Hashable], tuple[T, int]] = {}
        self._guard = threading.Lock()
        _ALL.add(self)

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
            if place[0] != os.getpid():
                return
            with self._guard:
                thing, users = self._open.pop(place, (None, 0))
                if thing is None:  # the process is ending, and all was closed
                    return
                if users > 1:
                    self._open[place] = (thing, users - 1)
                    return
                thing.close()

        return thing, let_go

    def close_all(self) -> None:
        """Close what this process has open: it is ending."""
        if not self._guard.acquire(timeout=_PATIENCE):
            return
        try:
            for place in [place for place in self._open if place[0] == os.getpid()]:
                self._open.pop(place)[0].close()
        finally:
            self._guard.release()

    def renew_guard(self) -> None:
        """In a forked child: a thread that it has not may have held the guard."""
        self._guard = threading.Lock()


_ALL: weakref.WeakSet[RefCounted[Any]] = weakref.WeakSet()


class _Dropped:
    """A thread that lets go for those who were dropped without being closed; it ends with the last of them.

    The collector may drop something in any thread and in the middle of anything, even of closing: it only leaves word,
    in a queue that bears this.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Watch nobody. A forked child does not close what its parent has open."""
        self._lock = threading.Lock()
        self._word: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._watched = 0

    def watch(self, holder: object, let_go: Callable[[], None]) -> Callable[[], None]:
        """Have ``let_go`` called once ``holder`` is dropped. Returns the call to make instead when it is closed."""
        word = self._word  # a forked child has another, in which this holder counts for nothing
        dropped = weakref.finalize(holder, word.put, let_go)
        dropped.atexit = False
        with self._lock:
            self._watched += 1
            if self._watched == 1:
                threading.Thread(target=self._run, args=(word,), name="toldonce-closer", daemon=True).start()

        def close() -> None:
            if dropped.detach() is not None:
                word.put(None)
                let_go()

        return close

    def _run(self, word: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while True:
            let_go = word.get()
            try:
                if let_go is not None:
                    let_go()
            except Exception:
                _LOG.exception("A memory that was dropped could not be closed")
            with self._lock:
                self._watched -= 1
                if not self._watched:
                    return


DROPPED = _Dropped()


def _in_child() -> None:
    for counted in list(_ALL):
        counted.renew_guard()
    DROPPED.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
