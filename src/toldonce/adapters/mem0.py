"""Mem0's own engine behind the verbs of ``AsyncMemory``, for a ``local_config`` with providers that only it runs.

It blocks, so each call has a thread of its own. What is said goes through an outbox, as to a host: a model that is away
loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from toldonce.adapters.mem0_config import fingerprint, place_of, require_mem0, vector_store
from toldonce.adapters.mem0_store import silence
from toldonce.config import default_folder
from toldonce.engine.refcounted import RefCounted
from toldonce.engine.requests import MOST_RESULTS, read_filters, read_limit, scope_of, search_request
from toldonce.errors import (
    AuthenticationFailed,
    InvalidFilter,
    MemoryNotFound,
    RateLimited,
    Rejected,
    Unreachable,
    Unsupported,
)
from toldonce.filters import named_users
from toldonce.remote.outbox import Deliver, Entry
from toldonce.remote.outbox.renaming import take_over
from toldonce.remote.outbox.states import FOLDER
from toldonce.remote.payload import ids_of, unpack
from toldonce.remote.queued_memory import QueuedMemory
from toldonce.remote.row_guard import Row, for_users, own_rows
from toldonce.remote.threads import in_a_thread
from toldonce.times import iso

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_DEADLINE = 60.0
"""Seconds. An embedder that was just started may load a model."""

_NOBODYS = {"NOT": [{"user_id": "*"}]}
_OVERFETCH = 4
"""So many more are asked for where rows of users must be taken out afterwards."""


class Mem0Memory(QueuedMemory):
    """A memory that Mem0's library keeps, with the configuration of its ``Memory.from_config``.

    Raises:
        MissingExtra: packages it needs are not installed.
        InvalidConfig: a key that it needs is not there.
        StoreError: the outbox cannot be used.
    """

    lookups_a_turn = 4
    """Each embeds its query, which is most often somebody's service."""

    def __init__(self, config: Mapping[str, Any], *, folder: str | os.PathLike[str] | None = None) -> None:
        require_mem0(config)
        self._engine, self._release = _engine(config)
        data = default_folder() if folder is None else Path(folder)
        store = vector_store(config)
        path = data / FOLDER / f"mem0-{store}-{place_of(config)}.db"
        # Until a rotated key parted an outbox from its store, its name depended on the whole configuration.
        take_over(data / FOLDER / f"mem0-{store}-{fingerprint(config)}.db", path)
        super().__init__(path, partial(_delivery, config), f"Mem0's library, {store}")

    async def warm(self, *, user_id: str | None = None, agent_id: str | None = None, **_: Any) -> int:
        """Load the library and search once, ahead of the first turn."""
        ids = ids_of(scope_of(user_id, agent_id, None, None))
        await self._ask(lambda mem0: mem0.search("hello", filters=ids, top_k=1))
        return 0

    async def add(self, messages: Any, *, app_id: str | None = None, **options: Any) -> dict[str, Any]:
        """Remember what was said; see ``QueuedMemory.add``."""
        if app_id is not None:
            raise Unsupported("Mem0's library knows no app_id. Leave it out, or put it into metadata.")
        return await super().add(messages, **options)

    async def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = 0.1,
        **options: Any,
    ) -> dict[str, list[Row]]:
        """Recall what answers a query, best first."""
        flat, tree = _flat(filters)
        request = search_request(query, flat, options.pop("limit", top_k), threshold, None)
        most = request.limit if named_users(tree) else min(_OVERFETCH * request.limit, MOST_RESULTS)
        found = await self._ask(
            lambda mem0: mem0.search(request.query, filters=flat, top_k=most, threshold=request.threshold, **options)
        )
        self._outbox.nudge()
        return {"results": own_rows(found["results"], tree, "Mem0's library")[: request.limit]}

    async def get_all(
        self, *, filters: Mapping[str, Any] | None = None, top_k: int = 20, **options: Any
    ) -> dict[str, list[Row]]:
        """The memories a filter admits, as the library orders them."""
        flat, tree = _flat(filters)
        limit = read_limit(options.pop("limit", top_k), "top_k")
        most = limit if named_users(tree) else min(_OVERFETCH * limit, MOST_RESULTS)
        found = await self._ask(lambda mem0: mem0.get_all(filters=flat, top_k=most, **options))
        return {"results": own_rows(found["results"], tree, "Mem0's library")[:limit]}

    async def delete(self, memory_id: str) -> dict[str, Any]:
        """Delete a memory. Raises ``MemoryNotFound``."""

        def delete(mem0: Any) -> dict[str, Any]:
            if mem0.get(memory_id) is None:
                raise MemoryNotFound(f"No memory has the id {memory_id!r}.")
            return dict(mem0.delete(memory_id))

        return await self._ask(delete)

    async def delete_all(
        self, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> dict[str, Any]:
        """Delete the memories that carry all of the given ids, and what was said of them and is not stored yet."""
        ids = ids_of(scope_of(user_id, agent_id, None, run_id))
        await self._take_back(ids)
        return await self._ask(lambda mem0: dict(mem0.delete_all(**ids)))

    async def close(self) -> None:
        """Store for a moment what still waits, then let go."""
        if self._open is not None:
            await super().close()
            await in_a_thread(self._release)

    async def _ask(self, work: Callable[[Any], T]) -> T:
        _ = self._outbox  # raises where this was closed
        try:
            async with asyncio.timeout(_DEADLINE):
                return await in_a_thread(self._engine.run, work)
        except TimeoutError as error:
            raise Unreachable(f"Mem0's library did not answer within {_DEADLINE:g} s.") from error


class _Engine:
    """One ``mem0.Memory``, loaded when it is first needed.

    Searches do not wait behind adds, which ask models for seconds; only the vector store, which is seldom made for
    several threads, serves one at a time.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = deepcopy(dict(config))
        self._loading = threading.Lock()
        self._memory: Any = None

    def run(self, work: Callable[[Any], T]) -> T:
        """Do something with the memory, in the calling thread."""
        with self._loading:
            if self._memory is None:
                self._memory = load_library(self._config)
        return work(self._memory)

    def close(self) -> None:
        """Let go of the library's files and connections."""
        with self._loading:
            memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()


_ENGINES: RefCounted[_Engine] = RefCounted()


def _engine(config: Mapping[str, Any]) -> tuple[_Engine, Callable[[], None]]:
    """The engine of a configuration, shared in this process (most local stores bear no second one), and its release."""
    return _ENGINES.open(fingerprint(config), lambda: _Engine(config))


def load_library(config: dict[str, Any]) -> Any:
    """Mem0's ``Memory``, silent, for several threads. Takes seconds."""
    silent = silence()
    from mem0 import Memory

    for name in ("mem0.memory.telemetry", "mem0.memory.main"):
        if silent:  # for an application that had imported it before
            import_module(name).MEM0_TELEMETRY = False  # type: ignore[attr-defined]

    turn = threading.RLock()

    class OneAtATime(Memory):  # type: ignore[misc]  # mem0 has no types
        @property
        def entity_store(self) -> Any:
            with turn:
                return _Queued(super().entity_store, turn)

    memory = OneAtATime.from_config(config)
    memory.vector_store = _Queued(memory.vector_store, turn)
    return memory


class _Queued:
    """Something whose methods run one at a time."""

    def __init__(self, inner: Any, turn: threading.RLock) -> None:
        self._inner = inner
        self._turn = turn

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def queued(*arguments: Any, **options: Any) -> Any:
            with self._turn:
                return found(*arguments, **options)

        return queued


@asynccontextmanager
async def _delivery(config: Mapping[str, Any]) -> AsyncIterator[Deliver]:
    """What hands entries of the outbox to the library, one at a time."""
    engine, release = _engine(config)
    turn = asyncio.Lock()

    async def deliver(entry: Entry) -> None:
        async with turn:
            await in_a_thread(engine.run, partial(_add, entry))

    try:
        yield deliver
    finally:
        release()


def _add(entry: Entry, mem0: Any) -> None:
    messages, options, _ = unpack(entry.payload)
    said_at = int(options.pop("timestamp")) * 1_000_000
    options["metadata"] = {"created_at": iso(said_at)} | options.get("metadata", {})
    try:
        mem0.add(messages, **options)
    except Exception as error:
        raise _ours(error) from error


def _ours(error: BaseException) -> BaseException:
    """An error of the library, or of what it stands on, as the outbox judges errors."""
    names = set()
    cause: BaseException | None = error
    while cause is not None:
        names |= {kind.__name__ for kind in type(cause).__mro__}
        cause = cause.__cause__
    said = f"Mem0's library: {error}"
    if names & {"AuthenticationError", "PermissionDeniedError"}:
        return AuthenticationFailed(said)
    if "RateLimitError" in names:
        return RateLimited(said)
    if names & {"APIConnectionError", "ConnectError", "ConnectionError", "TimeoutException", "NetworkError"}:
        return Unreachable(said, unsure=True)
    if names & {"ValueError", "BadRequestError", "ValidationError"}:
        return Rejected(said)
    return error


def _flat(filters: Mapping[str, Any] | None) -> tuple[dict[str, Any], Any]:
    """Filters as the library reads them, ids at the top, and the tree that rows are checked against."""
    read_filters(filters)
    asked = for_users(filters or {})
    tree = read_filters(asked)
    parts = asked["AND"] if set(asked) == {"AND"} else [asked]
    flat: dict[str, Any] = {}
    for part in parts:
        if part == _NOBODYS:  # no store of Mem0's knows it; rows of users are taken out afterwards
            continue
        for key, value in part.items():
            if flat.get(key, value) != value:
                raise InvalidFilter(f"Mem0's library cannot ask for two values of {key!r} at once.")
            flat[key] = value
    if not any(isinstance(flat.get(key), str) for key in ("user_id", "agent_id", "run_id")):
        raise InvalidFilter("Mem0's library needs a plain user_id, agent_id or run_id at the top of its filters.")
    return flat, tree
