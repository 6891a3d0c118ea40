"""Keeping what was proved, inside one transaction: each fact once, with all its evidence, and what it takes the place
of closed. Writes are serial for each owner, so of a thousand who learn the same one makes it and the others add to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toldonce.remember.facts.checks import Proved, about_the_same
from toldonce.remember.facts.stored import ASSISTANT, StoredFact, stored_facts
from toldonce.remember.facts.words import content, likeness, negated, numbers
from toldonce.stores.protocol import (
    Changes,
    ConversationAddress,
    EditedMemory,
    MemoryForUpdate,
    NewMemory,
    RepeatedMemory,
    Write,
)
from toldonce.text.digests import about, fact_digest
from toldonce.text.keys import indexed_tokens
from toldonce.types import Scope
from toldonce.uids import new_uid

SAME = 0.8
"""Likeness of two statements from which they are one fact, if their numbers are the same and both deny or neither."""


@dataclass(slots=True)
class Kept:
    """What came of the facts of one window."""

    versions: list[int] = field(default_factory=list)
    """What waits for a vector now."""
    counts: Counter[str] = field(default_factory=Counter)
    """``added``, ``repeated``, ``superseded``, and ``gone``: what proved it is there no more."""


@dataclass(slots=True)
class _Draft:
    """A fact that is about to be written."""

    proved: Proved
    home: MemoryForUpdate
    """The memory of the last message that proves it: a fact is whose that is, and as long as that is."""
    uid: str
    sources: list[int]
    body: dict[str, Any]
    superseded: bool = False


def keep(
    store: Write, project: str, owner_id: int, conversation_id: int, proved: Sequence[Proved], extractor: str, now: int
) -> Kept:
    """Write facts that messages of a conversation prove, as far as these are still there."""
    keeping = _Keeping(store, project, owner_id, conversation_id, extractor, now)
    homes = keeping.homes(proved)
    for one in proved:
        if (home := homes.get(one.places)) is None:
            keeping.kept.counts["gone"] += 1
        else:
            keeping.take(one, home)
    keeping.write()
    return keeping.kept


class _Keeping:
    """Takes facts one by one, then writes all that came of them."""

    def __init__(
        self, store: Write, project: str, owner_id: int, conversation_id: int, extractor: str, now: int
    ) -> None:
        self._store = store
        self._project = project
        self._owner_id = owner_id
        self._conversation_id = conversation_id
        self._extractor = extractor
        self._now = now
        self._known = stored_facts(store.facts(owner_id))
        self._memories = store.for_update([fact.memory_id for fact in self._known if fact.holds])
        self._drafts: list[_Draft] = []
        self._repeated: dict[int, RepeatedMemory] = {}
        self._closed: dict[int, Mapping[str, Any]] = {}
        self.kept = Kept()

    def homes(self, proved: Sequence[Proved]) -> dict[tuple[int, ...], MemoryForUpdate]:
        """By places: the memory of the last of these messages.

        Messages prove nothing any more once one of them was erased, or a memory of it deleted or corrected.
        """
        places = sorted({place for one in proved for place in one.places})
        if not places:
            return {}
        span = self._store.messages_at(self._conversation_id, places[0], places[-1] - places[0] + 1)
        there = {message.place for message in span}
        said = self._store.memories_said_at(self._conversation_id, places)
        ids = {memory.uid: self._store.locate(self._project, memory.uid) for found in said.values() for memory in found}
        memories = self._store.for_update([memory_id for memory_id in ids.values() if memory_id is not None])
        by_place: dict[int, list[MemoryForUpdate | None]] = {
            place: [memories.get(ids[memory.uid] or 0) for memory in found] for place, found in said.items()
        }
        homes: dict[tuple[int, ...], MemoryForUpdate] = {}
        for one in proved:
            found = [memory for place in one.places for memory in by_place.get(place, ())]
            as_said = [memory for memory in found if memory is not None and memory.version_id == memory.id]
            if there.issuperset(one.places) and as_said and len(as_said) == len(found):
                homes[one.places] = as_said[-1]
        return homes

    def take(self, one: Proved, home: MemoryForUpdate) -> None:
        """Find out what a fact is: known already, another than was known, or new."""
        for draft in self._drafts:
            if _same(one, draft.proved.statement, draft.proved.about, draft.proved.attribute, draft.proved.value):
                draft.sources = sorted({*draft.sources, *one.places})
                return
        same = [
            fact
            for fact in self._known
            if self._holds(fact)
            and about_the_same(one, fact)
            and self._kept_alike(fact, home)
            and (
                _same(one, fact.text, fact.about, fact.attribute, fact.value)
                or (fact.uid == one.repeats and negated(one.statement) == negated(fact.text))
            )
        ]
        if same:
            self._repeat(same[-1], one, home)
        else:
            self._add(one, home)

    def _holds(self, fact: StoredFact) -> bool:
        return fact.holds and fact.memory_id not in self._closed and fact.memory_id in self._memories

    def _kept_alike(self, fact: StoredFact, home: MemoryForUpdate) -> bool:
        """Whether it is kept with the same agent, app, details and expiry: otherwise it is told apart."""
        memory = self._memories[fact.memory_id]
        plain = {key: value for key, value in memory.metadata.items() if key != "categories"}
        told = {key: value for key, value in home.metadata.items() if key != "categories"}
        return (memory.scope.agent_id, memory.scope.app_id, memory.expires_on, plain) == (
            home.scope.agent_id,
            home.scope.app_id,
            home.expires_on,
            told,
        )

    def _repeat(self, fact: StoredFact, one: Proved, home: MemoryForUpdate) -> None:
        memory = self._memories[fact.memory_id]
        before = self._repeated.get(fact.memory_id)
        places = tuple(sorted({*one.places, *(before.places if before else ())}))
        scope, earlier = _in_run(memory, home.scope.run_id)
        said_at = max(one.said_at, before.said_at if before else memory.said_at)
        tokens = indexed_tokens(memory.text, memory.actor_id, memory.said_at).tobytes()
        day = indexed_tokens("", None, said_at).tobytes()
        self._repeated[fact.memory_id] = RepeatedMemory(
            id=fact.memory_id,
            version_id=memory.version_id,
            scope=scope,
            earlier_runs=earlier,
            sayings=memory.sayings + len(places),
            said_at=said_at,
            tokens=tokens if day in tokens else tokens + day,
            places=places,
            fact={key: value for key, value in fact.body.items() if key not in ("superseded_at", "superseded_by")},
        )
        self.kept.counts["repeated"] += 1

    def _add(self, one: Proved, home: MemoryForUpdate) -> None:
        draft = _Draft(one, home, new_uid(self._now), list(one.places), self._body(one))
        for fact in self._known:
            if self._holds(fact) and about_the_same(one, fact) and self._replaces(one, fact):
                self._replace(draft, fact)
        self._drafts.append(draft)
        self.kept.counts["added"] += 1

    def _replaces(self, one: Proved, fact: StoredFact) -> bool:
        """Whether both cannot hold: the model says so, or the one denies what the other says."""
        if self._memories[fact.memory_id].metadata.get("immutable"):
            return False
        if fact.uid in (one.replaces, one.repeats):
            return True
        return (
            one.attribute == fact.attribute.casefold()
            and content(one.value) == content(fact.value)
            and negated(one.statement) != negated(fact.text)
        )

    def _replace(self, draft: _Draft, fact: StoredFact) -> None:
        """Of two that cannot both hold, the one that was said last holds, whichever was learned last."""
        one = draft.proved
        if one.said_at >= fact.said_at:
            until = one.said_at if one.valid_from is None else one.valid_from
            ended = {"superseded_at": self._now, "superseded_by": draft.uid, "valid_to": until}
            self._closed[fact.memory_id] = {**fact.body, **ended}
        else:
            begins = fact.time("valid_from")
            until = fact.said_at if begins is None else begins
            draft.body |= {"superseded_at": self._now, "superseded_by": fact.uid, "valid_to": until}
            draft.superseded = True
        self.kept.counts["superseded"] += 1

    def _body(self, one: Proved) -> dict[str, Any]:
        told = {
            "about": one.about,
            "attribute": one.attribute,
            "value": one.value,
            "category": one.category,
            "origin": one.origin,
            "extractor": self._extractor,
            "valid_from_precision": one.valid_from_precision,
        }
        times = {"valid_from": one.valid_from, "valid_to": one.valid_to}
        return {**told, **{key: at for key, at in times.items() if at is not None}}

    def write(self) -> None:
        """Write what came of all of them, in a few statements."""
        if self._drafts or self._repeated:
            self.kept.versions += self._store.apply(self._changes())
        for memory_id, body in self._closed.items():
            memory = self._memories[memory_id]
            closed = EditedMemory(
                memory, memory.metadata, memory.expires_on, memory.said_at, memory.text, None, None, body
            )
            self.kept.versions += self._store.edit(closed, self._now)

    def _changes(self) -> Changes:
        kind, entity = self._store.describe([self._owner_id])[self._owner_id]
        return Changes(
            address=ConversationAddress(self._project, kind, entity, ""),
            owner_id=self._owner_id,
            conversation_id=self._conversation_id,
            at=self._now,
            messages=(),
            released_ids=(),
            memories=[self._memory(draft) for draft in self._drafts],
            repeated=list(self._repeated.values()),
            session=None,
            last_memory=None,
            last_said_at=None,
        )

    def _memory(self, draft: _Draft) -> NewMemory:
        one, home = draft.proved, draft.home
        metadata = {key: value for key, value in home.metadata.items() if one.labels == () or key != "categories"}
        if one.labels:
            metadata["categories"] = list(one.labels)
        details = about(home.scope.agent_id, home.scope.app_id, metadata, home.expires_on)
        digest = fact_digest(self._store.digest_key, one.about, one.statement, *details)
        return NewMemory(
            uid=draft.uid,
            scope=home.scope,
            text=one.statement,
            tokens=indexed_tokens(one.statement, one.actor, one.said_at).tobytes(),
            role="assistant" if one.about == ASSISTANT else "user",
            actor_id=one.actor,
            session=None,
            previous=None,
            answers=False,
            digest=None if draft.superseded else digest,
            metadata=metadata,
            expires_on=home.expires_on,
            said_at=one.said_at,
            sayings=1,
            created_at=one.said_at,
            sources=tuple((place, "proof") for place in draft.sources),
            fact=draft.body,
        )


def _same(one: Proved, statement: str, whom: str, attribute: str, value: str) -> bool:
    """Whether a fact says what another does."""
    if one.about.casefold() != whom.casefold() or negated(one.statement) != negated(statement):
        return False
    if " ".join(one.statement.split()) == " ".join(statement.split()):
        return True
    if numbers(one.statement) != numbers(statement):
        return False
    if one.attribute == attribute.casefold() and content(one.value) == content(value):
        return True
    return likeness(content(one.statement), content(statement)) >= SAME


def _in_run(memory: MemoryForUpdate, run_id: str | None) -> tuple[Scope, tuple[str, ...]]:
    """The scope and the earlier runs of a memory that is proved in this run too; its latest run is the one it shows."""
    scope, earlier = memory.scope, memory.earlier_runs
    if run_id is None or run_id == scope.run_id:
        return scope, earlier
    runs = tuple(run for run in (*earlier, scope.run_id) if run is not None and run != run_id)
    return Scope(scope.user_id, scope.agent_id, scope.app_id, run_id), runs
