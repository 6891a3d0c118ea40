"""What every route works with: the engine, and the one way in which anything is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from toldonce.caches import LRUCache
from toldonce.engine import Engine
from toldonce.engine.directory import owners_reached
from toldonce.engine.erasing import erase, go_on, order
from toldonce.engine.jobs import Worker
from toldonce.engine.listing import Page, takes_long
from toldonce.engine.loops import run_in, searched, until
from toldonce.engine.operations import CHANGED_AT_ONCE, Operations
from toldonce.engine.requests import SearchRequest
from toldonce.engine.search import Found, Search
from toldonce.engine.threads import FairPool, Submits
from toldonce.fair import Turn
from toldonce.filters import Filter, Not, parse_filters
from toldonce.filters.tree import all_of
from toldonce.priority import quick
from toldonce.remember import add, edit
from toldonce.remember.plan import AddRequest, owner_of
from toldonce.server import pages, retention, tenants
from toldonce.server.kept import Kept
from toldonce.server.keys import KeyHash
from toldonce.server.limits import WRONG_KEYS, Rates
from toldonce.server.metrics import Tally, expose
from toldonce.server.place import leave_place
from toldonce.server.readiness import Readiness
from toldonce.server.retention import Retention
from toldonce.server.scoping import is_long, runs_of
from toldonce.server.settings import Settings
from toldonce.server.webhooks import KIND, Deliverer, Fanout
from toldonce.stores.jobs import Job
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Call, RepeatedCall, Results
from toldonce.times import now
from toldonce.types import MemoryRecord
from toldonce.uids import new_uid

T = TypeVar("T")
P = TypeVar("P")

VECTOR_WAIT = 1.0
"""Seconds a large add waits for its vectors at most. Without them what was added is found by its words alone."""

METRICS_KEPT = 1.0
"""Seconds for which ``/metrics`` shows the same numbers: to read and to write them takes some milliseconds."""

EMPTYING = "empty-project"
"""The kind of job with which earlier versions emptied a deleted project."""

ERASED_WITHIN = 10.0
"""Seconds that deleting a project waits for those who read; if they go on, a thread finishes it."""

_MOST_RESULTS = 1_000
"""Memories an event names; a call that touched more names the first."""


@dataclass(slots=True)
class Done:
    """What a unit of work did."""

    answer: dict[str, Any] = field(default_factory=dict)
    """What the reply is made from. No words of memories: it is kept with the call."""
    results: Results = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    """Versions that wait for a vector."""


class Service:
    """One server's parts."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.hashes = KeyHash(engine.store)
        self.rates = Rates(settings.rate)
        self.failures = Rates(WRONG_KEYS)
        """Wrong keys by the address that sent them."""
        self.trusted: LRUCache[str, bool] = LRUCache(1_000)
        """Addresses that sent the bootstrap key."""
        self.tally = Tally()
        self._deliverer = Deliverer(engine.store, self.tally.deliveries, allow_private=settings.private_webhooks)
        self.handlers = {
            KIND: self._deliverer.deliver,
            retention.KIND: Retention(engine.store, settings.log_days).forget,
            EMPTYING: self._empty,
        }
        self.worker = Worker(engine.store, self.handlers, [Fanout()])
        self.readiness = Readiness(engine)
        self.metrics = Kept(METRICS_KEPT, self._metrics)
        self._small = FairPool(2, "toldonce-small", work=quick)
        self._planning = FairPool(1, "toldonce-plan")
        self.loaded: Future[object] = engine.embedding.submit(engine.embedder.embed_query, "")
        """Done when the model is in RAM: it is loaded while nobody waits for it."""

    def close(self) -> None:
        """Let go of the threads. Deliveries are broken off: they are made again when a server runs."""
        self.worker.stop()
        self._deliverer.stop()
        self.worker.close()
        self._small.shutdown(None)
        self._planning.shutdown(None)

    def note_use(self, key_id: str, at: int) -> None:
        """Remember when a key was last used; nobody waits for it."""
        self.engine.store.write(lambda store: store.serving.touch_key(key_id, at))

    async def read(self, question: Callable[[Read], T]) -> T:
        """Ask the store for something small, off the loop and never behind a listing."""
        return await run_in(self._small, lambda: self._ask(question))

    async def read_much(self, project: str, question: Callable[[Read], T], *, computes: bool = False) -> T:
        """Ask the store for something that may take a while. ``computes``: most of it is no reading."""
        threads = self.engine.computing if computes else self.engine.working
        return await run_in(threads.of(project), lambda: self._ask(question))

    async def plan(self, project: str, request: AddRequest) -> add.WorkedOut:
        """Find out what a long add changes, before its transaction."""
        threads = self.engine.computing if add.is_very_long(request) else self._planning
        turn = threads.of(project, owner_of(request.scope))
        return await run_in(turn, lambda: self._ask(lambda store: add.work_out(store, project, request)))

    async def _metrics(self) -> bytes:
        """What Prometheus is told."""
        return await run_in(self.engine.working, expose, self.engine, self.tally)

    async def work_out(self, project: str, answer: Callable[[], T]) -> T:
        """What takes a while to read or to put together: off the loop, one at a time for each project."""
        leave_place()
        return await run_in(self.engine.computing.of(project), answer)

    async def filter_of(self, project: str, filters: object, read: Callable[[], Filter]) -> Filter:
        """What ``read`` makes of these filters, off the loop if that takes long."""
        return await self.work_out(project, read) if is_long(filters) else read()

    async def search(self, project: str, asked: SearchRequest, show_expired: bool) -> Found:
        """Recall, in the engine's own threads."""
        return await searched(self.engine, Search(self.engine, project, asked, show_expired=show_expired), leave_place)

    async def listing(self, project: str, tree: Filter, show_expired: bool) -> list[tuple[int, MemoryRecord]]:
        """Every memory the filter admits, newest first."""

        def listing() -> list[tuple[int, MemoryRecord]]:
            return self.engine.listing(project, tree, now=now(), show_expired=show_expired)

        return await run_in(await self._threads_for(project, tree, every=True), listing)

    async def page(
        self, project: str, tree: Filter, asked: pages.Page, show_expired: bool, shown: Callable[[Page], T]
    ) -> T:
        """What is ``shown`` of a page of that list, which knows how long the list is: made off the loop too."""

        def page() -> T:
            found = self.engine.page(
                project, tree, limit=asked.size, offset=asked.start, now=now(), show_expired=show_expired
            )
            return shown(found)

        return await run_in(await self._threads_for(project, tree, every=False), page)

    async def _threads_for(self, project: str, tree: Filter, *, every: bool) -> Submits:
        """Where a list is made: all of it, or a page."""
        long = await self.read(lambda store: takes_long(store, owners_reached(store, project, tree), every=every))
        if long:
            leave_place()
        return (self.engine.computing if long else self.engine.working).of(project)

    async def latest_of(self, project: str, tree: Filter) -> Filter:
        """The filter without the memories that only state what another statement took the place of."""
        verbs = Operations(self.engine, project)
        gone = await run_in(self.engine.computing.of(project), verbs.superseded, tree)
        return all_of([tree, Not(parse_filters({"memory_ids": gone}, flat_metadata=False))]) if gone else tree

    async def change(
        self, project: str, request: Request, kind: str, work: Callable[[Write], Done], owner: Hashable = None
    ) -> Call:
        """Run one unit of work, and keep with it that it was done and whom to tell: one commit.

        ``owner``: of the memories, so that the owners of a project take turns.

        A request that carries the ``Idempotency-Key`` of an earlier one is not carried out again: the earlier call is
        returned. Raises 409 if the key belongs to another request.
        """
        repeat = await self._repeat_of(request)
        started = now()

        def transact(store: Write) -> tuple[Call, list[int]]:
            require_open(store, project)
            earlier = repeat.earlier(store, project)
            if earlier is not None:
                return earlier, []
            done = work(store)
            return repeat.keep(store, project, kind, done, started), done.stale

        turn = project, owner
        call, stale = await self._write_once(transact, lambda earlier: (earlier, []), repeat, turn)
        if call.results:
            self.worker.nudge()
        await self._follow_up(stale)
        return call

    async def _write_once(
        self, work: Callable[[Write], T], repeated: Callable[[Call], T], repeat: _Repeat, turn: Turn
    ) -> T:
        """Carry out work that keeps a call, unless a call with its key was committed while it was carried out."""
        try:
            return await asyncio.wrap_future(self.engine.store.write(work, turn))
        except RepeatedCall:
            earlier = await self.read(lambda store: repeat.earlier(store, turn[0]))
            if earlier is None:
                raise
            return repeated(earlier)

    async def change_in_parts(
        self,
        project: str,
        request: Request,
        kind: str,
        prepared: Callable[[], Awaitable[Sequence[Callable[[Write], Done]]]],
        whole: Callable[[Results], Done],
    ) -> Call:
        """Run what is ``prepared`` one by one, so that others get their turn, and keep ``whole`` of what was done.

        After an interruption, what was done is done; the call is resumed when it is made again.
        """
        repeat = await self._repeat_of(request)
        started = now()
        earlier = await self.read(lambda store: repeat.earlier(store, project))
        if earlier is not None:
            return earlier
        results: Results = []
        stale: list[int] = []
        for part in await prepared():

            def transact(store: Write, part: Callable[[Write], Done] = part) -> Done:
                require_open(store, project)
                return part(store)

            done = await asyncio.wrap_future(self.engine.store.write(transact, (project, None)))
            results += done.results
            stale += done.stale
            self.worker.nudge()

        def finish(store: Write) -> Call:
            return repeat.earlier(store, project) or repeat.keep(store, project, kind, whole(results), started)

        call = await self._write_once(finish, lambda earlier: earlier, repeat, (project, None))
        await self._follow_up(stale)
        return call

    async def delete(self, project: str, request: Request, tree: Filter) -> Call:
        """Delete what the filter admits.

        If the filter is limited to runs, memories that were said in others too only leave these.
        """

        async def prepared() -> Sequence[Callable[[Write], Done]]:
            listed, runs = await self.listing(project, tree, show_expired=True), runs_of(tree)
            return [partial(delete_memories, project=project, part=part, runs=runs) for part in in_parts(listed)]

        return await self.change_in_parts(
            project, request, "DELETE", prepared, lambda gone: Done({"count": len(gone)}, gone)
        )

    async def is_project(self, project: str, text: str) -> bool:
        """Whether this is the project's id or its name."""
        if text == project:
            return True
        found = await self.read(lambda store: tenants.find(store, text))
        return found is not None and found.id == project

    async def delete_project(self, project: str) -> None:
        """Close a project, so that nothing is written into it any more, and then erase it.

        Both are ordered in one commit: if this process dies, whoever opens the store next finishes it.
        """

        def close(store: Write) -> int:
            require_open(store, project)
            store.serving.delete_project(project, now())
            return order(store, project, "project", project, allow_return=True)

        number = await asyncio.wrap_future(self.engine.store.write(close, (project, None)))
        await run_in(self.engine.working.of(project), go_on, self.engine, number, ERASED_WITHIN)

    def _empty(self, job: Job) -> None:
        """Erase a project that an earlier version closed and did not get to empty."""
        project = job.payload["project"]
        erase(self.engine, project, "project", project, allow_return=True, within=ERASED_WITHIN)

    async def _repeat_of(self, request: Request) -> _Repeat:
        key = request.headers.get("idempotency-key")
        if key is None:
            return _Repeat(None, None)
        if not 0 < len(key) <= 255:
            raise HTTPException(400, "Idempotency-Key must have 1 to 255 characters.")
        what = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
        return _Repeat(key, self.hashes.digest(blake2b(what).hexdigest()))

    async def _follow_up(self, versions: Sequence[int]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(VECTOR_WAIT):
                await until([self.engine.follow_up(versions)])

    def _ask(self, question: Callable[[Read], T]) -> T:
        with self.engine.reading() as store:
            return question(store)


@dataclass(frozen=True, slots=True)
class _Repeat:
    """The Idempotency-Key of a request, and a keyed hash of the request."""

    key: str | None
    fingerprint: bytes | None

    def earlier(self, store: Read, project: str) -> Call | None:
        """The call that carried the key before. Raises 409 if it was another request."""
        if self.key is None:
            return None
        call = store.serving.call_with_key(project, self.key)
        if call is not None and call.fingerprint != self.fingerprint:
            raise HTTPException(409, "This Idempotency-Key was used for another request. Use a new one.")
        return call

    def keep(self, store: Write, project: str, kind: str, done: Done, started: int) -> Call:
        call = Call(
            new_uid(started),
            project,
            kind,
            done.results[:_MOST_RESULTS],
            done.answer,
            started,
            now(),
            self.key,
            self.fingerprint,
        )
        store.serving.keep_call(call)
        return call


def require_open(store: Read, project: str) -> None:
    """Raises 401 if the project was deleted: nothing is acknowledged into it."""
    if store.serving.project(project) is None:
        raise HTTPException(401, "The project of this API key was deleted.")


def in_parts(many: Sequence[P], at_once: int = CHANGED_AT_ONCE) -> list[Sequence[P]]:
    """As many at a time as one transaction takes."""
    return [many[start : start + at_once] for start in range(0, len(many), at_once)]


def delete_memories(
    store: Write, *, project: str, part: Sequence[tuple[int, MemoryRecord]], runs: frozenset[str] | None
) -> Done:
    """Delete these memories, or let them leave these runs; the results name those that are really gone."""
    at = now()
    if runs is None:
        stale = edit.delete(store, project, [memory_id for memory_id, _ in part], None, at)
    else:
        stale = []
        for run in sorted(runs):
            said_there = [memory_id for memory_id, record in part if run in record.run_ids]
            stale += edit.delete(store, project, said_there, run, at)
    left = store.records([memory_id for memory_id, _ in part])
    return Done(results=[(record.id, "DELETE") for i, record in part if i not in left], stale=stale)
