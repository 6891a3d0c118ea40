"""Threads that everybody shares, in which nobody waits for all that somebody else has to do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol, TypeVar

from toldonce.errors import Closed
from toldonce.fair import FairQueue

T = TypeVar("T")


class Submits(Protocol):
    """What runs calls elsewhere: a pool of ours or of ``concurrent.futures``."""

    def submit(self, work: Callable[..., T], /, *arguments: Any) -> Future[T]: ...


class FairPool:
    """At most so many daemon threads, started as they are needed. Projects take turns, and so do owners within them.

    The threads of ``concurrent.futures`` are joined when the interpreter ends, however long that takes. These end with
    the process.
    """

    def __init__(
        self,
        most: int,
        name: str,
        *,
        of_one: int | None = None,
        work: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """
        Args:
            of_one: Threads that work for the same project at most, so that another finds one free; None: all.
            work: What its work is, quick or long (see ``priority``), or neither.
        """
        self._most = most
        self._of_one = of_one or most
        self._name = name
        self._kind = work
        self._changed = threading.Condition()
        self._waiting: FairQueue[_Call] = FairQueue()
        self._under_way: Counter[str] = Counter()
        """Threads by project."""
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def submit(self, work: Callable[..., T], /, *arguments: Any) -> Future[T]:
        """The future of a call that is nobody's in particular. Raises ``Closed`` after ``shutdown``."""
        return self._put("", None, lambda: work(*arguments))

    def of(self, project: str, owner: Hashable = None) -> Submits:
        """This pool for calls of a project, and of one of its owners where those are to take turns too."""
        return _Turn(self, project, owner)

    def _put(self, project: str, owner: Hashable, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise Closed("This memory was closed. Open it again before using it.")
            self._waiting.put(project, owner, [_Call(project, future, work)])
            if len(self._waiting) > self._idle and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=f"{self._name}_{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return future

    def shutdown(self, seconds: float | None) -> None:
        """Call off what was not begun, and wait so long at most for what was; None: carry out everything."""
        with self._changed:
            self._closed = True
            left = [] if seconds is None else self._waiting.clear()
            self._changed.notify_all()
        for call in left:
            call.future.cancel()
            call.future.set_running_or_notify_cancel()
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (call := self._next()) is not None:
            project, future, work = call
            if future.set_running_or_notify_cancel():
                try:
                    with self._kind():
                        result = work()
                except BaseException as error:  # it belongs to whoever waits for the call
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            del call, future, work  # nothing of a call stays until the next
            with self._changed:
                self._under_way[project] -= 1
                if not self._under_way[project]:
                    del self._under_way[project]

    def _next(self) -> _Call | None:
        """Wait for a call; None: there will be none any more."""
        with self._changed:
            self._idle += 1
            try:
                while True:
                    full = {project for project, threads in self._under_way.items() if threads >= self._of_one}
                    if taken := self._waiting.take(1, passed_over=full):
                        self._under_way[taken[0].project] += 1
                        return taken[0]
                    if self._closed and not self._waiting:
                        self._changed.notify_all()
                        return None
                    self._changed.wait()
            finally:
                self._idle -= 1


class _Call(NamedTuple):
    project: str
    future: Future[Any]
    work: Callable[[], Any]


class _Turn(NamedTuple):
    """A pool as one project uses it."""

    pool: FairPool
    project: str
    owner: Hashable

    def submit(self, work: Callable[..., T], /, *arguments: Any) -> Future[T]:
        return self.pool._put(self.project, self.owner, lambda: work(*arguments))
