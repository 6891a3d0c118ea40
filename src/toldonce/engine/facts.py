"""What an owner's memories state as facts, read once a memory and kept until something about it changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from toldonce.caches import LRUCache
from toldonce.remember.facts import Statement, claims
from toldonce.remember.facts.stored import StoredFact, stored_facts
from toldonce.stores.protocol import FactMemory, Read, SpokenMemory

KEPT = 256
"""Owners whose statements are kept: a few KB each, since few memories state a fact."""


class _Known(NamedTuple):
    version: int
    """The owner's, at which it was true."""
    statements: Mapping[int, tuple[str | None, tuple[Statement, ...]]]
    """By memory that states something: its last day, and what it states, once for each time it counts as said."""


class _KnownFacts(NamedTuple):
    version: int
    """The owner's, at which it was true."""
    rows: Mapping[int, FactMemory]
    facts: Sequence[StoredFact]


class FactCache:
    """Statements by owner; what was written since is all that is read again. Any thread may ask."""

    def __init__(self) -> None:
        self._known: LRUCache[int, _Known] = LRUCache(KEPT, owner_of=lambda owner_id: owner_id)

    def statements(self, store: Read, owner_id: int, today: str) -> list[Statement]:
        """What the owner's memories state, but for those that expired before ``today`` (YYYY-MM-DD)."""
        version = store.owner_version(owner_id)
        known = self._known.get(owner_id)
        if known is None or known.version > version:  # newer than what this read sees
            known = _Known(0, {})
        if known.version < version:
            found = dict(known.statements)
            for memory in store.spoken(owner_id, known.version):
                found.pop(memory.memory_id, None)
                if stated := _stated(memory):
                    found[memory.memory_id] = (memory.expires_on, stated)
            known = _Known(version, found)
            self._known.put(owner_id, known)
        return [
            statement
            for expires_on, stated in known.statements.values()
            if expires_on is None or expires_on >= today
            for statement in stated
        ]

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """See ``caches.Cache``."""
        self._known.forget(owner_ids)


class StoredFacts:
    """Facts that a model read, by owner; what was written since is all that is read again. Any thread may ask."""

    def __init__(self) -> None:
        self._known: LRUCache[int, _KnownFacts] = LRUCache(KEPT, owner_of=lambda owner_id: owner_id)

    def of(self, store: Read, owner_id: int) -> Sequence[StoredFact]:
        """All of the owner's facts, superseded ones among them."""
        version = store.owner_version(owner_id)
        known = self._known.get(owner_id)
        if known is None or known.version > version:  # newer than what this read sees
            known = _KnownFacts(0, {}, ())
        if known.version < version:
            rows = dict(known.rows)
            changed = store.facts(owner_id, known.version)
            rows |= {row.memory_id: row for row in changed}
            facts = stored_facts(list(rows.values())) if changed else known.facts
            known = _KnownFacts(version, rows, facts)
            self._known.put(owner_id, known)
        return known.facts

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """See ``caches.Cache``."""
        self._known.forget(owner_ids)


def _stated(memory: SpokenMemory) -> tuple[Statement, ...]:
    """What a memory states. Said again, it holds again: "I live in Oslo" may come true a second time."""
    moments = dict.fromkeys((memory.first_said_at, memory.said_at))
    found = [Statement(memory.uid, at, memory.recorded_at, tuple(claims(memory.text, at))) for at in moments]
    return tuple(statement for statement in found if statement.claims)
