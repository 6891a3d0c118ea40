"""The steps the verbs are made of: a write returns a future, unless the caller waits for it now, as for a read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from toldonce.engine import CATCH_UP, Engine
from toldonce.engine.directory import owners_reached
from toldonce.engine.erasing import ERASED, Erased, erase
from toldonce.engine.listing import ids_in_scope
from toldonce.engine.requests import SearchRequest, read_limit, scope_filter
from toldonce.engine.search import Found, Search
from toldonce.engine.shapes import (
    Item,
    fact_item,
    history_item,
    hit_item,
    item,
    message_item,
    profile_item,
    source_items,
)
from toldonce.errors import InvalidInput, MemoryNotFound, StoreError
from toldonce.fair import Turn
from toldonce.filters import Filter
from toldonce.remember import add, edit
from toldonce.remember.facts import Fact, begun, facts_of, holds
from toldonce.remember.facts.listing import facts_as_of, with_those_of_rules
from toldonce.remember.facts.stored import USER
from toldonce.remember.plan import AddRequest, owner_of
from toldonce.stores.protocol import Read, Write
from toldonce.times import now, today
from toldonce.types import ErasedKind, Scope
from toldonce.uids import spellings

_MOST_MESSAGES = 1 << 40
"""More than any journal has, and what a database can count to."""

RESET_WITHIN = 10.0
"""Seconds that ``reset`` waits for those who read."""

CHANGED_AT_ONCE = 250
"""Memories that a change of many takes in one transaction: others get their turn in between, and it can be resumed."""


class _Located(NamedTuple):
    """A memory's public id as the store writes it, and its row."""

    uid: str
    id: int


class Operations:
    """One project's verbs over an engine, for whoever waits for them: a thread, an event loop or a server."""

    def __init__(self, engine: Engine, project: str) -> None:
        self.engine = engine
        self.project = project

    def write_add(self, request: AddRequest) -> Future[add.Added]:
        """Queue an add that is not long."""
        return self.engine.store.write(partial(self._add, request, None), self._turn(request))

    def add_now(self, request: AddRequest) -> add.Added:
        """Add, and wait for it. A long request is worked out in the caller's thread, while others write."""
        for _ in range(add.TRIES if add.is_long(request) else 0):
            with suppress(add.Moved):
                return self._add_worked_out(request)
        return self.engine.store.write_now(partial(self._add, request, None), self._turn(request))

    def _add_worked_out(self, request: AddRequest) -> add.Added:
        worked_out = self.work_out(request)
        return self.engine.store.write_now(partial(self._add, request, worked_out), self._turn(request))

    def _add(self, request: AddRequest, worked_out: add.WorkedOut | None, store: Write) -> add.Added:
        return add.add(store, self.project, request, worked_out, self.engine.orders(self.project, request))

    def _turn(self, request: AddRequest) -> Turn:
        return self.project, owner_of(request.scope)

    def work_out(self, request: AddRequest) -> add.WorkedOut:
        """What an add changes, as things are."""
        with self.engine.store.read() as store:
            return add.work_out(store, self.project, request)

    def write_update(self, memory_id: str, change: edit.Edit) -> Future[list[int]]:
        """Queue an update, worked out in the caller's thread while others write."""
        with self.engine.store.read() as store:
            known = edit.work_out(store, self._found(store, memory_id), change)
        return self.engine.write_edit(
            lambda store: edit.update(store, self.project, self._found(store, memory_id), change, now(), known),
            (self.project, None),
        )

    def write_delete(self, memory_id: str) -> Future[list[int]]:
        return self.engine.write_edit(
            lambda store: edit.delete_one(store, self.project, self._found(store, memory_id), now()),
            (self.project, None),
        )

    def write_deletes(self, memory_ids: Sequence[int], run_id: str | None) -> Future[list[int]]:
        return self.engine.write_edit(
            lambda store: edit.delete(store, self.project, memory_ids, run_id, now()), (self.project, None)
        )

    def delete_all(self, scope: Scope) -> int:
        engine = self.engine
        with engine.reading() as store:
            owners = store.describe(owner for owner, _ in owners_reached(store, self.project, scope_filter(scope)))
            listed = ids_in_scope(store, self.project, owners, scope)
        stale: list[int] = []
        for start in range(0, len(listed), CHANGED_AT_ONCE):
            stale += self.write_deletes(listed[start : start + CHANGED_AT_ONCE], scope.run_id).result()
        engine.follow_up(stale).result()
        return len(listed)

    def erase(self, kind: ErasedKind, entity: str, *, allow_return: bool, within: float) -> Erased:
        """Leave no byte of an entity or a memory; see ``engine.erasing``."""
        if kind == "memory":
            with self.engine.reading() as store:
                located = self._locate(store, entity)
            if located is None:
                raise MemoryNotFound(f"No memory has the id {entity!r}. List those there are with get_all().")
            entity = located.uid
        return erase(self.engine, self.project, kind, entity, allow_return=allow_return, within=within)

    def reset(self) -> None:
        """Raises ``StoreError`` if bytes are left because somebody reads them; they go once that ends."""
        engine = self.engine
        erased = erase(engine, self.project, "project", self.project, allow_return=True, within=RESET_WITHIN)
        if erased.status != ERASED:
            raise StoreError(
                f"Nothing is found any more, but the files still hold what was erased: {', '.join(erased.waits_for)}. "
                "It goes as soon as that ends."
            )
        engine.store.compact()

    def search(self, request: SearchRequest, explain: bool, show_expired: bool) -> dict[str, Any]:
        """Search, all in the caller's thread."""
        search = Search(self.engine, self.project, request, show_expired=show_expired)
        while (found := search.attempt()) is None:
            if search.texts:
                search.embed()
            elif search.owed and not search.waited:
                wait(search.owed, CATCH_UP)
                search.waited = True
        return self.answer(found, explain)

    def answer(self, found: Found, explain: bool) -> dict[str, Any]:
        """What a search returns. ``explain``: with sources, and how many memories were compared by words alone.

        Where the embedder could not be used, the answer says ``"by_words": True``.
        """
        results = [hit_item(hit, explain=explain) for hit in found.hits]
        answer: dict[str, Any] = {"results": results}
        if found.by_words:
            answer["by_words"] = True
        if not explain:
            return answer
        with self.engine.reading() as store:
            ids = [hit.scored.memory_id for hit in found.hits]
            sources = store.sources(ids)
        for memory_id, result in zip(ids, results, strict=True):
            result["sources"] = source_items([source for source in sources if source.memory_id == memory_id])
        answer["without_vector"] = found.pending
        return answer

    def get(self, memory_id: str) -> Item | None:
        with self.engine.reading() as store:
            found = self._locate(store, memory_id)
            record = None if found is None else store.records([found.id], strict=True).get(found.id)
        return None if record is None else item(record)

    def get_all(
        self, tree: Filter, top_k: int, page: int | None, page_size: int | None, show_expired: bool
    ) -> dict[str, Any]:
        if page is None and page_size is None:
            found = self.engine.newest(self.project, tree, limit=top_k, now=now(), show_expired=show_expired)
            return {"results": [item(record) for _, record in found]}
        number = 1 if page is None else read_limit(page, "page")
        size = 100 if page_size is None else read_limit(page_size, "page_size")
        offset = (number - 1) * size
        shown = self.engine.page(self.project, tree, limit=size, offset=offset, now=now(), show_expired=show_expired)
        return {
            "count": shown.count,
            "next": number + 1 if offset + size < shown.count else None,
            "previous": number - 1 if number > 1 else None,
            "results": [item(record) for _, record in shown.memories],
        }

    def history(self, memory_id: str) -> list[Item]:
        with self.engine.reading() as store:
            found = self._locate(store, memory_id)
            entries = [] if found is None else store.history(found.id)
        return [] if found is None else [history_item(entry, found.uid, entries[0].at) for entry in entries]

    def facts(self, user_id: str, as_of: int | None, history: bool) -> list[Item]:
        """What a user stated. ``as_of``: as the store stood then. ``history``: what holds no more too."""
        return [fact_item(fact) for fact in self._facts(user_id, as_of, history)]

    def profile(self, user_id: str, as_of: int | None) -> Item:
        """What holds of a user, as a whole."""
        at = now() if as_of is None else as_of
        facts = self._facts(user_id, as_of, history=False)
        return profile_item(user_id, [fact for fact in facts if fact.about == USER and begun(fact, at)])

    def superseded(self, tree: Filter) -> list[str]:
        """Ids of the memories a filter reaches that state facts and none that holds."""
        at = now()
        found: list[str] = []
        with self.engine.reading() as store:
            for owner_id, _ in owners_reached(store, self.project, tree):
                facts = facts_of(self.engine.fact_cache.statements(store, owner_id, today(at)))
                standing = {memory for fact in facts if holds(fact, at) for memory in fact.evidence}
                found += sorted({memory for fact in facts for memory in fact.evidence} - standing)
                found += [fact.uid for fact in self.engine.stored_facts.of(store, owner_id) if fact.superseded]
        return found

    def _facts(self, user_id: str, as_of: int | None, history: bool) -> list[Fact]:
        at = now() if as_of is None else as_of
        with self.engine.reading() as store:
            owners = store.owners(self.project, "user", [user_id])
            stated = [
                statement
                for owner_id in owners
                for statement in self.engine.fact_cache.statements(store, owner_id, today(at))
            ]
            read = [fact for owner_id in owners for fact in self.engine.stored_facts.of(store, owner_id)]
            read = [fact for fact in read if fact.expires_on is None or fact.expires_on >= today(at)]
            proof = store.records([one for fact in read for one in fact.evidence]) if read else {}
        of_model = facts_as_of(read, {memory_id: record.id for memory_id, record in proof.items()}, as_of)
        found = with_those_of_rules(of_model, facts_of(stated, as_of))
        return [fact for fact in found if history or holds(fact, at)]

    def messages(self, scope: Scope, limit: int | None, offset: int, latest: int | None = None) -> list[Item]:
        limit = None if limit is None else read_limit(limit, "limit", most=_MOST_MESSAGES)
        if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset <= _MOST_MESSAGES:
            raise InvalidInput(f"offset must be a whole number from 0 to {_MOST_MESSAGES:,}, not {offset!r}.")
        with self.engine.reading() as store:
            owners = [owner_id for owner_id, _ in owners_reached(store, self.project, scope_filter(scope))]
            if latest is not None:
                found = store.latest_messages(owners, scope, read_limit(latest, "latest"))
            else:
                found = store.messages(owners, scope, limit=limit, offset=offset)
        return [message_item(message) for message in found]

    def warm(self, scope: Scope) -> int:
        """Load the owner of what is said in this scope: recall reaches across its runs and agents."""
        kind, entity_id = owner_of(scope)
        scope = Scope(**{f"{kind}_id": entity_id})
        return self.engine.warm(self.project, scope_filter(scope))

    def _locate(self, store: Read, given: object) -> _Located | None:
        known = ((uid, store.locate(self.project, uid)) for uid in spellings(given))
        return next((_Located(uid, found) for uid, found in known if found is not None), None)

    def _found(self, store: Read, given: object) -> int:
        found = self._locate(store, given)
        if found is None:
            raise MemoryNotFound(f"No memory has the id {str(given)!r}. List those there are with get_all().")
        return found.id
