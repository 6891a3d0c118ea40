"""Whether searches can be answered, and if not, why: in words that name neither folders nor hosts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from toldonce.engine import Engine
from toldonce.engine.loops import run_in
from toldonce.engine.threads import Submits
from toldonce.errors import ToldonceError

_LOG = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds in which the store and the embedder must answer."""
_KEPT = 5.0
"""Seconds for which what the embedder did last is believed: it may be a service that counts calls."""


class Readiness:
    """Asks the parts that a search needs. Call from one event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._embedder: tuple[float, str | None] | None = None
        self._asking = asyncio.Lock()
        self._logged: dict[str, str] = {}
        """What is wrong with a part, as the log says already."""

    async def problems(self) -> list[str]:
        """What is wrong, a sentence each."""
        found = [await self._try("The memory", self._read, self._engine.working), await self._embedder_problem()]
        return [problem for problem in found if problem is not None]

    async def _embedder_problem(self) -> str | None:
        async with self._asking:
            if self._embedder is None or time.monotonic() - self._embedder[0] > _KEPT:
                problem = await self._try("The embedder", self._engine.probe_embedder, self._engine.embedding)
                self._embedder = time.monotonic(), problem
            return self._embedder[1]

    async def _try(self, what: str, ask: Callable[[], object], threads: Submits) -> str | None:
        try:
            async with asyncio.timeout(WITHIN):
                await run_in(threads, ask)
        except TimeoutError:
            return f"{what} does not answer within {WITHIN:g} seconds."
        except ToldonceError as error:
            if self._logged.get(what) != str(error):  # probes come every few seconds
                _LOG.warning("Not ready: %s", error)
            self._logged[what] = str(error)
            return f"{what} cannot be used ({type(error).__name__}); the server's log says why."
        self._logged.pop(what, None)
        return None

    def _read(self) -> None:
        with self._engine.store.read() as store:
            store.feed.newest()
