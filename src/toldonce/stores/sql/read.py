"""Reading a store: one transaction, one view."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from toldonce.caches import LRUCache
from toldonce.stores.protocol import (
    ConversationQuery,
    ConversationView,
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
from toldonce.stores.sql.columns import corrupt, number, text, text_or_none, whole
from toldonce.stores.sql.conversation import Conversations
from toldonce.stores.sql.database import Database, Part, Rows
from toldonce.stores.sql.erasing import ErasingReader
from toldonce.stores.sql.feed import FeedReader
from toldonce.stores.sql.ids import SEQUENCE_BITS, first_id, last_id
from toldonce.stores.sql.index_rows import index_rows
from toldonce.stores.sql.jobs import JobsReader
from toldonce.stores.sql.rebuilding import RebuildReader
from toldonce.stores.sql.rows import damaged, entry, fact, for_update, owner, read_message, record, source, unembedded
from toldonce.stores.sql.serving import ServingReader
from toldonce.stores.sql.transfer import TransferReader
from toldonce.types import EntityKind, MemoryRecord, Scope

T = TypeVar("T")

_NEVER = (1 << 63) - 1
"""A time after all others."""

KNOWN = 1024
LONGEST_KNOWN = 64
"""How many answers ``once`` keeps, and how long a list may be: what a filter reaches may be everybody."""

Shown: TypeAlias = LRUCache[int, tuple[int, MemoryRecord]]
"""Records by memory id, each with the owner version it was read at, and true as long as that is the version."""


class Reader(Part):
    """Questions over a database inside a transaction that someone else began.

    ``shown`` and ``known`` (what ``once`` worked out at this epoch of the store) are for transactions that only read: a
    version that was never committed may come again with other content.
    """

    file = "queries"

    def __init__(
        self,
        database: Database,
        conversations: Conversations,
        digest_key: bytes,
        shown: Shown | None = None,
        known: dict[Hashable, Any] | None = None,
    ) -> None:
        super().__init__(database)
        self._conversations = conversations
        self.digest_key = digest_key
        self._shown = shown
        self._known = known
        self.passed_over = 0

    @property
    def serving(self) -> ServingReader:
        return ServingReader(self._database)

    @property
    def jobs(self) -> JobsReader:
        return JobsReader(self._database)

    @property
    def feed(self) -> FeedReader:
        return FeedReader(self._database)

    @property
    def erasing(self) -> ErasingReader:
        return ErasingReader(self._database)

    @property
    def transfer(self) -> TransferReader:
        return TransferReader(self._database)

    @property
    def rebuilding(self) -> RebuildReader:
        return RebuildReader(self._database)

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        if self._known is None:
            return work()
        if key in self._known:
            found: T = self._known[key]
            return found
        found = work()
        if not isinstance(found, list) or len(found) <= LONGEST_KNOWN:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[key] = found
        return found

    def setting(self, key: str) -> str | None:
        value: str | None = whole(f"The setting {key!r}", lambda: text_or_none(self._value("setting", key)))
        return value

    def owners(
        self, project: str, kind: EntityKind | None, entity_ids: Iterable[str] | None
    ) -> dict[int, tuple[EntityKind, str]]:
        if kind is None:
            return self._owners("owners_of_project", project)
        if entity_ids is None:
            return self._owners("owners_of_kind", project, kind)
        return self._owners("owners_named", project, kind, _json(entity_ids))

    def describe(self, owner_ids: Iterable[int]) -> dict[int, tuple[EntityKind, str]]:
        return self._owners("describe", _json(owner_ids))

    def _owners(self, name: str, *values: Any) -> dict[int, tuple[EntityKind, str]]:
        return dict(self._read("Owner", owner, name, *values))

    def owners_with(self, project: str, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        if entity_ids is None:
            found = set(self.owners(project, kind, None))
            return found | {row[0] for row in self._rows("members_of_kind", project, kind)}
        names = list(entity_ids)
        found = set(self.owners(project, kind, names))
        return found | {row[0] for row in self._rows("members_named", project, kind, _json(names))}

    def owner_version(self, owner_id: int) -> int:
        def look() -> int:
            version = self._value("owner_version", owner_id)
            return 0 if version is None else number(version)

        return self.once(owner_id, lambda: whole(f"Owner {owner_id}", look))

    def unread(self, owner_id: int, since: int, most: int) -> int:
        return int(self._value("unread", owner_id, since, most)) if self.owner_version(owner_id) > since else 0

    def changes(self, owner_id: int, since: int) -> OwnerChange:
        version = self.owner_version(owner_id)
        if version <= since:
            return OwnerChange(version, [], [])
        if since:
            return OwnerChange(version, *index_rows(self._memories(), self._sql["changed_rows"], (owner_id, since)))
        bounds = (first_id(owner_id), last_id(owner_id))
        return OwnerChange(version, *index_rows(self._memories(), self._sql["all_rows"], bounds))

    def expired(self, owner_id: int, today: str) -> list[int]:
        return [row[0] for row in self._rows("expired", owner_id, today)]

    def records(self, memory_ids: Sequence[int], *, strict: bool = False) -> dict[int, MemoryRecord]:
        if self._shown is None:
            return self._records(memory_ids, strict)
        owners = {memory_id >> SEQUENCE_BITS for memory_id in memory_ids}
        versions = {owner_id: self.owner_version(owner_id) for owner_id in owners}
        found: dict[int, MemoryRecord] = {}
        unknown: list[int] = []
        for memory_id in memory_ids:
            shown = self._shown.get(memory_id)
            if shown is not None and shown[0] == versions[memory_id >> SEQUENCE_BITS]:
                found[memory_id] = shown[1]
            else:
                unknown.append(memory_id)
        for memory_id, shown_now in self._records(unknown, strict).items():
            found[memory_id] = shown_now
            self._shown.put(memory_id, (versions[memory_id >> SEQUENCE_BITS], shown_now))
        return found

    def _records(self, memory_ids: Sequence[int], strict: bool) -> dict[int, MemoryRecord]:
        if not memory_ids:
            return {}
        return dict(self._memories(strict=strict).read(self._sql["records"], (_json(memory_ids),), _record))

    def _memories(self, *, strict: bool = False) -> Rows:
        return self._database.reader("Memory", strict=strict)

    def page(
        self,
        owner_ids: Sequence[int],
        *,
        limit: int,
        offset: int = 0,
        before: tuple[int, int] | None = None,
        today: str | None = None,
    ) -> list[tuple[int, MemoryRecord]]:
        bounds = (*(before or (_NEVER, 0)), today, limit, offset)
        rows = self._memories()
        # Of one owner the rows come in the order of an index, and the statement ends after the page.
        name, who = ("page_of_one", owner_ids[0]) if len(owner_ids) == 1 else ("page_of_several", _json(owner_ids))
        found = list(rows.read(self._sql[name], (who, *bounds), _record))
        if rows.damaged and not found:
            raise corrupt("All that this page holds")
        self.passed_over += rows.damaged
        return found

    def count(self, owner_ids: Sequence[int], *, today: str | None = None) -> int:
        return int(self._value("count", _json(owner_ids), today))

    def carriers(self, owner_id: int, project: str, entities: Sequence[tuple[EntityKind, str]]) -> list[int]:
        if not entities:
            return [row[0] for row in self._rows("all_of_owner", first_id(owner_id), last_id(owner_id))]
        found = [{row[0] for row in self._rows("carriers", project, *entity, owner_id)} for entity in entities]
        return sorted(set.intersection(*found))

    def records_of(self, owner_id: int, since: int = 0) -> dict[int, MemoryRecord]:
        if since:
            return dict(self._memories().read(self._sql["changed_records"], (owner_id, since), _record))
        bounds = (first_id(owner_id), last_id(owner_id))
        return dict(self._memories().read(self._sql["records_of_owner"], bounds, _record))

    def spoken(self, owner_id: int, since: int = 0) -> list[SpokenMemory]:
        return [SpokenMemory(*row) for row in self._rows("spoken", owner_id, since)]

    def facts(self, owner_id: int, since: int = 0) -> list[FactMemory]:
        return list(self._memories().read(self._sql["facts"], (owner_id, since), fact))

    def facts_resting_on(self, memory_ids: Sequence[int]) -> list[int]:
        return [row[0] for row in self._rows("facts_resting_on", _json(memory_ids))]

    def locate(self, project: str, uid: str) -> int | None:
        row = self._row("locate", uid, project)
        if row is None:
            return None
        memory_id, is_that = row
        if not is_that:
            raise corrupt(f"The place of memory {uid}")
        return int(memory_id)

    def for_update(self, memory_ids: Sequence[int]) -> dict[int, MemoryForUpdate]:
        there = [row[0] for row in self._rows("there", _json(memory_ids))]
        found = dict(
            self._memories().read(self._sql["for_update"], (_json(there),), lambda row: (row[0], for_update(row)))
        )
        return {memory_id: found.get(memory_id) or damaged(memory_id) for memory_id in there}

    def known_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, KnownWords]:
        return self._conversations.known_words(owner_id, digests)

    def conversation(self, query: ConversationQuery) -> ConversationView:
        return self._conversations.load(query, self.digest_key)

    def messages_at(self, conversation_id: int, place: int, limit: int) -> list[JournalMessage]:
        return self._conversations.messages_at(conversation_id, place, limit)

    def memories_said_at(self, conversation_id: int, places: Sequence[int]) -> dict[int, list[SaidMemory]]:
        return self._conversations.memories_said_at(conversation_id, places)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        return whole(f"The history of memory {memory_id}", lambda: list(map(entry, self._rows("history", memory_id))))

    def sources(self, memory_ids: Sequence[int]) -> list[SourceMessage]:
        return self._all("A message of memory", source, "sources", _json(memory_ids))

    def messages(
        self, owner_ids: Iterable[int], scope: Scope, *, limit: int | None, offset: int, strict: bool = False
    ) -> list[JournalMessage]:
        found: list[JournalMessage] = []
        wanted = -1 if limit is None else limit + offset
        for owner_id in owner_ids:
            values = (owner_id, scope.agent_id, scope.app_id, scope.run_id, wanted)
            found += self._database.reader("Message", strict=strict).read(
                self._sql["messages_of_owner"], values, read_message
            )
        found.sort(key=lambda message: message.recorded_at)
        return found[offset : None if limit is None else offset + limit]

    def latest_messages(self, owner_ids: Sequence[int], scope: Scope, count: int) -> list[JournalMessage]:
        found: list[JournalMessage] = []
        conversations: list[Any] = self._rows("conversations", _json(owner_ids))
        conversations.sort(key=lambda row: type(row[1]) is int)  # where that row is damaged, it may be the latest
        for conversation_id, recorded_at in conversations:
            if type(recorded_at) is int and len(found) >= count and recorded_at < found[-count].recorded_at:
                break  # all that this conversation and those after it hold is older
            bounds = (first_id(conversation_id), last_id(conversation_id), scope.agent_id, scope.app_id, scope.run_id)
            rows = self._database.reader("Message")
            found += reversed(list(rows.read(self._sql["latest_messages"], (*bounds, count), read_message)))
            found.sort(key=lambda message: message.recorded_at)
        return found[-count:]

    def unembedded(self, version_ids: Sequence[int] | None, limit: int) -> list[Unembedded]:
        if version_ids is None:
            version_ids = self.unembedded_ids(0, limit)
        rows = self._database.reader("Version")
        return list(rows.read(self._sql["unembedded"], (_json(version_ids[:limit]),), unembedded))

    def unembedded_ids(self, after: int, limit: int) -> list[int]:
        return [row[0] for row in self._rows("unembedded_ids", after, limit)]

    def unembedded_count(self) -> int:
        return int(self._value("unembedded_count"))

    def projects_of(self, owner_ids: Collection[int]) -> dict[int, str]:
        return dict(self._read("Owner", lambda row: (row[0], text(row[1])), "projects_of", _json(owner_ids)))


def _record(row: tuple[Any, ...]) -> tuple[int, MemoryRecord]:
    """A memory's id and the memory whole."""
    return row[0], record(row)


def _json(values: Iterable[int | str]) -> str:
    """A set of values as one argument of a statement."""
    return json.dumps(list(values), ensure_ascii=False)
