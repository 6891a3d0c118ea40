"""Conversations: all that a caller who offers messages needs, and all that comes of it, set by set."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from toldonce.errors import StoreError
from toldonce.stores.protocol import (
    Changes,
    ConversationQuery,
    ConversationView,
    JournalMessage,
    KnownWords,
    New,
    NewMemory,
    Reference,
    RepeatedMemory,
    SaidMemory,
    Trace,
)
from toldonce.stores.sql.columns import data, number, number_or_none, text, text_or_none
from toldonce.stores.sql.database import Part
from toldonce.stores.sql.ids import SEQUENCE_BITS, first_id
from toldonce.stores.sql.rows import fact_text, for_update, memberships, metadata_text, read_message, role
from toldonce.types import Message
from toldonce.uids import new_uid


class Conversations(Part, ABC):
    """Reads and writes conversations, inside a transaction that someone else began."""

    file = "conversation"

    @abstractmethod
    def load(self, query: ConversationQuery, digest_key: bytes) -> ConversationView:
        """See ``ReadJournal.conversation``."""

    def messages_at(self, conversation_id: int, place: int, limit: int) -> list[JournalMessage]:
        """See ``ReadJournal.messages_at``."""
        bounds = (conversation_id, first_id(conversation_id) + place, limit)
        return self._all("Message", read_message, "messages_at", *bounds)

    def memories_said_at(self, conversation_id: int, places: Sequence[int]) -> dict[int, list[SaidMemory]]:
        """See ``ReadJournal.memories_said_at``."""
        first = first_id(conversation_id)
        found: dict[int, list[SaidMemory]] = {}
        wanted = json.dumps([first + place for place in places])
        for message_id, memory in self._read("Memory", _said, "memories_said_at", wanted):
            found.setdefault(message_id - first, []).append(memory)
        return found

    def known_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, KnownWords]:
        """See ``ReadMemories.known_words``."""
        if not digests:
            return {}
        wanted = json.dumps([digest.hex() for digest in digests])
        return dict(self._read("Memory", _known, "known_words", owner_id, wanted))

    def apply(
        self,
        changes: Changes,
        owner_id: int,
        reserve: Callable[[int, int], int],
        bump: Callable[[int], int],
    ) -> list[int]:
        """See ``Write.apply``. ``reserve`` and ``bump`` are those of the transaction."""
        conversation_id = changes.conversation_id
        if conversation_id is None:
            conversation_id = int(self._value("add_conversation", owner_id, changes.address.key))
        elif changes.released_ids:
            released = json.dumps(changes.released_ids, ensure_ascii=False)
            self._run("release_ids", conversation_id, released)
        next_place = changes.messages[-1].place + 1 if changes.messages else None
        if next_place is not None and next_place > 1 << SEQUENCE_BITS:
            raise StoreError("This conversation holds as many messages as one can; go on in another run.")
        first = reserve(owner_id, len(changes.memories)) if changes.memories else 0
        changed = bump(owner_id) if changes.memories or changes.repeated else None
        base = first_id(conversation_id)
        made = [(first + number, memory) for number, memory in enumerate(changes.memories)]
        sources = [(number, base + place, kind) for number, memory in made for place, kind in memory.sources]
        sources += [
            (memory.id, base + place, "said" if memory.fact is None else "proof")
            for memory in changes.repeated
            for place in memory.places
        ]
        carried = [(number, memory.scope) for number, memory in made] + [(m.id, m.scope) for m in changes.repeated]
        self._run(
            "apply",
            conversation_id,
            _json([_message_row(base, message) for message in changes.messages]),
            owner_id,
            changes.address.project,
            changed,
            new_uid(changes.at) if made else None,
            changes.at,
            _json([_memory_row(number, first, memory) for number, memory in made]),
            _json([_repeated_row(memory) for memory in changes.repeated]),
            _json(sources),
            _json([(*entity, number) for number, scope in carried for entity in memberships(scope)]),
            next_place,
            _id(changes.session, first),
            changes.last_said_at,
            _id(changes.last_memory, first),
        )
        return [number for number, _ in made]

    def append(self, base: int, messages: Sequence[JournalMessage]) -> None:
        """Write messages in the places they have in the conversation whose first id this is."""
        if messages[-1].place >= 1 << SEQUENCE_BITS:
            raise StoreError("This conversation holds as many messages as one can; go on in another run.")
        self._run("append", base >> SEQUENCE_BITS, _json([_message_row(base, one) for one in messages]))


def at_the_end(row: Sequence[Any]) -> tuple[Message, Trace, bool]:
    """A message at the end, the trace of it, and whether it is of this talk."""
    _, said_by, content, name, place, digest, said_at, recorded_at, ours = row
    message = Message(role(said_by), text(content), text_or_none(name))
    return message, Trace(place, data(digest), number_or_none(said_at), number(recorded_at)), bool(ours)


def _known(row: Sequence[Any]) -> tuple[bytes, KnownWords]:
    *memory, tokens = row
    return data(memory[-1]), KnownWords(for_update(memory), b"" if tokens is None else data(tokens))


def _said(row: Sequence[Any]) -> tuple[int, SaidMemory]:
    _, message_id, uid, words, sayings, deleted = row
    return number(message_id), SaidMemory(text(uid), text(words), number(sayings), bool(deleted))


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
"""``json.dumps`` makes an encoder for each call."""


def _json(rows: Sequence[Sequence[Any]]) -> str:
    return _encode(rows) if rows else "[]"


def _id(memory: Reference, first: int) -> int | None:
    return first + memory.number if isinstance(memory, New) else memory


def _message_row(base: int, message: JournalMessage) -> tuple[Any, ...]:
    """In the order that ``applied.sql`` reads, as in those below."""
    place, role, name, content, said_at, timed, recorded_at, digest, *rest = message[:12]
    return (base + place, role, name, content, said_at, int(timed), recorded_at, digest.hex(), *rest)


def _memory_row(number: int, first: int, memory: NewMemory) -> tuple[Any, ...]:
    scope = memory.scope
    return (
        number,
        memory.uid,
        memory.text,
        memory.said_at,
        memory.role,
        memory.actor_id,
        scope.user_id,
        scope.agent_id,
        scope.app_id,
        scope.run_id,
        number if memory.session is None else _id(memory.session, first),
        _id(memory.previous, first),
        int(memory.answers),
        None if memory.digest is None else memory.digest.hex(),
        metadata_text(memory.metadata),
        memory.expires_on,
        memory.sayings,
        memory.created_at,
        memory.tokens.hex(),
        fact_text(memory.fact),
    )


def _repeated_row(memory: RepeatedMemory) -> tuple[Any, ...]:
    earlier = json.dumps(memory.earlier_runs) if memory.earlier_runs else None
    run_id, tokens = memory.scope.run_id, memory.tokens.hex()
    return (
        memory.id,
        memory.version_id,
        memory.sayings,
        memory.said_at,
        run_id,
        earlier,
        tokens,
        fact_text(memory.fact),
    )
