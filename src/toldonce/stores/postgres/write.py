"""Writing in PostgreSQL: what a transaction reads of an owner is locked before it is read.

Writes are serial for each owner, by a lock on the owner's row. An owner that is not there yet is locked by name. Owners
are locked in the order of their ids, so that two transactions that write for the same ones wait for each other in turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from toldonce.stores.postgres.conversation import PostgresConversations
from toldonce.stores.postgres.database import PostgresDatabase
from toldonce.stores.protocol import (
    ConversationQuery,
    ConversationView,
    Embedding,
    FactMemory,
    HistoryEntry,
    JournalMessage,
    KnownWords,
    MemoryForUpdate,
    OwnerChange,
    SaidMemory,
    SourceMessage,
    SpokenMemory,
    Unembedded,
)
from toldonce.stores.rebuilding import Stretch
from toldonce.stores.serving import Webhook
from toldonce.stores.sql.erasing import ErasingWriter
from toldonce.stores.sql.ids import SEQUENCE_BITS
from toldonce.stores.sql.rebuilding import RebuildWriter
from toldonce.stores.sql.serving import ServingWriter
from toldonce.stores.sql.write import Writing
from toldonce.types import EntityKind, MemoryRecord, Scope


class _ServingWriter(ServingWriter):
    def add_webhook(self, webhook: Webhook, most: int) -> bool:
        self._run("lock_webhooks", webhook.project)  # two that count at one moment would both find room
        return super().add_webhook(webhook, most)


class _ErasingWriter(ErasingWriter):
    def thin_out(self, number: int, now: int) -> list[int] | None:
        self._run("lock_owners", number)
        return super().thin_out(number, now)

    def carry_out(self, number: int, now: int) -> list[int]:
        self._run("lock_owners", number)
        return super().carry_out(number, now)


class _RebuildWriter(RebuildWriter):
    def next(self, after_owner: int, limit: int) -> Stretch:
        self._run("lock_settings")  # whoever keeps vectors has asked whose they are, and locks owners then
        self._run("lock_all_owners")
        return super().next(after_owner, limit)


class PostgresWrite(Writing):
    """One unit of work inside a transaction."""

    serving_writer = _ServingWriter
    erasing_writer = _ErasingWriter
    rebuild_writer = _RebuildWriter

    def __init__(self, database: PostgresDatabase, digest_key: bytes) -> None:
        super().__init__(database, PostgresConversations(database), digest_key)
        self._locked: set[int] = set()

    def _lock(self, owner_ids: Iterable[int]) -> None:
        wanted = sorted(set(owner_ids) - self._locked)
        if wanted:
            self._run("lock_owners", json.dumps(wanted))
            self._locked.update(wanted)

    def _lock_of(self, row_ids: Iterable[int]) -> None:
        self._lock(row_id >> SEQUENCE_BITS for row_id in row_ids)

    def conversation(self, query: ConversationQuery) -> ConversationView:
        named = query.address[:3]
        self._run("lock_owner_named", *named)
        view = super().conversation(query)
        if view.owner_id is None:
            self._run("lock_name", json.dumps(named))
            self._run("lock_owner_named", *named)
            view = super().conversation(query)
        if view.owner_id is not None:
            self._locked.add(view.owner_id)
        return view

    def setting(self, key: str) -> str | None:
        self._run("lock_settings_shared")
        return super().setting(key)

    def keep_setting(self, key: str, value: str | None) -> None:
        self._run("lock_settings")
        super().keep_setting(key, value)

    def owner_version(self, owner_id: int) -> int:
        self._lock([owner_id])
        return super().owner_version(owner_id)

    def changes(self, owner_id: int, since: int) -> OwnerChange:
        self._lock([owner_id])
        return super().changes(owner_id, since)

    def records(self, memory_ids: Sequence[int], *, strict: bool = False) -> dict[int, MemoryRecord]:
        self._lock_of(memory_ids)
        return super().records(memory_ids, strict=strict)

    def records_of(self, owner_id: int, since: int = 0) -> dict[int, MemoryRecord]:
        self._lock([owner_id])
        return super().records_of(owner_id, since)

    def spoken(self, owner_id: int, since: int = 0) -> list[SpokenMemory]:
        self._lock([owner_id])
        return super().spoken(owner_id, since)

    def facts(self, owner_id: int, since: int = 0) -> list[FactMemory]:
        self._lock([owner_id])
        return super().facts(owner_id, since)

    def facts_resting_on(self, memory_ids: Sequence[int]) -> list[int]:
        self._lock_of(memory_ids)
        return super().facts_resting_on(memory_ids)

    def page(
        self,
        owner_ids: Sequence[int],
        *,
        limit: int,
        offset: int = 0,
        before: tuple[int, int] | None = None,
        today: str | None = None,
    ) -> list[tuple[int, MemoryRecord]]:
        self._lock(owner_ids)
        return super().page(owner_ids, limit=limit, offset=offset, before=before, today=today)

    def count(self, owner_ids: Sequence[int], *, today: str | None = None) -> int:
        self._lock(owner_ids)
        return super().count(owner_ids, today=today)

    def carriers(self, owner_id: int, project: str, entities: Sequence[tuple[EntityKind, str]]) -> list[int]:
        self._lock([owner_id])
        return super().carriers(owner_id, project, entities)

    def expired(self, owner_id: int, today: str) -> list[int]:
        self._lock([owner_id])
        return super().expired(owner_id, today)

    def for_update(self, memory_ids: Sequence[int]) -> dict[int, MemoryForUpdate]:
        self._lock_of(memory_ids)
        return super().for_update(memory_ids)

    def known_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, KnownWords]:
        self._lock([owner_id])
        return super().known_words(owner_id, digests)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        self._lock_of([memory_id])
        return super().history(memory_id)

    def sources(self, memory_ids: Sequence[int]) -> list[SourceMessage]:
        self._lock_of(memory_ids)
        return super().sources(memory_ids)

    def messages_at(self, conversation_id: int, place: int, limit: int) -> list[JournalMessage]:
        self._run("lock_owner_of_conversation", conversation_id)
        return super().messages_at(conversation_id, place, limit)

    def memories_said_at(self, conversation_id: int, places: Sequence[int]) -> dict[int, list[SaidMemory]]:
        self._run("lock_owner_of_conversation", conversation_id)
        return super().memories_said_at(conversation_id, places)

    def messages(
        self, owner_ids: Iterable[int], scope: Scope, *, limit: int | None, offset: int, strict: bool = False
    ) -> list[JournalMessage]:
        owners = list(owner_ids)
        self._lock(owners)
        return super().messages(owners, scope, limit=limit, offset=offset, strict=strict)

    def latest_messages(self, owner_ids: Sequence[int], scope: Scope, count: int) -> list[JournalMessage]:
        self._lock(owner_ids)
        return super().latest_messages(owner_ids, scope, count)

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, Embedding]]) -> int:
        self._lock_of(version.version_id for version, _ in vectors)
        kept = self._still_waiting(vectors)
        if kept:
            vector = self._database.vector
            rows = [(version.version_id, vector(made.vector), made.tokens) for version, made in kept]
            self._many("keep_vectors", rows)
            ids = [version.memory_id for version, _ in kept]
            touched = [(memory_id, self._bump(memory_id >> SEQUENCE_BITS)) for memory_id in ids]
            self._run("touch", json.dumps(touched))
        return len(kept)
