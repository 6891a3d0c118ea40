"""Memories whole, as they are carried into a store and out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from toldonce.stores.protocol import Embedding, JournalMessage
from toldonce.stores.sql.columns import data, json_object, json_texts, moment, number, text, text_or_none
from toldonce.stores.sql.database import Database, Part
from toldonce.stores.sql.digests import Digests
from toldonce.stores.sql.ids import SEQUENCE_BITS, first_id, last_id
from toldonce.stores.sql.rows import fact_text, memberships, metadata_text, role
from toldonce.stores.transfer import Carried, Operation, Thread, Version
from toldonce.text.digests import about, words_digest
from toldonce.types import Scope


class TransferReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "transfer"

    def memories(self, owner_id: int, *, vectors: bool) -> Iterator[Carried]:
        bounds = (first_id(owner_id), last_id(owner_id))
        return self._read("Memory", lambda row: self._carried(row, vectors), "memories", *bounds, strict=True)

    def threads(self, owner_id: int) -> list[Thread]:
        return list(self._read("Conversation", _thread, "threads", owner_id, strict=True))

    def located(self, uid: str) -> tuple[str, int] | None:
        row = self._row("located", uid)
        return None if row is None else (str(row[0]), int(row[1]))

    def _carried(self, row: tuple[Any, ...], vectors: bool) -> Carried:
        memory_id, uid, version_id, said_by, actor, user, agent, app, run, earlier, session, previous, *rest = row
        answers, digest, metadata, expires_on, said_at, sayings, created_at, updated_at, deleted_at, fact = rest
        versions: list[tuple[Any, ...]] = self._rows("versions", memory_id)
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
        row = self._row("vector", version_id)
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


class TransferWriter(TransferReader):
    """The statements of an import, inside the writer's transaction."""

    def __init__(
        self,
        database: Database,
        digest_key: bytes,
        reserve: Callable[[int, int], int],
        bump: Callable[[int], int],
        append: Callable[[int, Sequence[JournalMessage]], None],
    ) -> None:
        """``append``: writes messages into the conversation whose first id is given."""
        super().__init__(database)
        self._digest_key = digest_key
        self._reserve = reserve
        self._bump = bump
        self._append = append

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
                self._append(base, [self._keyed(message) for message in new])
                self._run("keep_place", base >> SEQUENCE_BITS, new[-1].place + 1)
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
        self._run("add_locator", memory.uid, owner_id, first)
        self._add_versions(memory, versions)
        self._add_history(memory, versions)
        said = []
        for key, place, kind in memory.sources:
            message_id = first_id(self._conversation(owner_id, key)) + place
            self._run("add_source", first, message_id, kind)
            if kind == "said":
                said.append(message_id)
        Digests(self._database).of_messages(self._digest_key, said)
        if memory.deleted_at is not None:
            return None
        self._add_memberships(project, owner_id, memory, first)
        current = versions[memory.current]
        self._run("keep_tokens", current, tokens)
        if memory.embedding is not None:
            self._run("keep_vector", current, self._database.vector(memory.embedding.vector), memory.embedding.tokens)
            return None
        self._run("await_vector", current, changed)
        return current

    def keep_thread(self, owner_id: int, thread: Thread) -> None:
        conversation_id = self._conversation(owner_id, thread.key)
        session, last = self._id(thread.session), self._id(thread.last_memory)
        self._run("keep_thread", conversation_id, thread.next_place, session, thread.last_said_at, last)

    def _conversation(self, owner_id: int, key: str) -> int:
        found = self._value("conversation", owner_id, key)
        if found is None:
            found = self._value("add_conversation", owner_id, key)
        return int(found)

    def _id(self, uid: str | None) -> int | None:
        found = None if uid is None else self.located(uid)
        return None if found is None else found[1]

    def _add_memory(self, owner_id: int, m: Carried, versions: range, changed: int) -> None:
        self._run(
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
            self._words(m) if m.counts and m.fact is None else None,
            metadata_text(m.metadata),
            m.expires_on,
            m.said_at,
            m.sayings,
            m.created_at,
            m.updated_at,
            m.deleted_at,
            fact_text(m.fact),
        )

    def _add_versions(self, memory: Carried, versions: range) -> None:
        for place, (version_id, version) in enumerate(zip(versions, memory.versions, strict=True)):
            replaced_by = versions[place + 1] if version.closed_at is not None and place + 1 < len(versions) else None
            self._run(
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
            self._run("add_event", done.event, done.call, done.at)
            old, new = (None if at is None else versions[at] for at in (done.old, done.new))
            self._run("add_operation", versions[0], place, done.event, done.kind, old, new)

    def _add_memberships(self, project: str, owner_id: int, memory: Carried, memory_id: int) -> None:
        for kind, entity in [*memberships(memory.scope), *(("run", run) for run in memory.earlier_runs)]:
            self._run("add_membership", project, kind, entity, owner_id, memory_id)
