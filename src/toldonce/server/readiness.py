"""Whether searches can be answered, and if not, why: in words that name neither folders nor hosts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from toldonce.engine import Engine
from toldonce.engine.loops import run_in
from toldonce.engine.threads import Submits
from toldonce.errors import ToldonceError
from toldonce.server.kept import Kept
from toldonce.stores.protocol import Store

_LOG = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds in which the store and the embedder must answer."""
_EMBEDDER_KEPT = 5.0
"""Seconds for which what the embedder did last is believed: it may be a service that counts calls."""
_STORE_KEPT = 1.0
"""The same of the store: whoever asks often must not fill the threads that wait for its lock."""
_LOCK_WITHIN = 2.0
"""Seconds in which other processes must let the server write; a commit takes milliseconds."""


class Readiness:
    """Asks the parts that a search or an add needs. Call from one event loop."""

    def __init__(self, engine: Engine) -> None:
        store = _Part("The memory", lambda: _use(engine.store), engine.working)
        embedder = _Part("The embedder", engine.probe_embedder, engine.embedding)
        self._parts = [Kept(_STORE_KEPT, store.problem), Kept(_EMBEDDER_KEPT, embedder.problem)]

    async def problems(self) -> list[str]:
        """What is wrong, a sentence each."""
        return [problem for part in self._parts if (problem := await part.get()) is not None]


class _Part:
    """Something that must work."""

    def __init__(self, name: str, ask: Callable[[], object], threads: Submits) -> None:
        self._name = name
        self._ask = ask
        self._threads = threads
        self._logged: str | None = None
        """What is wrong, as the log says already."""

    async def problem(self) -> str | None:
        """A sentence, or None if it works."""
        try:
            async with asyncio.timeout(WITHIN):
                await run_in(self._threads, self._ask)
        except TimeoutError:
            return f"{self._name} does not answer within {WITHIN:g} seconds."
        except ToldonceError as error:
            if self._logged != str(error):  # probes come every few seconds
                _LOG.warning("Not ready: %s", error)
            self._logged = str(error)
            return f"{self._name} cannot be used ({type(error).__name__}); the server's log says why."
        self._logged = None
        return None


def _use(store: Store) -> None:
    with store.read() as read:
        read.feed.newest()
    store.check(_LOCK_WITHIN)
