"""Memories whole, in and out of SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any

import apsw

from toldonce.stores.protocol import Embedding, JournalMessage
from toldonce.stores.sqlite import conversation, digests
from toldonce.stores.sqlite.conversation import memberships
from toldonce.stores.sqlite.damage import Rows, data, json_object, json_texts, moment, number, text, text_or_none
from toldonce.stores.sqlite.ids import SEQUENCE_BITS, first_id, last_id
from toldonce.stores.sqlite.named import named_queries
from toldonce.stores.sqlite.rows import role
from toldonce.stores.transfer import Carried, Operation, Thread, Version
from toldonce.text.digests import about, words_digest
from toldonce.types import Scope

_SQL = named_queries((resources.files(__package__) / "transfer.sql").read_text("utf-8"))


class SqliteTransferRead:
    """Questions over a connection inside a transaction that someone else began."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(_SQL[name], values)

    def _value(self, name: str, *values: Any) -> Any:
        return self._connection.execute(_SQL[name], values).get

    def memories(self, owner_id: int, *, vectors: bool) -> Iterator[Carried]:
        rows = Rows(self._connection, "Memory", strict=True)
        bounds = (first_id(owner_id), last_id(owner_id))
        return rows.read(_SQL["memories"], bounds, lambda row: self._carried(row, vectors))

    def threads(self, owner_id: int) -> list[Thread]:
        return list(Rows(self._connection, "Conversation", strict=True).read(_SQL["threads"], (owner_id,), _thread))

    def located(self, uid: str) -> tuple[str, int] | None:
        row = self._rows("located", uid).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def _carried(self, row: tuple[Any, ...], vectors: bool) -> Carried:
        memory_id, uid, version_id, said_by, actor, user, agent, app, run, earlier, session, previous, *rest = row
        answers, digest, metadata, expires_on, said_at, sayings, created_at, updated_at, deleted_at, fact = rest
        versions: list[tuple[Any, ...]] = self._rows("versions", memory_id).fetchall()
        places = {version[0]: place for place, version in enumerate(versions)}
        for entity in (actor, user, agent, app, run, session, previous, expires_on):
            text_or_none(entity)
        return Carried(
            uid=text(uid),
            scope=Scope(user, agent, app, run),
            role=role(said_by),
            actor_id=actor,
            versions=[_version(version) for version in versions],
            current=places[version_id],
            said_at=moment(said_at),
            created_at=moment(created_at),
            updated_at=moment(updated_at),
            metadata=json_object(metadata),
            expires_on=expires_on,
            earlier_runs=json_texts(earlier) if earlier is not None else (),
            sayings=number(sayings),
            deleted_at=None if deleted_at is None else moment(deleted_at),
            answers=bool(answers),
            counts=digest is not None,
            previous=previous,
            session=None if session == uid else session,
            sources=[
                (text(key), message_id & last_id(0), text(kind))
                for key, message_id, kind in self._rows("sources", memory_id)
            ],
            history=[
                Operation(text(event), text(call), text(kind), places.get(old), places.get(new), moment(at))
                for event, call, kind, old, new, at in self._rows("operations", memory_id)
            ],
            embedding=self._embedding(version_id) if vectors else None,
            fact=None if fact is None else json_object(fact),
        )

    def _embedding(self, version_id: int) -> Embedding | None:
        row = self._rows("vector", version_id).fetchone()
        return None if row is None else Embedding(data(row[0]), None if row[1] is None else data(row[1]))


def _version(row: Sequence[Any]) -> Version:
    _, words, said_at, recorded_at, *rest = row
    return Version(
        text(words), moment(said_at), moment(recorded_at), *(None if at is None else moment(at) for at in rest)
    )


def _thread(row: Sequence[Any]) -> Thread:
    _, key, next_place, session, last_said_at, last_memory = row
    at = None if last_said_at is None else moment(last_said_at)
    return Thread(text(key), number(next_place), text_or_none(session), at, text_or_none(last_memory))


class SqliteTransferWrite(SqliteTransferRead):
    """The statements of an import, inside the writer's transaction."""

    def __init__(
        self,
        connection: apsw.Connection,
        digest_key: bytes,
        reserve: Callable[[int, int], int],
        bump: Callable[[int], int],
    ) -> None:
        super().__init__(connection)
        self._digest_key = digest_key
        self._reserve = reserve
        self._bump = bump

    def add_messages(self, owner_id: int, messages: Sequence[JournalMessage]) -> tuple[int, JournalMessage | None]:
        written = 0
        for key in dict.fromkeys(message.conversation for message in messages):
            base = first_id(self._conversation(owner_id, key))
            next_place = int(self._value("next_place", base >> SEQUENCE_BITS))
            mine = [message for message in messages if message.conversation == key]
            new = [message for message in mine if message.place >= next_place]
            old = {message.place: message for message in mine if message.place < next_place}
            ids = json.dumps([base + place for place in old])
            there = {row[0] - base: row[1:] for row in self._rows("said_at_places", ids)}
            for place, message in old.items():
                if there.get(place) != (message.role, message.name, message.content):
                    return written, message
            if new:
                conversation.append(self._connection, base, [self._keyed(message) for message in new])
                self._rows("keep_place", base >> SEQUENCE_BITS, new[-1].place + 1)
            written += len(new)
        return written, None

    def _words(self, memory: Carried) -> bytes:
        text = memory.versions[memory.current].text
        details = about(memory.scope.agent_id, memory.scope.app_id, memory.metadata, memory.expires_on)
        return words_digest(self._digest_key, memory.role, memory.actor_id, text, *details)

    def _keyed(self, message: JournalMessage) -> JournalMessage:
        details = about(message.agent_id, message.app_id, {}, None)
        digest = words_digest(self._digest_key, message.role, message.name, message.content, *details)
        return message._replace(digest=digest)

    def insert(self, project: str, owner_id: int, memory: Carried, tokens: bytes) -> int | None:
        first = self._reserve(owner_id, len(memory.versions))
        versions = range(first, first + len(memory.versions))
        changed = self._bump(owner_id)
        self._add_memory(owner_id, memory, versions, changed)
        self._rows("add_locator", memory.uid, owner_id, first)
        self._add_versions(memory, versions)
        self._add_history(memory, versions)
        said = []
        for key, place, kind in memory.sources:
            message_id = first_id(self._conversation(owner_id, key)) + place
            self._rows("add_source", first, message_id, kind)
            if kind == "said":
                said.append(message_id)
        digests.of_messages(self._connection, self._digest_key, said)
        if memory.deleted_at is not None:
            return None
        self._add_memberships(project, owner_id, memory, first)
        current = versions[memory.current]
        self._rows("keep_tokens", current, tokens)
        if memory.embedding is not None:
            self._rows("keep_vector", current, *memory.embedding)
            return None
        self._rows("await_vector", current, changed)
        return current

    def keep_thread(self, owner_id: int, thread: Thread) -> None:
        conversation_id = self._conversation(owner_id, thread.key)
        session, last = self._id(thread.session), self._id(thread.last_memory)
        self._rows("keep_thread", conversation_id, thread.next_place, session, thread.last_said_at, last)

    def _conversation(self, owner_id: int, key: str) -> int:
        found = self._value("conversation", owner_id, key)
        if found is None:
            self._rows("add_conversation", owner_id, key)
            found = self._connection.last_insert_rowid()
        return int(found)

    def _id(self, uid: str | None) -> int | None:
        found = None if uid is None else self.located(uid)
        return None if found is None else found[1]

    def _add_memory(self, owner_id: int, m: Carried, versions: range, changed: int) -> None:
        self._rows(
            "add_memory",
            versions[0],
            owner_id,
            m.uid,
            versions[m.current],
            changed,
            m.role,
            m.actor_id,
            m.scope.user_id,
            m.scope.agent_id,
            m.scope.app_id,
            m.scope.run_id,
            json.dumps(m.earlier_runs) if m.earlier_runs else None,
            self._id(m.session) or versions[0],
            self._id(m.previous),
            int(m.answers),
            self._words(m) if m.counts else None,
            conversation.metadata_text(m.metadata),
            m.expires_on,
            m.said_at,
            m.sayings,
            m.created_at,
            m.updated_at,
            m.deleted_at,
            conversation.fact_text(m.fact),
        )

    def _add_versions(self, memory: Carried, versions: range) -> None:
        for place, (version_id, version) in enumerate(zip(versions, memory.versions, strict=True)):
            replaced_by = versions[place + 1] if version.closed_at is not None and place + 1 < len(versions) else None
            self._rows(
                "add_version",
                version_id,
                versions[0],
                version.text,
                version.said_at,
                version.recorded_at,
                version.happened_from,
                version.happened_to,
                version.closed_at,
                replaced_by,
            )

    def _add_history(self, memory: Carried, versions: range) -> None:
        for place, done in enumerate(memory.history):
            self._rows("add_event", done.event, done.call, done.at)
            old, new = (None if at is None else versions[at] for at in (done.old, done.new))
            self._rows("add_operation", versions[0], place, done.event, done.kind, old, new)

    def _add_memberships(self, project: str, owner_id: int, memory: Carried, memory_id: int) -> None:
        for kind, entity in [*memberships(memory.scope), *(("run", run) for run in memory.earlier_runs)]:
            self._rows("add_membership", project, kind, entity, owner_id, memory_id)
