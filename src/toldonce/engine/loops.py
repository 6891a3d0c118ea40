"""The engine's threads and futures, awaited from an event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from toldonce.engine import CATCH_UP, Engine
from toldonce.engine.operations import Operations
from toldonce.engine.search import Found, Search
from toldonce.engine.threads import Submits
from toldonce.remember import add
from toldonce.remember.plan import AddRequest

T = TypeVar("T")


async def run_in(threads: Submits, work: Callable[..., T], *arguments: Any) -> T:
    """The result of a call that one of these threads makes, in the context of the caller: a log says for whom."""
    return await asyncio.wrap_future(threads.submit(contextvars.copy_context().run, work, *arguments))


async def remembered(verbs: Operations, request: AddRequest) -> add.Added:
    """Add; a long request is worked out beside the loop."""
    if add.is_long(request):
        threads = verbs.engine.computing if add.is_very_long(request) else verbs.engine.working
        return await run_in(threads, verbs.add_now, request)
    return await asyncio.wrap_future(verbs.write_add(request))


async def until(futures: Iterable[Future[None]]) -> None:
    """Wait for work that others wait for too: who stops waiting takes nothing away from them."""
    loop = asyncio.get_running_loop()
    for future in futures:
        if not future.done():
            over = asyncio.Event()

            def tell(_: Future[None], over: asyncio.Event = over) -> None:
                with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
                    loop.call_soon_threadsafe(over.set)

            future.add_done_callback(tell)
            await over.wait()


async def searched(engine: Engine, search: Search, takes_long: Callable[[], object] = lambda: None) -> Found:
    """Run a search: ranking in the engine's one search thread, or beside it if that takes long, and waiting in none.

    ``takes_long`` is called before it goes on beside it.
    """
    while True:
        if search.large:
            takes_long()
        threads = engine.computing if search.large else engine.searching
        found = await run_in(threads.of(search.project), search.attempt)
        if found is not None:
            return found
        if search.texts:
            await run_in(engine.embedding.of(search.project), search.embed)
        elif search.owed and not search.waited:
            with suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP):
                    await until(search.owed)
            search.waited = True
