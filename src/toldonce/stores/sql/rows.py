"""What the columns of rows become."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from toldonce.stores.protocol import (
    FactMemory,
    HistoryEntry,
    JournalMessage,
    MemoryForUpdate,
    SourceMessage,
    Unembedded,
)
from toldonce.stores.sql.columns import (
    data,
    json_object,
    json_texts,
    moment,
    number,
    number_or_none,
    text,
    text_or_none,
)
from toldonce.stores.sql.ids import MOST_OWNERS, SEQUENCE_BITS, last_id
from toldonce.types import ENTITY_KINDS, EntityKind, MemoryRecord, Role, Scope


def record(row: Sequence[Any]) -> MemoryRecord:
    """A memory whole, from the columns that ``records`` and the pages select. Raises one of ``WRONG``."""
    (_, uid, words, user_id, agent_id, app_id, run_id, earlier, said_by, actor_id, *times) = row
    created_at, updated_at, said_at, sayings, expires_on, metadata, fact = times
    for entity in (user_id, agent_id, app_id, run_id, actor_id, expires_on):
        text_or_none(entity)
    return MemoryRecord(
        text(uid),
        text(words),
        user_id,
        agent_id,
        app_id,
        run_id,
        all_runs(earlier, run_id),
        role(said_by),
        actor_id,
        moment(created_at),
        moment(updated_at),
        moment(said_at),
        number(sayings),
        expires_on,
        json_object(metadata),
        None if fact is None else json_object(fact),
    )


def owner(row: Sequence[Any]) -> tuple[int, tuple[EntityKind, str]]:
    """An owner's id, and whose it is."""
    if row[1] not in ENTITY_KINDS or not 0 < row[0] < MOST_OWNERS:
        raise ValueError("no owner")
    return row[0], (row[1], text(row[2]))


def entry(row: Sequence[Any]) -> HistoryEntry:
    """One thing done to a memory."""
    event, kind, old, new, at = row
    return HistoryEntry(text(event), text(kind), text_or_none(old), text_or_none(new), moment(at))


def source(row: Sequence[Any]) -> SourceMessage:
    """A message that a memory came from."""
    memory_id, key, message_id, external_id, kind = row
    return SourceMessage(memory_id, text(key), message_id & last_id(0), text_or_none(external_id), text(kind))


def unembedded(row: Sequence[Any]) -> Unembedded:
    """A version that waits for its vector."""
    version_id, memory_id, stamp, words, actor, before, actor_before = row
    actors = text_or_none(actor), text_or_none(actor_before)
    return Unembedded(version_id, memory_id, number(stamp), text(words), actors[0], text_or_none(before), actors[1])


def role(value: Any) -> Role:
    """A role, or ``ValueError``."""
    if value not in ("user", "assistant"):
        raise ValueError("no role")
    return cast(Role, value)


def all_runs(earlier: str | None, run_id: str | None) -> tuple[str, ...]:
    """Every run a memory was said in, the latest last."""
    runs = json_texts(earlier) if earlier is not None else ()
    return runs if run_id is None else (*runs, run_id)


def read_message(row: Sequence[Any]) -> JournalMessage:
    """A message of the journal. Raises one of ``WRONG``."""
    (message_id, said_by, name, content, said_at, timed, recorded_at, digest, external_id, agent, app, run, key) = row
    return JournalMessage(
        place=message_id & last_id(0),
        role=role(said_by),
        name=text_or_none(name),
        content=text(content),
        said_at=moment(said_at),
        timed=bool(number(timed)),
        recorded_at=moment(recorded_at),
        digest=data(digest),
        external_id=text_or_none(external_id),
        agent_id=text_or_none(agent),
        app_id=text_or_none(app),
        run_id=text_or_none(run),
        conversation=text(key),
    )


def fact(row: Sequence[Any]) -> FactMemory:
    """A fact. Raises one of ``WRONG``."""
    memory_id, uid, words, body, said_at, recorded_at, expires_on, deleted, evidence = row
    return FactMemory(
        memory_id=memory_id,
        uid=text(uid),
        text=text(words),
        fact=json_object(body),
        said_at=moment(said_at),
        recorded_at=moment(recorded_at),
        expires_on=text_or_none(expires_on),
        evidence=tuple(json.loads(evidence)),
        deleted=bool(deleted),
    )


def for_update(row: Sequence[Any]) -> MemoryForUpdate:
    """A memory from the columns that ``for_update`` and ``known_words`` select. Raises one of ``WRONG``."""
    (memory_id, uid, owner_id, version_id, words, user, agent, app, run, earlier, counts, said_by, actor, *rest) = row
    previous, metadata, expires_on, said_at, sayings, fact, *others, digest = rest
    for entity in (user, agent, app, run, actor, expires_on):
        text_or_none(entity)
    if memory_id >> SEQUENCE_BITS != number(owner_id):
        raise ValueError("of another owner")
    for other in others:  # a row is written whole, and SQLite refuses to where one of its cells does not fit
        number(other)
    if digest is not None:
        data(digest)
    return MemoryForUpdate(
        id=memory_id,
        uid=text(uid),
        owner_id=owner_id,
        version_id=number(version_id),
        text=text(words),
        scope=Scope(user, agent, app, run),
        earlier_runs=json_texts(earlier) if earlier is not None else (),
        counts=bool(counts),
        role=role(said_by),
        actor_id=actor,
        previous_id=number_or_none(previous),
        metadata=json_object(metadata),
        expires_on=expires_on,
        said_at=moment(said_at),
        sayings=number(sayings),
        fact=None if fact is None else json_object(fact),
    )


def damaged(memory_id: int) -> MemoryForUpdate:
    """What is left of a memory that cannot be read: enough to delete it."""
    return MemoryForUpdate(
        id=memory_id,
        uid="",
        owner_id=memory_id >> SEQUENCE_BITS,
        version_id=memory_id,
        text="",
        scope=Scope(),
        earlier_runs=(),
        counts=False,
        role="user",
        actor_id=None,
        previous_id=None,
        metadata={},
        expires_on=None,
        said_at=0,
        sayings=1,
        damaged=True,
    )


def metadata_text(metadata: Any) -> str:
    """Metadata as the column holds it."""
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True) if metadata else "{}"


def fact_text(fact: Any) -> str | None:
    """What is known of a fact, as the column holds it."""
    return None if fact is None else json.dumps(fact, ensure_ascii=False, sort_keys=True)


def memberships(scope: Scope) -> list[tuple[EntityKind, str]]:
    """(kind, id) of the entities a memory carries besides the one that owns it."""
    return scope.entities()[1:]
