"""Blocking work off an event loop, in a thread of its own: never the loop's default pool, which others need."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


async def in_a_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Run ``work`` and wait for it. If the caller is cancelled, it still runs to its end."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work(*arguments))
        except BaseException as error:  # Raised again where it is awaited.
            done.set_exception(error)

    threading.Thread(target=run, name="toldonce-remote", daemon=True).start()
    return await asyncio.shield(asyncio.wrap_future(done))
