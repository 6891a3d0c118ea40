"""Adding messages: one transaction from what was offered to what can be recalled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from toldonce.remember.align import Offered, digest_of, inside, new_places
from toldonce.remember.verbatim import Draft, draft, words_digest
from toldonce.stores.protocol import Conversation, JournalMessage, NewMemory, Standing, Write
from toldonce.text.keys import indexed_tokens
from toldonce.types import ENTITY_KINDS, EntityKind, Message, Scope
from toldonce.uids import new_uid

SESSION_GAP = 3_600_000_000
"""Microseconds of silence after which talk in the same conversation is another session."""

_WINDOW = 64
"""Stored messages looked at beyond twice the offered ones when a history has been rewritten."""

_RETRIES = 32
"""Places at which a retried batch is looked for in a conversation that often says its first words."""


@dataclass(frozen=True, slots=True)
class AddRequest:
    """What one call of add asks for."""

    scope: Scope
    messages: Sequence[Message]
    metadata: Mapping[str, Any]
    expires_on: str | None
    infer: bool
    conversation_id: str | None
    now: int


class Remembered(NamedTuple):
    """A memory that a call made, or counted once more."""

    uid: str
    text: str
    is_new: bool
    message: Message
    sayings: int


@dataclass(slots=True)
class Added:
    """What one call of add did."""

    memories: list[Remembered] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    """What waits for a vector now."""
    messages: int = 0
    """How many messages were new."""


def owner_of(scope: Scope) -> tuple[EntityKind, str]:
    """The partition a memory lives in: the first of user, agent, app and run that it carries."""
    ids = (scope.user_id, scope.agent_id, scope.app_id, scope.run_id)
    return next((kind, entity) for kind, entity in zip(ENTITY_KINDS, ids, strict=True) if entity is not None)


def add(store: Write, project: str, request: AddRequest) -> Added:
    """Journal what is new of the request's messages and remember what they say."""
    owner_id = store.ensure_owner(project, *owner_of(request.scope), request.now)
    if request.conversation_id is not None:
        key = f"conversation {request.conversation_id}"
    else:
        key = f"run {request.scope.run_id}" if request.scope.run_id is not None else ""
    conversation = store.ensure_conversation(owner_id, key)
    digests = list(map(digest_of, request.messages))
    fresh = _fresh(store, conversation, request, digests)
    if not fresh:
        return Added()
    talk = _Talk(store, project, request, owner_id, conversation)
    before = store.tail(conversation.id, conversation.next_place, 1)
    store.append_messages(conversation, _journal(fresh, digests, conversation.next_place, request))
    last = Message(before[0].role, before[0].content, before[0].name) if before else None
    talk.hear(conversation.next_place - len(fresh), [request.messages[number] for number in fresh], last)
    return talk.finish(len(fresh))


def _fresh(store: Write, conversation: Conversation, request: AddRequest, digests: Sequence[bytes]) -> list[int]:
    """Which messages the conversation does not hold yet, by their number in the request."""
    messages = request.messages
    unnamed = [number for number, message in enumerate(messages) if message.id is None]
    offered = [Offered(digests[number], messages[number].said_at) for number in unnamed]
    fresh = [unnamed[place] for place in _unknown(store, conversation, offered, request.now)]
    if len(unnamed) < len(messages):
        named = {
            message.id: number for number, message in reversed(list(enumerate(messages))) if message.id is not None
        }
        known = store.known_ids(conversation.id, list(named))
        fresh = sorted([*fresh, *(number for name, number in named.items() if name not in known)])
    return fresh


def _unknown(store: Write, conversation: Conversation, offered: Sequence[Offered], now: int) -> list[int]:
    """Places of the messages without ids that are new, by where they stand."""
    if not offered:
        return []
    end = conversation.next_place
    if len(offered) == 1:
        window = store.traces(conversation.id, end, 1)
    else:
        for place in store.places(conversation.id, offered[0].digest, _RETRIES):
            found = store.traces(conversation.id, min(place + len(offered), end), min(len(offered), end - place))
            if inside(offered, found):
                return []
        window = store.traces(conversation.id, end, 2 * len(offered) + _WINDOW)
    age = now - window[-1].recorded_at if window else 0
    return new_places(offered, window, age=age)


def _journal(fresh: Sequence[int], digests: Sequence[bytes], first: int, request: AddRequest) -> list[JournalMessage]:
    scope, now = request.scope, request.now
    return [
        JournalMessage(
            place=place,
            role=message.role,
            name=message.name,
            content=message.content,
            said_at=now if message.said_at is None else message.said_at,
            timed=message.said_at is not None,
            recorded_at=now,
            digest=digests[number],
            external_id=message.id,
            agent_id=scope.agent_id,
            app_id=scope.app_id,
            run_id=scope.run_id,
        )
        for place, (number, message) in enumerate(((number, request.messages[number]) for number in fresh), first)
    ]


@dataclass(slots=True)
class _Planned:
    """A memory this call makes, and what is known of it before its id is."""

    place: int
    message: Message
    draft: Draft
    digest: bytes | None
    said_at: int
    previous: _Planned | int | None
    session: _Planned | int | None
    sources: list[tuple[int, str]]
    sayings: int = 1
    id: int = 0
    uid: str = ""


class _Heard(NamedTuple):
    """A new message, read."""

    place: int
    message: Message
    said_at: int
    goes_on: bool
    """It belongs to the session of the one before it."""
    draft: Draft | None
    digest: bytes | None


class _Talk:
    """Follows the new messages one by one and collects what to write, so that it can be written at one go."""

    def __init__(
        self, store: Write, project: str, request: AddRequest, owner_id: int, conversation: Conversation
    ) -> None:
        self._store = store
        self._project = project
        self._request = request
        self._owner_id = owner_id
        self._conversation = conversation
        self._session: _Planned | int | None = conversation.session_id
        self._last: _Planned | int | None = conversation.last_memory_id
        self._last_said_at = conversation.last_said_at
        self._planned: list[_Planned] = []
        self._by_digest: dict[bytes, _Planned] = {}
        self._known: dict[bytes, int] = {}
        self._again: dict[int, tuple[Standing, list[int], bytes]] = {}
        self._told: list[_Planned | tuple[Standing, Message]] = []
        self._metadata = json.dumps(request.metadata, sort_keys=True, default=str)

    def hear(self, first: int, messages: Sequence[Message], before: Message | None) -> None:
        """Take in new messages, the first of them at place ``first``, right after ``before``."""
        heard = list(self._read(first, messages, before))
        digests = [one.digest for one in heard if one.digest is not None]
        self._known = self._store.same_words(self._owner_id, digests)
        for one in heard:
            self._take(one)

    def _read(self, first: int, messages: Sequence[Message], before: Message | None) -> Iterator[_Heard]:
        for place, message in enumerate(messages, first):
            said_at = self._request.now if message.said_at is None else message.said_at
            goes_on = self._last_said_at is None or abs(said_at - self._last_said_at) <= SESSION_GAP
            self._last_said_at = said_at
            if not self._request.infer:
                says: Draft | None = Draft(message.content, answers=False)
            else:
                says = draft(message, before if goes_on else None)
            digest = None if says is None else self._digest(message, says)
            yield _Heard(place, message, said_at, goes_on, says, digest)
            before = message

    def _take(self, heard: _Heard) -> None:
        place, message, said_at, goes_on, says, digest = heard
        if not goes_on:
            self._session = self._last = None
        if says is None or (digest is not None and self._counted(digest, place, message, said_at)):
            return
        sources = [(place, "said")] + ([(place - 1, "asked")] if says.answers else [])
        planned = _Planned(place, message, says, digest, said_at, self._last, self._session, sources)
        if self._session is None:
            self._session = planned
        self._last = planned
        self._planned.append(planned)
        self._told.append(planned)
        if digest is not None:
            self._by_digest[digest] = planned

    def _digest(self, message: Message, says: Draft) -> bytes | None:
        if not self._request.infer:
            return None
        scope = self._request.scope
        about = (scope.agent_id, scope.app_id, self._metadata, self._request.expires_on)
        return words_digest(message.role, message.name, says.text, *about)

    def _counted(self, digest: bytes, place: int, message: Message, said_at: int) -> bool:
        """Count a saying of words that are a memory already."""
        twin = self._by_digest.get(digest)
        if twin is not None:
            twin.sayings += 1
            twin.said_at = max(twin.said_at, said_at)
            twin.sources.append((place, "said"))
            self._last = twin
            return True
        memory_id = self._known.get(digest)
        if memory_id is None:
            return False
        if memory_id not in self._again:
            memory = self._store.standing([memory_id])[memory_id]
            self._again[memory_id] = (memory, [], self._store.tokens(memory.version_id))
        memory, places, tokens = self._again[memory_id]
        places.append(place)
        memory.sayings += 1
        memory.said_at = max(memory.said_at, said_at)
        day = indexed_tokens("", None, said_at).tobytes()  # so that it is found by each day it was said on
        self._again[memory_id] = (memory, places, tokens if day in tokens else tokens + day)
        self._told.append((memory, message))
        self._last = memory_id
        return True

    def finish(self, messages: int) -> Added:
        """Write everything, and say what was done."""
        self._name_planned()
        request, store, conversation = self._request, self._store, self._conversation
        if self._planned:
            rows = [self._row(planned) for planned in self._planned]
            store.insert_memories(self._project, self._owner_id, conversation.id, rows, request.now)
            store.log("ADD", "ADD", [(row.id, None, row.id) for row in rows], request.now)
        for memory, places, tokens in self._again.values():
            _join_run(memory, request.scope.run_id)
            store.count_saying(memory, self._project, conversation.id, places, tokens)
        conversation.session_id = _id(self._session)
        conversation.last_memory_id = _id(self._last)
        conversation.last_said_at = self._last_said_at
        store.keep_conversation(conversation)
        return Added([_told(entry) for entry in self._told], [planned.id for planned in self._planned], messages)

    def _name_planned(self) -> None:
        if not self._planned:
            return
        first = self._store.reserve(self._owner_id, len(self._planned))
        for number, planned in enumerate(self._planned):
            planned.id = first + number
            planned.uid = new_uid(self._request.now)

    def _row(self, planned: _Planned) -> NewMemory:
        text, message = planned.draft.text, planned.message
        return NewMemory(
            id=planned.id,
            uid=planned.uid,
            scope=self._request.scope,
            text=text,
            tokens=indexed_tokens(text, message.name, planned.said_at).tobytes(),
            role=message.role,
            actor_id=message.name,
            session_id=_id(planned.session) or planned.id,
            previous_id=_id(planned.previous),
            answers=planned.draft.answers,
            digest=planned.digest,
            metadata=self._request.metadata,
            expires_on=self._request.expires_on,
            said_at=planned.said_at,
            sayings=planned.sayings,
            created_at=planned.said_at,
            sources=tuple(planned.sources),
        )


def _join_run(memory: Standing, run_id: str | None) -> None:
    """A memory said again belongs to the run it is said in too; its latest run is the one it shows."""
    if run_id is None or run_id == memory.scope.run_id:
        return
    runs = [run for run in (*memory.earlier_runs, memory.scope.run_id) if run not in (None, run_id)]
    memory.earlier_runs = tuple(run for run in runs if run is not None)
    memory.scope = Scope(memory.scope.user_id, memory.scope.agent_id, memory.scope.app_id, run_id)


def _id(memory: _Planned | int | None) -> int | None:
    return memory.id if isinstance(memory, _Planned) else memory


def _told(entry: _Planned | tuple[Standing, Message]) -> Remembered:
    if isinstance(entry, _Planned):
        return Remembered(entry.uid, entry.draft.text, True, entry.message, entry.sayings)
    memory, message = entry
    return Remembered(memory.uid, memory.text, False, message, memory.sayings)
