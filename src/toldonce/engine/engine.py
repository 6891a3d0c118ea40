"""The engine: everything behind the verbs, once for each folder and process.

It is synchronous and knows no event loop: what takes part in it are threads and ``concurrent.futures``. ``Memory``
calls it in the caller's thread, ``AsyncMemory`` awaits its futures from any number of loops.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import TypeVar

from toldonce.config import Config, Guidance
from toldonce.embedders import Embedder, close
from toldonce.embedders.cache import CachedQueries, embed_query
from toldonce.embedders.spec import EmbedderSpec, open_embedder
from toldonce.engine.directory import owners_reached
from toldonce.engine.erasing import keep_resuming, resume
from toldonce.engine.extraction import COUNTED, Extraction, Orders
from toldonce.engine.facts import FactCache, StoredFacts
from toldonce.engine.filter_cache import FilterCache
from toldonce.engine.generation import Generation, current_generation, fingerprint, open_generation
from toldonce.engine.listing import Page, newest, page, scan
from toldonce.engine.observe import Counters, Timings
from toldonce.engine.refcounted import RefCounted
from toldonce.engine.set_aside import Refused
from toldonce.engine.threads import FairPool
from toldonce.engine.vectors import FEW, Vectoriser
from toldonce.errors import Closed, InvalidConfig, ToldonceError
from toldonce.fair import ANYBODY, Turn
from toldonce.filters import Filter
from toldonce.index import IndexView
from toldonce.llm import LlmSpec
from toldonce.llm.chat import Chat
from toldonce.locks import FORK_GATE
from toldonce.priority import long, quick
from toldonce.remember.plan import AddRequest
from toldonce.stores.claim import FINGERPRINT, is_earlier, mismatch, parted
from toldonce.stores.opening import identity_of, open_store
from toldonce.stores.protocol import Read, Store, Write
from toldonce.times import today
from toldonce.types import IndexRow, MemoryRecord

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

QUERIES_AT_ONCE = 16
"""Queries that are embedded side by side."""
QUERIES_OF_ONE = 12
"""Of these, queries of the same project."""
QUICK_ROWS = 1_000
"""Rows that are brought into RAM in the thread in which all searches are ranked."""
PATIENCE = 1.0
"""Seconds that closing waits for queries being embedded."""


class Engine:
    """A store, an embedder and the indexes in RAM over them. Get one with ``open_engine``."""

    def __init__(self, config: Config, embedder: Embedder | None) -> None:
        self.place = config.place
        self.store: Store = open_store(config.place)
        try:
            self._generation = open_generation(self.store, config.place, config.index_bytes, config.embedder, embedder)
        except BaseException:
            self.store.close()
            raise
        self.edits = 0
        """Edits and deletions made through this engine: what was looked up before one may hold no longer."""
        self._retired: list[Generation] = []
        self.filter_cache = FilterCache()
        self.store.caches.register(self.filter_cache)
        self.fact_cache = FactCache()
        self.store.caches.register(self.fact_cache)
        self.stored_facts = StoredFacts()
        self.store.caches.register(self.stored_facts)
        self.counts: Counters[str] = Counters()
        self.phases: Timings[str] = Timings()
        """How long searches took, by phase: ``embed``, ``filter``, ``wait``, ``rank``, and ``all`` of it."""
        self._logged_without_vectors = logging.NOTSET
        self._editing = threading.Lock()
        self._switching = threading.Lock()
        self._process = os.getpid()
        self._vectoriser = Vectoriser(self.store, self._current_embedder, self._refresh_soon)
        # One thread searches: several would only take the interpreter from each other (measured, see ARCHITECTURE.md).
        self.searching = FairPool(1, "toldonce-search", work=quick)
        # An embedder may be a server: who waits for it must not keep others from asking.
        self.embedding = FairPool(QUERIES_AT_ONCE, "toldonce-embed", of_one=QUERIES_OF_ONE)
        self.working = FairPool(4, "toldonce-work", of_one=3, work=long)
        # Every thread that computes for long takes as much of the interpreter as all who want a quick answer.
        self.computing = FairPool(2, "toldonce-compute", of_one=1, work=long)
        self._vectoriser.embed_all()  # what another process could not
        self.closing = threading.Event()
        """Set when the engine is about to be closed."""
        self._extraction: Extraction | None = None
        self._asked: tuple[LlmSpec, Guidance] | None = None
        self._finishing: threading.Thread | None = None
        self._updating: threading.Thread | None = None
        if self._generation.outdated:
            self._updating = threading.Thread(target=self._update, name="toldonce-update", daemon=True)
            self._updating.start()
        if not resume(self):
            self.finish_erasures()

    def require(self, spec: EmbedderSpec | None, given: Embedder | None) -> None:
        """Refuse another embedder than the one this engine has."""
        if spec is None and given is None:
            return
        known = self._generation.fingerprint
        asked = given or open_embedder(spec or EmbedderSpec(), parted(known).embedder)
        try:
            if fingerprint(asked) != known and not is_earlier(known, fingerprint(asked)):
                raise mismatch(self.place, known, fingerprint(asked), None if given is not None else str(spec))
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
        return self._vectoriser.embed(version_ids)

    def follow_up(self, version_ids: Sequence[int]) -> Future[None]:
        """Give these versions their vectors; done when the caller may go on.

        For a few versions that is at once, unless many calls of their owner are ahead of this one: the searches that
        follow wait for these vectors (see ``owed``). A batch is waited for, so that nobody gets far ahead of the
        embedder.
        """
        vectors = self.embed(version_ids)
        if len(version_ids) > FEW or vectors.done():
            return vectors
        return self._vectoriser.room(version_ids)

    def _refresh_soon(self, owner_ids: Collection[int]) -> None:
        """Nothing else is being added: a good time to get ready for the next question."""
        with suppress(Closed):
            self.searching.submit(self._refresh, owner_ids)

    def _refresh(self, owner_ids: Collection[int]) -> None:
        """Bring the indexes that are in RAM up to date, so that the next search need not."""
        with suppress(ToldonceError), self.snapshot() as (store, generation):
            for owner_id in filter(generation.indexes.version, owner_ids):
                if not self.has_much_to_read(store, generation, [owner_id]):
                    self.index(store, generation, owner_id)

    def owed(self, owner_ids: Sequence[int]) -> list[Future[None]]:
        """The vectors of what was added to these owners a moment ago, as far as they are worth waiting for."""
        return self._vectoriser.owed(owner_ids)

    @property
    def followed(self) -> int:
        """How often vectors of what was added have followed: if it grew since a read began, that may lack some."""
        return self._vectoriser.followed

    def waited_in_vain(self) -> None:
        """Note that a search gave up waiting for vectors: while these are under way no other waits."""
        self._vectoriser.waited_in_vain()

    def settled(self) -> Future[None]:
        """Done when every vector asked for until now was made, or put off."""
        return self._vectoriser.settled()

    def set_aside(self) -> list[Refused]:
        """The memories whose texts the embedder cannot embed, each with the reason; it is tried again later."""
        return self._vectoriser.set_aside.entries()

    def write_edit(self, work: Callable[[Write], T], turn: Turn = ANYBODY) -> Future[T]:
        """Queue work that changes or deletes memories; it is counted before anybody knows that it is done."""
        edited: Future[T] = Future()
        written = self.store.write(work, turn)

        def count(done: Future[T]) -> None:
            with self._editing:
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
        with self.snapshot() as (store, _):
            yield store

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Read, Generation]]:
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

    def finish_erasures(self) -> None:
        """Go on with what could not be erased yet, in a thread."""
        with self._switching:
            if self._finishing is None or not self._finishing.is_alive():
                self._finishing = threading.Thread(
                    target=keep_resuming, args=(self,), name="toldonce-erase", daemon=True
                )
                self._finishing.start()

    def _follow(self) -> None:
        with self._switching:
            fitting = current_generation(self.store, self.place, self._generation)
            if fitting is not self._generation:
                if fitting.embedder is not self._generation.embedder:
                    self._retired.append(self._generation)  # others may still be asking it
                self._generation = fitting

    @contextmanager
    def _current_embedder(self) -> Iterator[tuple[Read, Embedder, str]]:
        with self.snapshot() as (store, generation):
            yield store, generation.embedder, generation.fingerprint

    def index(self, store: Read, generation: Generation, owner_id: int) -> IndexView:
        """All memories of an owner as they are in this view of the store."""

        def load(since: int) -> tuple[int, Sequence[IndexRow], Sequence[int]]:
            change = store.changes(owner_id, since)
            return change.version, change.rows, change.deleted

        return generation.indexes.get(owner_id, store.owner_version(owner_id), load)

    def has_much_to_read(self, store: Read, generation: Generation, owner_ids: Collection[int]) -> bool:
        """Whether the indexes of these owners lack so many rows that others should not have to wait for them."""
        left = QUICK_ROWS
        for owner_id in owner_ids:
            left -= store.unread(owner_id, generation.indexes.version(owner_id), left + 1)
            if left < 0:
                return True
        return False

    def ask_model(self, spec: LlmSpec, guidance: Guidance) -> None:
        """Have a model read facts from what is added from now on, and from what waits.

        Raises ``InvalidConfig`` if this engine asks another model already.
        """
        with self._switching:
            if self._extraction is None:
                self._extraction = Extraction(
                    self.store,
                    Chat(spec),
                    guidance=guidance,
                    timeout=spec.timeout,
                    daily_tokens=spec.daily_tokens,
                    counts=self.counts,
                    follow_up=self.embed,
                )
                self._asked = (spec, guidance)
        if self._asked != (spec, guidance):
            raise InvalidConfig(
                f"{self.place} is open in this process with another llm: {self._asked[0] if self._asked else None}. "
                "Use one configuration for one folder."
            )

    def orders(self, project: str, request: AddRequest) -> Orders | None:
        """What an add does besides, so that a model reads facts from it; None: no model is configured."""
        return None if self._extraction is None else self._extraction.orders(project, request)

    def probe_embedder(self) -> None:
        """Ask the embedder, not a cache. Raises what it raises; it may take as long as it takes."""
        embed_query(self._generation.embedder, "ready")

    def note_unusable_embedder(self, error: ToldonceError) -> None:
        """Note that a query could not be embedded."""
        if self.counts.add("queries_not_embedded") == 1:
            _LOG.warning(
                "A query could not be embedded, so memories were compared by words alone: %s This is logged once; the "
                "counter queries_not_embedded goes on.",
                error,
            )

    def count_search(self, found: int, pending: int, *, by_words: bool) -> None:
        """Note that a search ranked: what it found, and how many memories have no vectors yet."""
        self.counts.add("searches")
        if not found:
            self.counts.add("searches_empty")
        if by_words:
            self.counts.add("searches_by_words")
        if not pending:
            return
        self.counts.add("searches_without_vectors")
        # On a slow machine what was said a moment ago has no vectors yet: only an embedder that fails is a warning.
        level = logging.WARNING if self._vectoriser.failing else logging.INFO
        if level > self._logged_without_vectors:
            self._logged_without_vectors = level
            _LOG.log(
                level,
                "A search compared %d memories by words alone: their vectors are not made yet, as the embedder %s. "
                "This is logged once; the counter searches_without_vectors goes on.",
                pending,
                "fails" if level == logging.WARNING else "is slow",
            )

    def counters(self) -> dict[str, int]:
        """What was counted since the engine was opened, and how much it holds now; numbers only."""
        generation = self._generation
        return {
            "searches": 0,
            "searches_empty": 0,
            "searches_by_words": 0,
            "searches_without_vectors": 0,
            "queries_not_embedded": 0,
            **dict.fromkeys(COUNTED, 0),
            **self.counts.snapshot(),
            "writes_waiting": self.store.writes_waiting,
            "owners_behind": self._vectoriser.owners_behind,
            "embedder_resting": int(self._vectoriser.resting),
            "memories_set_aside": len(self._vectoriser.set_aside),
            "index_bytes": generation.indexes.nbytes,
            "index_owners": len(generation.indexes),
            "rankings_cached": len(generation.rankings),
            "queries_cached": len(generation.queries),
            "filters_cached": len(self.filter_cache),
        }

    def listing(
        self, project: str, tree: Filter, *, now: int, show_expired: bool = False
    ) -> list[tuple[int, MemoryRecord]]:
        """Every memory the filter admits with its id, newest first."""
        day = None if show_expired else today(now)
        with self.reading() as store:
            return list(scan(self.store, store, owners_reached(store, project, tree), day))

    def newest(
        self, project: str, tree: Filter, *, limit: int, now: int, show_expired: bool = False
    ) -> Sequence[tuple[int, MemoryRecord]]:
        """The first ``limit`` of ``listing``."""
        day = None if show_expired else today(now)
        with self.reading() as store:
            return newest(self.store, store, owners_reached(store, project, tree), day, limit)

    def page(
        self, project: str, tree: Filter, *, limit: int, offset: int, now: int, show_expired: bool = False
    ) -> Page:
        """``limit`` memories of ``listing`` after ``offset``, and how many it has."""
        day = None if show_expired else today(now)
        with self.reading() as store:
            return page(self.store, store, owners_reached(store, project, tree), day, limit, offset)

    def warm(self, project: str, tree: Filter) -> int:
        """Load what a search with this filter needs; returns how many memories that are."""
        self.embedder.embed_query("")  # loads the model
        with self.snapshot() as (store, generation):
            return sum(
                self.index(store, generation, owner).statistics.count
                for owner, _ in owners_reached(store, project, tree)
            )

    def _update(self) -> None:
        """Bring what an earlier version made up to date; what is interrupted is gone on with at the next opening."""
        from toldonce.engine.rebuild import bring_up_to_date

        _LOG.info("The vectors in %s are of an earlier version and are being made anew.", self.place)

        def go_on(done: int, total: int) -> None:
            if self.closing.is_set():
                raise Closed("The memory was closed.")

        try:
            bring_up_to_date(self.store, self._generation.embedder, go_on)
        except Closed:
            pass
        except ToldonceError as error:
            _LOG.warning("The vectors in %s are not all made anew; the next opening goes on: %s", self.place, error)

    def close(self) -> None:
        """Finish what was acknowledged, stop the threads and close the files."""
        self.closing.set()
        if self._extraction is not None:
            self._extraction.close()
        for thread in (self._updating, self._finishing):
            if thread is not None:
                thread.join(PATIENCE)
        self.searching.shutdown(None)
        self.embedding.shutdown(PATIENCE)
        self.working.shutdown(None)
        self.computing.shutdown(None)
        self._vectoriser.close()
        for generation in (*self._retired, self._generation):
            generation.close()
        self.store.close()


_ENGINES: RefCounted[Engine] = RefCounted()
atexit.register(_ENGINES.close_all)


def open_engine(config: Config, embedder: Embedder | None = None) -> tuple[Engine, Callable[[], None]]:
    """The engine of a folder, shared by all who open it in this process, and the call that lets go of it.

    ``embedder`` is the one the configuration names unless given, or else the folder's own. Raises ``EmbedderMismatch``
    if the folder, or the engine that is open on it, has another.
    """

    def make() -> Engine:
        with FORK_GATE:  # it imports, and opens files
            return Engine(config, embedder)

    return _ENGINES.open(
        identity_of(config.place),
        make,
        lambda engine: engine.require(config.embedder, embedder),
    )
