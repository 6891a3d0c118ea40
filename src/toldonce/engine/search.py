"""A search: read, embed, read, rank, read. Whoever runs it decides which thread does what."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toldonce.embedders.cache import EmbeddedQuery
from toldonce.engine.directory import QUICK_CONDITIONS, owners_reached
from toldonce.engine.filter_cache import conditions
from toldonce.engine.generation import Generation
from toldonce.engine.requests import SearchRequest
from toldonce.errors import ToldonceError
from toldonce.filters import Filter
from toldonce.filters.tree import EVERYTHING
from toldonce.index import IndexView
from toldonce.recall import Hit, Query, Scored, analyse, fitting, hits, rank
from toldonce.recall.asked_for import asks_of_the_past
from toldonce.recall.proof import once_each
from toldonce.remember.facts.stored import StoredFact
from toldonce.stores.protocol import Read
from toldonce.times import today

if TYPE_CHECKING:
    from toldonce.engine.engine import Engine

SHORTEST = 12
"""Tokens of a short memory: what a token budget is divided by to guess how many fit."""
QUICK = 10_000
"""Conditions times memories that are held against each other where all searches are ranked: some milliseconds."""
QUICK_QUERY = 1_000
"""Characters of a query that is read and ranked there."""
QUICK_RESULTS = 200
"""Results that are told apart and looked up there."""
QUICK_MEMORIES = 50_000
"""Memories that are ranked there."""
REREADS = 3
"""Times that a search reads again as vectors have followed since it read; on a busy server they always do."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    hits: list[Hit]
    pending: int
    """Memories the filter reaches that have no vector yet: only their words were compared."""
    by_words: bool
    """The embedder could not be used: only words were compared."""


class Search:
    """One search. Call ``attempt`` until it returns what was found.

    While it returns None something is missing. If there are ``texts``, their vectors: call ``embed``, on any thread, as
    an embedder may be a server far away. If vectors of what was just added are ``owed``: wait for them as long as you
    like, and set ``waited``. Otherwise the next attempt is a ``large`` one, for which nobody else's search should have
    to wait. Every attempt reads the store anew, so no ranking happens before the vectors that were waited for are in
    its view.
    """

    def __init__(self, engine: Engine, project: str, request: SearchRequest, *, show_expired: bool = False) -> None:
        self.texts: Sequence[str] = ()
        self.owed: Sequence[Future[None]] = ()
        self.waited = False
        self.large = (
            len(request.query) > QUICK_QUERY
            or request.limit > QUICK_RESULTS
            or conditions(request.tree) > QUICK_CONDITIONS
        )
        """Whether an attempt may take long."""
        self._engine = engine
        self.project = project
        self._request = request
        self._day = None if show_expired else today(request.now)
        budget = request.token_budget
        self._depth = request.limit if budget is None else budget // SHORTEST + 1
        self._generation: Generation | None = None
        self._queries: dict[int, Query] = {}
        """By number of the view it was read against."""
        self._embedded: dict[str, EmbeddedQuery | None] = {}
        """None: the text could not be embedded."""
        self._began = time.perf_counter()
        self._waits_since: float | None = None
        self._rereads = REREADS

    def embed(self) -> None:
        """Make the vectors of ``texts``. Where the embedder cannot be used, the search goes on with words alone."""
        assert self._generation is not None
        began = time.perf_counter()
        for text in self.texts:
            self._embedded[text] = None
            try:
                self._embedded[text] = self._generation.queries.embed_query(text)
            except ToldonceError as error:
                self._engine.note_unusable_embedder(error)
        self._engine.phases.add("embed", time.perf_counter() - began)

    def attempt(self) -> Found | None:
        """Rank, if all is there that ranking needs."""
        request, began = self._request, time.perf_counter()
        self.texts = ()
        followed = self._engine.followed  # before the store is read
        if self._waits_since is not None:
            self._engine.phases.add("wait", began - self._waits_since)
            self._waits_since = None
        with self._engine.snapshot() as (store, generation):
            if generation is not self._generation:
                self._generation, self._embedded = generation, {}
            reached = owners_reached(store, self.project, request.tree)
            owner_ids = [owner_id for owner_id, _ in reached]
            if self._turns_out_large(lambda: self._engine.has_much_to_read(store, generation, owner_ids)):
                return None
            views = [self._engine.index(store, generation, owner_id) for owner_id in owner_ids]
            self.texts = self._missing(generation, views)
            if self.texts:
                return None
            if self._turns_out_large(lambda: self._has_much_to_compare(store, reached, views)):
                return None
            if not self.waited:
                self.owed = self._engine.owed(owner_ids)
                if self.owed:
                    self._waits_since = time.perf_counter()
                    return None
                if self._rereads and self._engine.followed != followed and any(len(view.pending) for view in views):
                    self._rereads -= 1
                    return None
            elif not all(vectors.done() for vectors in self.owed):
                self._engine.waited_in_vain()
            ranked: list[Scored] = []
            for (owner_id, rest), view in zip(reached, views, strict=True):
                ranked += self._ranked(store, generation, owner_id, rest, view)
            ranked.sort(key=lambda scored: -scored.score)
            if proofs := {fact.memory_id: fact.evidence for fact in self._facts(store, owner_ids)}:
                ranked = list(once_each(ranked, proofs))
            above = [scored for scored in ranked[: self._depth] if scored.score >= request.threshold]
            found = hits(above, store.records([scored.memory_id for scored in above]), request.query)
        if request.token_budget is not None:
            found = list(fitting(found, request.token_budget))
        pending = sum(int(np.count_nonzero(view.alive[view.pending])) for view in views)
        by_words = None in self._embedded.values()
        self._engine.count_search(len(found), pending, by_words=by_words)
        ended = time.perf_counter()
        self._engine.phases.add("rank", ended - began)
        self._engine.phases.add("all", ended - self._began)
        return Found(found, pending, by_words)

    def _turns_out_large(self, is_large: Callable[[], bool]) -> bool:
        """Whether it only now turns out that this search takes long."""
        known = self.large
        self.large = is_large() or known
        return self.large and not known

    def _has_much_to_compare(
        self, store: Read, reached: Sequence[tuple[int, Filter]], views: Sequence[IndexView]
    ) -> bool:
        """The same of filters and ranking. Raises ``InvalidFilter`` where a filter takes too long for anybody."""
        counts = [view.statistics.count for view in views]
        steps = [
            self._engine.filter_cache.steps(store, owner_id, rest, count)
            for (owner_id, rest), count in zip(reached, counts, strict=True)
            if rest != EVERYTHING
        ]
        return sum(steps) > QUICK or sum(counts) > QUICK_MEMORIES

    def _query(self, view: IndexView) -> Query:
        query = self._queries.get(view.number)
        if query is None:
            query = self._queries[view.number] = analyse(
                self._request.query, view, self._request.now, self._request.zone
            )
        return query

    def _missing(self, generation: Generation, views: Sequence[IndexView]) -> list[str]:
        """What has to be embedded before these views can be ranked."""
        texts = dict.fromkeys(self._query(view).dense_text for view in views if len(view))
        for text in texts:
            if text not in self._embedded and (known := generation.queries.known(text)) is not None:
                self._embedded[text] = known
        return [text for text in texts if text not in self._embedded]

    def _ranked(
        self, store: Read, generation: Generation, owner_id: int, rest: Filter, view: IndexView
    ) -> list[Scored]:
        """The best memories of one owner, best first."""
        request = self._request
        mask = self._mask(store, owner_id, rest, view)
        depth = self._depth * 2 if self._facts(store, [owner_id]) else self._depth  # some say what stands above them
        asked = (owner_id, view.number, request.query, request.just_asked, depth)
        known = generation.rankings.get(asked) if mask is None else None
        if known is None:
            query = self._query(view)
            embedded = self._embedded[query.dense_text] if len(view) else None
            known = rank(
                view,
                query,
                None if embedded is None else embedded.vector,
                tokens=None if embedded is None else embedded.tokens,
                limit=depth,
                unrelated=getattr(generation.embedder, "unrelated", None),
                mask=mask,
                just_asked=request.just_asked,
            )
            lasting = (
                embedded is not None and query.period is None and query.overview is None
            )  # it will be the same tomorrow
            if mask is None and lasting:
                generation.rankings.put(asked, known)
        return known

    def _facts(self, store: Read, owner_ids: Sequence[int]) -> list[StoredFact]:
        return [fact for owner_id in owner_ids for fact in self._engine.stored_facts.of(store, owner_id)]

    def _mask(self, store: Read, owner_id: int, rest: Filter, view: IndexView) -> NDArray[np.bool_] | None:
        """The rows a search may return, or None for all of them."""
        mask: NDArray[np.bool_] | None = None
        if rest != EVERYTHING:
            mask = view.mask(self._engine.filter_cache.ids(store, owner_id, rest))
        if not asks_of_the_past(self._request.query):
            closed = [fact.memory_id for fact in self._facts(store, [owner_id]) if fact.superseded]
            if closed:
                held = view.mask(closed)
                mask = ~held if mask is None else mask & ~held
        day = self._day
        expired = store.once((owner_id, day), lambda: store.expired(owner_id, day)) if day is not None else []
        if expired:
            gone = view.mask(expired)
            mask = ~gone if mask is None else mask & ~gone
        return mask
