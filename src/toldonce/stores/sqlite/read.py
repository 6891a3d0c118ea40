"""Reading the SQLite store: one transaction, one view."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from toldonce.caches import LRUCache
from toldonce.stores.protocol import (
    ConversationQuery,
    ConversationView,
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
from toldonce.stores.sqlite import conversation
from toldonce.stores.sqlite.erasing import SqliteErasingRead
from toldonce.stores.sqlite.feed import SqliteFeedRead
from toldonce.stores.sqlite.ids import SEQUENCE_BITS, first_id, last_id
from toldonce.stores.sqlite.jobs import SqliteJobsRead
from toldonce.stores.sqlite.named import SQL
from toldonce.stores.sqlite.rebuilding import SqliteRebuildRead
from toldonce.stores.sqlite.serving import SqliteServingRead
from toldonce.stores.sqlite.transfer import SqliteTransferRead
from toldonce.types import EntityKind, IndexRow, MemoryRecord, Scope

T = TypeVar("T")

_BLOCK = 1024
"""Vectors read into one piece of memory."""

_NEVER = (1 << 63) - 1
"""A time after all others."""

KNOWN = 1024
LONGEST_KNOWN = 64
"""How many answers ``once`` keeps, and how long a list may be: what a filter reaches may be everybody."""

Shown: TypeAlias = LRUCache[int, tuple[int, MemoryRecord]]
"""Records by memory id, each with the owner version it was read at, and true as long as that is the version."""


class SqliteRead:
    """Queries over a connection inside a transaction that someone else began.

    ``shown`` and ``known`` (what ``once`` worked out at this epoch of the store) are for transactions that only read: a
    version that was never committed may come again with other content.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        digest_key: bytes,
        shown: Shown | None = None,
        known: dict[Hashable, Any] | None = None,
    ) -> None:
        self.digest_key = digest_key
        self._connection = connection
        self._shown = shown
        self._known = known

    @property
    def serving(self) -> SqliteServingRead:
        return SqliteServingRead(self._connection)

    @property
    def jobs(self) -> SqliteJobsRead:
        return SqliteJobsRead(self._connection)

    @property
    def feed(self) -> SqliteFeedRead:
        return SqliteFeedRead(self._connection)

    @property
    def erasing(self) -> SqliteErasingRead:
        return SqliteErasingRead(self._connection)

    @property
    def transfer(self) -> SqliteTransferRead:
        return SqliteTransferRead(self._connection)

    @property
    def rebuilding(self) -> SqliteRebuildRead:
        return SqliteRebuildRead(self._connection)

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(SQL[name], values)

    def _value(self, name: str, *values: Any) -> Any:
        return self._connection.execute(SQL[name], values).get

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
        value = self._value("setting", key)
        return None if value is None else str(value)

    def owners(
        self, project: str, kind: EntityKind | None, entity_ids: Iterable[str] | None
    ) -> dict[int, tuple[EntityKind, str]]:
        if kind is None:
            return {row[0]: (row[1], row[2]) for row in self._rows("owners_of_project", project)}
        if entity_ids is None:
            return {row[0]: (row[1], row[2]) for row in self._rows("owners_of_kind", project, kind)}
        rows = self._rows("owners_named", project, kind, _json(entity_ids))
        return {row[0]: (row[1], row[2]) for row in rows}

    def describe(self, owner_ids: Iterable[int]) -> dict[int, tuple[EntityKind, str]]:
        return {row[0]: (row[1], row[2]) for row in self._rows("describe", _json(owner_ids))}

    def owners_with(self, project: str, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        if entity_ids is None:
            found = set(self.owners(project, kind, None))
            return found | {row[0] for row in self._rows("members_of_kind", project, kind)}
        names = list(entity_ids)
        found = set(self.owners(project, kind, names))
        return found | {row[0] for row in self._rows("members_named", project, kind, _json(names))}

    def owner_version(self, owner_id: int) -> int:
        return self.once(owner_id, lambda: int(self._value("owner_version", owner_id) or 0))

    def changes(self, owner_id: int, since: int) -> OwnerChange:
        version = self.owner_version(owner_id)
        rows: list[IndexRow] = []
        deleted: list[int] = []
        if version > since:
            found = (
                self._rows("changed_rows", owner_id, since)
                if since
                else self._rows("all_rows", first_id(owner_id), last_id(owner_id))
            )
            vectors = _Vectors()
            for memory_id, deleted_at, ids, embedding, previous_id, session_id, role, actor_id, said_at in found:
                if deleted_at is not None:
                    deleted.append(memory_id)
                    continue
                vector = None if embedding is None else vectors.keep(embedding)
                tokens = np.frombuffer(ids or b"", np.uint32)
                rows.append(IndexRow(memory_id, tokens, vector, previous_id, session_id, role, actor_id, said_at))
        return OwnerChange(version, rows, deleted)

    def expired(self, owner_id: int, today: str) -> list[int]:
        return [row[0] for row in self._rows("expired", owner_id, today)]

    def records(self, memory_ids: Sequence[int]) -> dict[int, MemoryRecord]:
        if self._shown is None:
            return self._records(memory_ids)
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
        for memory_id, record in self._records(unknown).items():
            found[memory_id] = record
            self._shown.put(memory_id, (versions[memory_id >> SEQUENCE_BITS], record))
        return found

    def _records(self, memory_ids: Sequence[int]) -> dict[int, MemoryRecord]:
        found = self._rows("records", _json(memory_ids)) if memory_ids else ()
        return {row[0]: _record(row) for row in found}

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
        found = (  # of one owner the rows come in the order of an index, and the statement ends after the page
            self._rows("page_of_one", owner_ids[0], *bounds)
            if len(owner_ids) == 1
            else self._rows("page_of_several", _json(owner_ids), *bounds)
        )
        return [(row[0], _record(row)) for row in found]

    def count(self, owner_ids: Sequence[int], *, today: str | None = None) -> int:
        return int(self._value("count", _json(owner_ids), today))

    def carriers(self, owner_id: int, project: str, entities: Sequence[tuple[EntityKind, str]]) -> list[int]:
        if not entities:
            return [row[0] for row in self._rows("all_of_owner", first_id(owner_id), last_id(owner_id))]
        found = [{row[0] for row in self._rows("carriers", project, *entity, owner_id)} for entity in entities]
        return sorted(set.intersection(*found))

    def records_of(self, owner_id: int, since: int = 0) -> dict[int, MemoryRecord]:
        found = (
            self._rows("changed_records", owner_id, since)
            if since
            else self._rows("records_of_owner", first_id(owner_id), last_id(owner_id))
        )
        return {row[0]: _record(row) for row in found}

    def spoken(self, owner_id: int, since: int = 0) -> list[SpokenMemory]:
        return [SpokenMemory(*row) for row in self._rows("spoken", owner_id, since)]

    def locate(self, project: str, uid: str) -> int | None:
        memory_id = self._value("locate", uid, project)
        return None if memory_id is None else int(memory_id)

    def for_update(self, memory_ids: Sequence[int]) -> dict[int, MemoryForUpdate]:
        return {row[0]: conversation.for_update(row) for row in self._rows("for_update", _json(memory_ids))}

    def known_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, KnownWords]:
        return conversation.known_words(self._connection, owner_id, digests)

    def conversation(self, query: ConversationQuery) -> ConversationView:
        return conversation.load(self._connection, query, self.digest_key)

    def memories_said_at(self, conversation_id: int, places: Sequence[int]) -> dict[int, list[SaidMemory]]:
        return conversation.memories_said_at(self._connection, conversation_id, places)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        return [HistoryEntry(*row) for row in self._rows("history", memory_id)]

    def sources(self, memory_ids: Sequence[int]) -> list[SourceMessage]:
        found = self._rows("sources", _json(memory_ids))
        return [SourceMessage(row[0], row[1], row[2] & last_id(0), row[3], row[4]) for row in found]

    def messages(
        self, owner_ids: Iterable[int], scope: Scope, *, limit: int | None, offset: int
    ) -> list[JournalMessage]:
        found: list[JournalMessage] = []
        wanted = -1 if limit is None else limit + offset
        for owner_id in owner_ids:
            rows = self._rows("messages_of_owner", owner_id, scope.agent_id, scope.app_id, scope.run_id, wanted)
            found += [read_message(row) for row in rows]
        found.sort(key=lambda message: message.recorded_at)
        return found[offset : None if limit is None else offset + limit]

    def latest_messages(self, owner_ids: Sequence[int], scope: Scope, count: int) -> list[JournalMessage]:
        found: list[JournalMessage] = []
        conversations: list[Any] = self._rows("conversations", _json(owner_ids)).fetchall()
        for conversation_id, recorded_at in conversations:
            if len(found) >= count and recorded_at < found[-count].recorded_at:
                break  # all that this conversation and those after it hold is older
            bounds = (first_id(conversation_id), last_id(conversation_id), scope.agent_id, scope.app_id, scope.run_id)
            rows = self._rows("latest_messages", *bounds, count).fetchall()
            found += [read_message(row) for row in reversed(rows)]
            found.sort(key=lambda message: message.recorded_at)
        return found[-count:]

    def unembedded(self, version_ids: Sequence[int] | None, limit: int) -> list[Unembedded]:
        if version_ids is None:
            version_ids = self.unembedded_ids(0, limit)
        return [Unembedded(*row) for row in self._rows("unembedded", _json(version_ids[:limit]))]

    def unembedded_ids(self, after: int, limit: int) -> list[int]:
        return [row[0] for row in self._rows("unembedded_ids", after, limit)]

    def unembedded_count(self) -> int:
        return int(self._value("unembedded_count"))

    def projects_of(self, owner_ids: Collection[int]) -> dict[int, str]:
        return dict(self._rows("projects_of", json.dumps(list(owner_ids))))


class _Vectors:
    """Vectors side by side, in memory that goes back to the system: one by one they leave holes in the heap."""

    def __init__(self) -> None:
        self._block = np.empty((0, 0), np.float32)
        self._used = 0

    def keep(self, embedding: bytes) -> NDArray[np.float32]:
        if self._used == len(self._block):
            pages = mmap.mmap(-1, _BLOCK * len(embedding))
            self._block, self._used = np.frombuffer(pages, np.float32).reshape(_BLOCK, -1), 0
        row: NDArray[np.float32] = self._block[self._used]
        row[:] = np.frombuffer(embedding, np.float32)
        self._used += 1
        return row


def _record(row: tuple[Any, ...]) -> MemoryRecord:
    (_, uid, text, user_id, agent_id, app_id, run_id, earlier, role, actor_id, *times) = row
    created_at, updated_at, said_at, sayings, expires_on, metadata = times
    return MemoryRecord(
        uid,
        text,
        user_id,
        agent_id,
        app_id,
        run_id,
        all_runs(earlier, run_id),
        role,
        actor_id,
        created_at,
        updated_at,
        said_at,
        sayings,
        expires_on,
        json.loads(metadata) if metadata != "{}" else {},
    )


def all_runs(earlier: str | None, run_id: str | None) -> tuple[str, ...]:
    """Every run a memory was said in, the latest last."""
    runs = tuple(json.loads(earlier)) if earlier else ()
    return runs if run_id is None else (*runs, run_id)


def read_message(row: tuple[Any, ...]) -> JournalMessage:
    (message_id, role, name, content, said_at, timed, recorded_at, digest, external_id, agent, app, run, key) = row
    return JournalMessage(
        place=message_id & last_id(0),
        role=role,
        name=name,
        content=content,
        said_at=said_at,
        timed=bool(timed),
        recorded_at=recorded_at,
        digest=digest,
        external_id=external_id,
        agent_id=agent,
        app_id=app,
        run_id=run,
        conversation=key,
    )


def _json(values: Iterable[int | str]) -> str:
    """A set of values as one argument of a statement."""
    return json.dumps(list(values), ensure_ascii=False)
