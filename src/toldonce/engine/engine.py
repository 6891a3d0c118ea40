"""The engine: everything behind the verbs, once for each folder and process.

It is synchronous and knows no event loop: what takes part in it are threads and ``concurrent.futures``. ``Memory``
calls it in the caller's thread, ``AsyncMemory`` awaits its futures from any number of loops.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from toldonce.config import Config
from toldonce.embedders import Embedder, close
from toldonce.embedders.cache import CachedQueries
from toldonce.embedders.spec import EmbedderSpec, open_embedder
from toldonce.engine.filter_cache import FilterCache
from toldonce.engine.generation import Generation, current_generation, fingerprint, open_generation
from toldonce.engine.refcounted import RefCounted
from toldonce.errors import Closed, ToldonceError
from toldonce.filters import Filter, admits_user, candidate_owners, matches
from toldonce.filters.reduction import NOTHING, for_owner
from toldonce.filters.tree import EVERYTHING
from toldonce.index import IndexView
from toldonce.recall import Hit, Scored, analyse, fitting, hits, rank
from toldonce.remember.vectors import DONE, Vectoriser
from toldonce.stores.claim import FINGERPRINT, mismatch, parted
from toldonce.stores.protocol import Read, Store, Write
from toldonce.stores.sqlite import SqliteStore
from toldonce.times import today
from toldonce.types import EntityKind, IndexRow, MemoryRecord

T = TypeVar("T")

FEW = 16
"""Versions that are worth no wait."""
CATCH_UP = 1.0
"""Seconds a search waits at most for vectors under way; they mostly take milliseconds. Without them what was just said
is found by its words alone."""
SHORTEST = 12
"""Tokens of a short memory: what a token budget is divided by to guess how many fit."""


class Directory:
    """Where the memories of a project lie, as filters ask for it."""

    def __init__(self, store: Read, project: str) -> None:
        self._store = store
        self._project = project
        self._met: dict[int, tuple[EntityKind, str]] = {}

    def owners_with(self, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        return self._store.owners_with(self._project, kind, entity_ids)

    def owners_of_users(self, user_ids: Iterable[str]) -> set[int]:
        found = self._store.owners(self._project, "user", user_ids)
        self._met.update(found)
        return set(found)

    def owners_without_user(self) -> set[int]:
        return {owner for owner, (kind, _) in self._store.owners(self._project, None, None).items() if kind != "user"}

    def all_owners(self) -> set[int]:
        return set(self._store.owners(self._project, None, None))

    def describe(self, owner_ids: Iterable[int]) -> dict[int, tuple[EntityKind, str]]:
        """Whose each of these is: the kind and id of its entity."""
        unmet = [owner_id for owner_id in owner_ids if owner_id not in self._met]
        if unmet:
            self._met.update(self._store.describe(unmet))
        return self._met


class Engine:
    """A store, an embedder and the indexes in RAM over them. Get one with ``open_engine``."""

    def __init__(self, config: Config, embedder: Embedder | None) -> None:
        self.folder = config.folder
        self.store: Store = SqliteStore(config.folder)
        try:
            self._generation = open_generation(self.store, config.folder, config.embedder, embedder)
        except BaseException:
            self.store.close()
            raise
        self.edits = 0
        """Edits and deletions made through this engine: what was looked up before one may hold no longer."""
        self._retired: list[Generation] = []
        self._behind: dict[int, list[Future[None]]] = {}
        """By owner, the vectors under way that nobody waited for."""
        self._filter_cache = FilterCache()
        self._awaiting = threading.Lock()
        self._switching = threading.Lock()
        self._process = os.getpid()
        self._vectoriser = Vectoriser(self.store, self._embedding)
        # One thread searches: several would only take the interpreter from each other (measured, see ARCHITECTURE.md).
        self.searching = ThreadPoolExecutor(1, "toldonce-search")
        self.working = ThreadPoolExecutor(4, "toldonce-work")
        atexit.register(self._vectoriser.close)  # no thread may be inside the model when the interpreter goes
        self._embed_what_was_left()

    def _embed_what_was_left(self) -> None:
        """Make the vectors that another process could not; if they are few, the searches they are about wait."""
        with self.store.read() as store:
            left = [version.version_id for version in store.unembedded(None, FEW + 1)]
        if left:
            vectors = self._vectoriser.embed(None)
            if len(left) <= FEW:
                self._await(left, vectors)

    def require(self, spec: EmbedderSpec | None, given: Embedder | None) -> None:
        """Refuse another embedder than the one this engine has."""
        if spec is None and given is None:
            return
        known = self._generation.fingerprint
        asked = given or open_embedder(spec or EmbedderSpec(), parted(known)[0])
        try:
            if fingerprint(asked) != known:
                raise mismatch(self.folder, known, fingerprint(asked), None if given is not None else str(spec))
        finally:
            if given is None:
                close(asked)

    @property
    def embedder(self) -> CachedQueries:
        """Vectors of what is asked."""
        return self._generation.queries

    @property
    def vectors_from(self) -> str:
        """What the vectors in the folder depend on; those of another folder that says the same can be taken over."""
        return self._generation.fingerprint

    def embed(self, version_ids: Sequence[int]) -> Future[None]:
        """Give these versions their vectors; done when they have them, at once when there are none."""
        return self._vectoriser.embed(version_ids) if version_ids else DONE

    def follow_up(self, version_ids: Sequence[int]) -> Future[None]:
        """Give these versions their vectors; done when the caller may go on.

        For a few versions that is at once, unless many calls are ahead of this one: the searches that follow wait for
        these vectors (see ``behind``). A batch is waited for, so that nobody gets far ahead of the embedder.
        """
        vectors = self.embed(version_ids)
        if len(version_ids) > FEW or vectors.done():
            return vectors
        self._await(version_ids, vectors)
        return self._vectoriser.room()

    def _await(self, version_ids: Sequence[int], vectors: Future[None]) -> None:
        """Let the searches of these versions' owners wait for their vectors."""
        with self._awaiting:
            for owner_id in {self.store.owner_of(version_id) for version_id in version_ids}:
                self._behind.setdefault(owner_id, []).append(vectors)
        vectors.add_done_callback(self._caught_up)

    def _caught_up(self, vectors: Future[None]) -> None:
        with self._awaiting:
            done = [owner_id for owner_id, under_way in self._behind.items() if vectors in under_way]
            for owner_id in done:
                self._behind[owner_id].remove(vectors)
                if not self._behind[owner_id]:
                    del self._behind[owner_id]
            idle = not self._behind
        if idle:  # nothing else is being added: a good time to get ready for the next question
            with suppress(RuntimeError):  # the engine is being closed
                self.searching.submit(self._refresh, done)

    def _refresh(self, owner_ids: Iterable[int]) -> None:
        """Bring the indexes that are in RAM up to date, so that the next search need not."""
        with suppress(ToldonceError), self._reading() as (store, generation):
            for owner_id in filter(generation.indexes.holds, owner_ids):
                _index(store, generation, owner_id)

    def behind(self, project: str, tree: Filter) -> list[Future[None]]:
        """The vectors under way of what was added a moment ago and the filter may admit."""
        if not self._behind:
            return []
        with self.reading() as store:
            owners = self.owners(store, project, tree)
        with self._awaiting:
            return [vectors for owner_id in owners for vectors in self._behind.get(owner_id, ())]

    def settled(self) -> Future[None]:
        """Done when every vector asked for until now was made."""
        return self._vectoriser.embed(())

    @property
    def is_behind(self) -> bool:
        """Whether ``behind`` may have anything to say."""
        return bool(self._behind)

    def write_edit(self, work: Callable[[Write], T]) -> Future[T]:
        """Queue work that changes or deletes memories; it is counted before anybody knows that it is done."""
        edited: Future[T] = Future()
        written = self.store.write(work)

        def count(done: Future[T]) -> None:
            with self._awaiting:
                self.edits += 1
            if not edited.set_running_or_notify_cancel():
                return
            problem = CancelledError() if done.cancelled() else done.exception()
            if problem is None:
                edited.set_result(done.result())
            else:
                edited.set_exception(problem)

        written.add_done_callback(count)
        edited.add_done_callback(lambda _: written.cancel())  # called off: if it was not begun, it is not written
        return edited

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """One consistent view of the store."""
        with self._reading() as (store, _):
            yield store

    @contextmanager
    def _reading(self) -> Iterator[tuple[Read, Generation]]:
        """A view of the store, and what fits the vectors in it; whoever rebuilt them meanwhile is noticed here."""
        if os.getpid() != self._process:
            raise Closed("This memory was opened before the process forked. Open one in the child.")
        while True:
            generation = self._generation
            with self.store.read() as store:
                if store.once(FINGERPRINT, lambda: store.setting(FINGERPRINT)) == generation.fingerprint:
                    yield store, generation
                    return
            self._follow()

    def _follow(self) -> None:
        with self._switching:
            fitting = current_generation(self.store, self.folder, self._generation)
            if fitting is not self._generation:
                self._retired.append(self._generation)  # others may still be asking it
                self._generation = fitting

    @contextmanager
    def _embedding(self) -> Iterator[tuple[Read, Embedder, str]]:
        with self._reading() as (store, generation):
            yield store, generation.embedder, generation.fingerprint

    def search(
        self,
        project: str,
        tree: Filter,
        query: str,
        *,
        limit: int,
        threshold: float,
        now: int,
        token_budget: int | None = None,
        just_asked: tuple[frozenset[int], ...] = (),
        show_expired: bool = False,
    ) -> list[Hit]:
        """The best memories the filter admits, best first: ``limit`` of them, or as many as fit ``token_budget``.

        ``just_asked``: the questions right before, as ``recall.just_asked`` has them.
        """
        depth = limit if token_budget is None else token_budget // SHORTEST + 1
        with self._reading() as (store, generation):
            ranked = self._ranked(store, generation, project, tree, query, just_asked, depth, now, show_expired)
            above = [scored for scored in ranked[:depth] if scored.score >= threshold]
            found = hits(above, store.records([scored.memory_id for scored in above]), query)
        return found if token_budget is None else list(fitting(found, token_budget))

    def _ranked(
        self,
        store: Read,
        generation: Generation,
        project: str,
        tree: Filter,
        query: str,
        just_asked: tuple[frozenset[int], ...],
        depth: int,
        now: int,
        show_expired: bool,
    ) -> list[Scored]:
        """The ``depth`` best memories of each owner the filter reaches, best first."""
        ranked: list[Scored] = []
        for owner_id, rest in self._owners(store, project, tree):
            view = _index(store, generation, owner_id)
            mask = self._mask(store, owner_id, view, rest, None if show_expired else today(now))
            asked = (view.number, query, just_asked, depth)
            known = generation.rankings.get(asked) if mask is None else None
            if known is None:
                read = analyse(query, view, now)
                vector = generation.queries.embed_query(read.dense_text) if len(view) else None
                known = rank(view, read, vector, limit=depth, mask=mask, just_asked=just_asked)
                if mask is None and read.period is None:  # it will be the same tomorrow
                    generation.rankings.put(asked, known)
            ranked += known
        ranked.sort(key=lambda scored: -scored.score)
        return ranked

    def listing(
        self, project: str, tree: Filter, *, now: int, show_expired: bool = False
    ) -> list[tuple[int, MemoryRecord]]:
        """Every memory the filter admits with its id, newest first."""
        found: list[tuple[int, MemoryRecord]] = []
        day = today(now)
        with self.reading() as store:
            for owner_id, rest in self._owners(store, project, tree):
                found += [
                    (memory_id, record)
                    for memory_id, record in store.records_of(owner_id).items()
                    if (show_expired or record.expires_on is None or record.expires_on >= day)
                    and (rest == EVERYTHING or matches(rest, record))
                ]
        found.sort(key=lambda entry: (entry[1].created_at, entry[0]), reverse=True)
        return found

    def owners(self, store: Read, project: str, tree: Filter) -> list[int]:
        """Owners that may hold something the filter admits."""
        return [owner_id for owner_id, _ in self._owners(store, project, tree)]

    def warm(self, project: str, tree: Filter) -> int:
        """Load what a search with this filter needs; returns how many memories that are."""
        self.embedder.embed_query("")  # loads the model
        with self._reading() as (store, generation):
            return sum(
                _index(store, generation, owner).statistics.count for owner, _ in self._owners(store, project, tree)
            )

    def forget_indexes(self) -> None:
        """Let go of every index in RAM, and of what was asked."""
        self._generation.indexes.clear()
        self._generation.rankings.clear()
        self._filter_cache.clear()

    def close(self) -> None:
        """Finish what was acknowledged, stop the threads and close the files."""
        self.searching.shutdown()
        self.working.shutdown()
        self._vectoriser.close()
        atexit.unregister(self._vectoriser.close)
        for generation in (*self._retired, self._generation):
            generation.close()
        self.store.close()

    def _owners(self, store: Read, project: str, tree: Filter) -> Sequence[tuple[int, Filter]]:
        """Owners the filter reaches, each with the part of the filter that its memories differ in."""
        return store.once((project, tree), lambda: self._reached(store, project, tree))

    def _reached(self, store: Read, project: str, tree: Filter) -> Sequence[tuple[int, Filter]]:
        directory = Directory(store, project)
        candidates = candidate_owners(tree, directory)
        named = directory.describe(candidates)
        reached = []
        for owner_id in sorted(candidates):
            kind, entity_id = named[owner_id]
            if not admits_user(tree, entity_id if kind == "user" else None):
                continue
            rest = for_owner(tree, kind, entity_id)
            if rest != NOTHING:
                reached.append((owner_id, rest))
        return reached

    def _mask(
        self, store: Read, owner_id: int, view: IndexView, rest: Filter, day: str | None
    ) -> NDArray[np.bool_] | None:
        """The rows a search may return, or None for all of them."""
        mask: NDArray[np.bool_] | None = None
        if rest != EVERYTHING:
            mask = view.mask(self._filter_cache.ids(store, owner_id, rest))
        expired = store.once((owner_id, day), lambda: store.expired(owner_id, day)) if day is not None else []
        if expired:
            gone = view.mask(expired)
            mask = ~gone if mask is None else mask & ~gone
        return mask


def _index(store: Read, generation: Generation, owner_id: int) -> IndexView:
    def load(since: int) -> tuple[int, Sequence[IndexRow], Sequence[int]]:
        change = store.changes(owner_id, since)
        return change.version, change.rows, change.deleted

    return generation.indexes.get(owner_id, store.owner_version(owner_id), load)


_ENGINES: RefCounted[Engine] = RefCounted()


def open_engine(config: Config, embedder: Embedder | None = None) -> tuple[Engine, Callable[[], None]]:
    """The engine of a folder, shared by all who open it in this process, and the call that lets go of it.

    ``embedder`` is the one the configuration names unless given, or else the folder's own. Raises ``EmbedderMismatch``
    if the folder, or the engine that is open on it, has another.
    """
    return _ENGINES.open(
        config.folder.resolve(),
        lambda: Engine(config, embedder),
        lambda engine: engine.require(config.embedder, embedder),
    )
