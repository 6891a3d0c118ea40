"""Threads for calls that may never return: a pool that nobody has to wait for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from toldonce.errors import Closed

T = TypeVar("T")


class Submits(Protocol):
    """What runs calls elsewhere: a pool of ours or of ``concurrent.futures``."""

    def submit(self, work: Callable[..., T], /, *arguments: Any) -> Future[T]: ...


class DaemonPool:
    """At most so many daemon threads, started as they are needed.

    The threads of ``concurrent.futures`` are joined when the interpreter ends, however long that takes. These end with
    the process.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._free = 0
        """Threads without work less the calls that wait for one."""
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, work: Callable[..., T], /, *arguments: Any) -> Future[T]:
        """The future of a call. Raises ``Closed`` after ``shutdown``."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Closed("This memory was closed. Open it again before using it.")
            self._work.put((future, lambda: work(*arguments)))
            self._free -= 1
            if self._free < 0 and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name=f"{self._name}_{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                self._free += 1
                thread.start()
        return future

    def shutdown(self, seconds: float) -> None:
        """Call off what was not begun, and wait so long at most for what was."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        while not self._work.empty():
            left = self._work.get()
            if left is not None:
                left[0].cancel()
                left[0].set_running_or_notify_cancel()
        for _ in threads:
            self._work.put(None)
        until = time.monotonic() + seconds
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (given := self._work.get()) is not None:
            future, work = given
            if future.set_running_or_notify_cancel():
                try:
                    result = work()
                except BaseException as error:  # it belongs to whoever waits for the call
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            del given, future, work  # nothing of a call stays until the next
            with self._lock:
                self._free += 1
