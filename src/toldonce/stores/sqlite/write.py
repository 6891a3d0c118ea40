"""Writing the SQLite store: the statements behind each step of a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from toldonce.errors import StoreError
from toldonce.stores.protocol import Changes, Conversation, JournalMessage, MemoryForUpdate, Unembedded
from toldonce.stores.sqlite import conversation
from toldonce.stores.sqlite.conversation import memberships
from toldonce.stores.sqlite.feed import SqliteFeedWrite
from toldonce.stores.sqlite.ids import SEQUENCE_BITS, first_id
from toldonce.stores.sqlite.jobs import SqliteJobsWrite
from toldonce.stores.sqlite.named import SQL
from toldonce.stores.sqlite.read import SqliteRead, all_runs, read_message
from toldonce.stores.sqlite.rebuilding import SqliteRebuildWrite
from toldonce.stores.sqlite.serving import SqliteServingWrite
from toldonce.stores.sqlite.transfer import SqliteTransferWrite
from toldonce.types import EntityKind, Scope
from toldonce.uids import new_uid

_TABLES = (
    "owner",
    "conversation",
    "message",
    "event",
    "operation",
    "memory",
    "locator",
    "memory_version",
    "source",
    "membership",
    "token",
    "vector",
    "unembedded",
    "rebuilt_vector",
    "rebuilt_token",
    "rebuilt_owner",
    "call",
    "feedback",
    "export",
    "change",
    "feed_reader",
    "job",
    "delivery",
)

_DERIVED = ("drop_tokens", "drop_vector", "drop_unembedded", "drop_rebuilt_tokens", "drop_rebuilt_vector")


class SqliteWrite(SqliteRead):
    """One unit of work inside the writer's transaction."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._versions: dict[int, int] = {}
        self.deleted_of: set[int] = set()
        """Owners of whom something was deleted."""
        self.erased = False
        """Everything was."""

    @property
    def serving(self) -> SqliteServingWrite:
        return SqliteServingWrite(self._connection)

    @property
    def jobs(self) -> SqliteJobsWrite:
        return SqliteJobsWrite(self._connection)

    @property
    def feed(self) -> SqliteFeedWrite:
        return SqliteFeedWrite(self._connection)

    @property
    def transfer(self) -> SqliteTransferWrite:
        return SqliteTransferWrite(self._connection, self.reserve, self.bump)

    @property
    def rebuilding(self) -> SqliteRebuildWrite:
        return SqliteRebuildWrite(self._connection)

    def keep_setting(self, key: str, value: str | None) -> None:
        if value is None:
            self._rows("drop_setting", key)
        else:
            self._rows("keep_setting", key, value)

    def ensure_owner(self, project: str, kind: EntityKind, entity_id: str, now: int) -> int:
        owner_id = self._value("owner_by_name", project, kind, entity_id)
        if owner_id is None:
            self._rows("add_owner", project, kind, entity_id, now)
            owner_id = self._connection.last_insert_rowid()
        return int(owner_id)

    def bump(self, owner_id: int) -> int:
        if owner_id not in self._versions:
            self._versions[owner_id] = int(self._value("bump_owner", owner_id))
        return self._versions[owner_id]

    def reserve(self, owner_id: int, count: int) -> int:
        first: int
        first, self._versions[owner_id] = self._value("reserve_ids", owner_id, count, owner_id not in self._versions)
        if first + count > 1 << SEQUENCE_BITS:
            raise StoreError(f"This owner has written {first} memories and versions, the most one owner can hold.")
        return first_id(owner_id) + first

    def apply(self, changes: Changes) -> list[int]:
        owner_id = changes.owner_id
        if owner_id is None:
            owner_id = self.ensure_owner(*changes.address[:3], changes.at)
        return conversation.apply(self._connection, changes, owner_id, self.reserve, self.bump)

    def ensure_conversation(self, owner_id: int, key: str) -> Conversation:
        row = self._rows("conversation", owner_id, key).fetchone()
        if row is not None:
            return Conversation(*row)
        self._rows("add_conversation", owner_id, key)
        return Conversation(self._connection.last_insert_rowid(), 0, None, None, None)

    def keep_conversation(self, conversation: Conversation) -> None:
        self._rows(
            "keep_conversation",
            conversation.id,
            conversation.next_place,
            conversation.session_id,
            conversation.last_said_at,
            conversation.last_memory_id,
        )

    def tail(self, conversation_id: int, before: int, count: int) -> list[JournalMessage]:
        end = first_id(conversation_id) + before
        return [read_message(row) for row in self._rows("tail", max(end - count, first_id(conversation_id)), end)]

    def append_messages(self, conversation: Conversation, messages: Sequence[JournalMessage]) -> None:
        base = first_id(conversation.id)
        if conversation.next_place + len(messages) >= 1 << SEQUENCE_BITS:
            raise StoreError("This conversation holds as many messages as one can; go on in another run.")
        self._connection.executemany(
            SQL["add_message"],
            [
                (
                    base + m.place,
                    conversation.id,
                    m.role,
                    m.name,
                    m.content,
                    m.said_at,
                    int(m.timed),
                    m.recorded_at,
                    m.digest,
                    m.external_id,
                    m.agent_id,
                    m.app_id,
                    m.run_id,
                )
                for m in messages
            ],
        )
        conversation.next_place = messages[-1].place + 1

    def replace_text(
        self, memory: MemoryForUpdate, version_id: int, text: str, tokens: bytes, digest: bytes | None, now: int
    ) -> None:
        changed = self.bump(memory.owner_id)
        self._rows("add_version", version_id, memory.id, text, memory.said_at, now)
        self._rows("close_version", memory.version_id, now, version_id)
        self._rows("drop_unembedded", memory.version_id)
        self._rows("keep_tokens", version_id, tokens)
        self._rows("keep_text", memory.id, changed, version_id, digest, now)
        self._rows("await_vector", version_id, changed)

    def keep_details(self, memory: MemoryForUpdate, now: int) -> None:
        metadata = json.dumps(memory.metadata, ensure_ascii=False, sort_keys=True)
        self._rows("keep_details", memory.id, self.bump(memory.owner_id), metadata, memory.expires_on, now)

    def keep_time(self, memory: MemoryForUpdate, tokens: bytes) -> None:
        self._rows("keep_time", memory.id, self.bump(memory.owner_id), memory.said_at)
        self._rows("keep_tokens", memory.version_id, tokens)

    def embed_again(self, owner_id: int, memories: Sequence[tuple[int, int]]) -> list[int]:
        changed = self.bump(owner_id)
        for memory_id, version_id in memories:
            self._rows("drop_vector", version_id)
            self._rows("drop_rebuilt_vector", version_id)
            self._rows("await_vector", version_id, changed)
            self._rows("touch", memory_id, changed)
        return [version_id for _, version_id in memories]

    def delete_memory(self, memory: MemoryForUpdate, project: str, now: int) -> list[int]:
        changed = self.bump(memory.owner_id)
        self.deleted_of.add(memory.owner_id)
        self._rows("mark_deleted", memory.id, changed, now)
        self._rows("forget_last", memory.id, memory.previous_id, memory.owner_id)
        for (version_id,) in self._rows("versions_of", memory.id).fetchall():
            for statement in _DERIVED:
                self._rows(statement, version_id)
        for run_id in (*memory.earlier_runs, memory.scope.run_id):
            scope = Scope(memory.scope.user_id, memory.scope.agent_id, memory.scope.app_id, run_id)
            for kind, entity_id in memberships(scope):
                self._rows("end_membership", project, kind, entity_id, memory.owner_id, memory.id)
        followers = self.successors(memory.id)
        for successor, _ in followers:
            self._rows("relink", successor, memory.previous_id, changed)
        return self.embed_again(memory.owner_id, followers)

    def leave_run(self, memory: MemoryForUpdate, project: str, run_id: str) -> None:
        for (message_id,) in self._rows("sayings_in_run", memory.id, run_id).fetchall():
            self._rows("drop_source", memory.id, message_id)
            memory.sayings -= 1
        runs = [run for run in all_runs(json.dumps(memory.earlier_runs), memory.scope.run_id) if run != run_id]
        said_at = self._value("last_saying", memory.id) or memory.said_at
        changed = self.bump(memory.owner_id)
        earlier = json.dumps(runs[:-1]) if runs[:-1] else None
        self._rows("keep_runs", memory.id, changed, runs[-1], earlier, max(memory.sayings, 1), said_at)
        self._rows("end_membership", project, "run", run_id, memory.owner_id, memory.id)

    def successors(self, memory_id: int) -> list[tuple[int, int]]:
        rows: list[Any] = self._rows("successors", memory_id).fetchall()
        return [(row[0], row[1]) for row in rows]

    def log(self, event: str, kind: str, entries: Sequence[tuple[int, int | None, int | None]], now: int) -> str:
        uid = new_uid(now)
        self._rows("add_event", uid, event, now)
        self._connection.executemany(
            SQL["add_operation"], [(memory_id, uid, kind, old, new) for memory_id, old, new in entries]
        )
        self._rows("add_changes", json.dumps([memory_id for memory_id, _, _ in entries]))
        return uid

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, bytes]]) -> int:
        take = self._connection.executemany(
            SQL["take_unembedded"], [(version.version_id, version.stamp) for version, _ in vectors]
        )
        taken = {row[0] for row in take}
        kept = [(version, embedding) for version, embedding in vectors if version.version_id in taken]
        self._connection.executemany(SQL["keep_vector"], [(version.version_id, blob) for version, blob in kept])
        self._connection.executemany(
            SQL["touch"], [(version.memory_id, self.bump(version.memory_id >> SEQUENCE_BITS)) for version, _ in kept]
        )
        return len(kept)

    def erase_everything(self) -> None:
        """Ids of owners are never reused, so what other processes hold in RAM of the old ones is never asked for."""
        self.erased = True
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table}")
        self._rows("tell_from_the_beginning")  # the feed begins anew
