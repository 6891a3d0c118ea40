"""What an add changes, worked out from what it asks for and what the conversation holds. Nothing here reads a store.

First ``hear``: which of the offered messages are new, and what each of them says. Then ``plan``: what that makes of the
memories there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from toldonce.remember.align import Offered
from toldonce.remember.facts import memory_tokens
from toldonce.remember.verbatim import LOOKED_BACK, Draft, draft, is_short, stands_alone
from toldonce.stores.protocol import (
    Changes,
    ConversationAddress,
    ConversationQuery,
    ConversationView,
    JournalMessage,
    KnownWords,
    New,
    NewMemory,
    Reference,
    RepeatedMemory,
    SaidMemory,
)
from toldonce.text.digests import about, words_digest
from toldonce.text.keys import indexed_tokens
from toldonce.types import ENTITY_KINDS, EntityKind, Message, Scope
from toldonce.uids import new_uid

SESSION_GAP = 3_600_000_000
"""Microseconds of silence after which talk in the same conversation is another session."""

_WINDOW = 64
"""Stored messages looked at beyond ``_AGENTS`` times the offered ones, for those of the same talk."""
_AGENTS = 4


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
    oddities: Sequence[str] = ()
    """What could not be used of what was passed, and what became of it."""
    zone: tzinfo = UTC
    """Whose days "yesterday" means in it."""
    guidance: Mapping[str, Any] = field(default_factory=dict)
    """What a model is told besides when it reads these messages: Mem0's settings of a call, by name."""


class Remembered(NamedTuple):
    """What became of a message: a memory that it made, that it counts for, or that it had made before."""

    uid: str
    text: str
    is_new: bool
    message: Message
    sayings: int


class LeftOut(NamedTuple):
    """A message that no memory came of, or something odd in one, and why."""

    reason: str
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A new message, and what it says."""

    place: int
    message: Message
    digest: bytes
    said_at: int
    goes_on: bool
    """It belongs to the session of the one before it."""
    draft: Draft | None
    words: bytes | None
    """Equal for sayings that one memory counts; None: each is a memory of its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, and what to tell the caller of it."""

    changes: Changes
    told: Sequence[Remembered]


def owner_of(scope: Scope) -> tuple[EntityKind, str]:
    """The partition a memory lives in: the first of user, agent, app and run that it carries."""
    ids = (scope.user_id, scope.agent_id, scope.app_id, scope.run_id)
    return next((kind, entity) for kind, entity in zip(ENTITY_KINDS, ids, strict=True) if entity is not None)


def address_of(project: str, request: AddRequest) -> ConversationAddress:
    """The conversation in which a request's messages have their places."""
    if request.conversation_id is not None:
        key = f"conversation {request.conversation_id}"
    else:
        key = f"run {request.scope.run_id}" if request.scope.run_id is not None else ""
    return ConversationAddress(project, *owner_of(request.scope), key)


def query_for(project: str, request: AddRequest, offered: Sequence[Offered]) -> ConversationQuery:
    """What has to be known of the conversation."""
    alone = len(request.messages) == 1 and stands_alone(request.messages[0].content)
    return ConversationQuery(
        address=address_of(project, request),
        agent_id=request.scope.agent_id,
        app_id=request.scope.app_id,
        external_ids=[message.id for message in offered if message.id is not None],
        timed=[(one.digest, one.time) for one in offered if one.id is None and one.time is not None],
        window=_AGENTS * len(offered) + _WINDOW if len(offered) > 1 else 1,
        latest=1 if alone else LOOKED_BACK,
        most=max(len(offered), 2),  # of two it is seen that one is not the only one
    )


def offered_by(request: AddRequest, key: bytes) -> list[Offered]:
    """The request's messages as alignment compares them: with whom, metadata and expiry are part of what is said.

    ``key``: the store's, for digests.
    """
    details = _details(request)
    return [
        Offered(
            words_digest(key, message.role, message.name, message.content, *details),
            message.said_at,
            message.id,
            is_short(message.content),
        )
        for message in request.messages
    ]


def _details(request: AddRequest) -> tuple[str | None, ...]:
    return about(request.scope.agent_id, request.scope.app_id, request.metadata, request.expires_on)


def standing(found: Mapping[int, int], said: Mapping[int, Sequence[SaidMemory]], next_place: int) -> dict[int, int]:
    """The repeats that still hold. ``said``: the memories that the repeated messages were said in.

    Where all that is known of the repeated messages was deleted, nothing is repeated: the talk starts afresh. Where
    something of it is left, the talk is offered again as it was, and what was deleted stays deleted.
    """
    memories = [memory for place in found.values() for memory in said.get(place, ())]
    if memories and all(memory.deleted for memory in memories):
        return {number: place for number, place in found.items() if place >= next_place}
    return dict(found)


def hear(
    view: ConversationView, request: AddRequest, offered: Sequence[Offered], repeated: Mapping[int, int], key: bytes
) -> list[Heard]:
    """The messages that the conversation does not hold yet, in order. ``key``: the store's, for digests."""
    details = _details(request)
    before, last_said_at = list(view.latest), view.last_said_at
    heard: list[Heard] = []
    fresh = [number for number in range(len(offered)) if number not in repeated]
    for place, number in enumerate(fresh, view.next_place):
        message = request.messages[number]
        said_at = request.now if message.said_at is None else message.said_at
        goes_on = last_said_at is None or abs(said_at - last_said_at) <= SESSION_GAP
        if not goes_on:
            before = []
        last_said_at = said_at
        if not request.infer:
            says: Draft | None = Draft(message.content)
        else:
            says = draft(message, before)
        if says is None or not request.infer:
            words = None
        elif says.text == message.content:
            words = offered[number].digest
        else:
            words = words_digest(key, message.role, message.name, says.text, *details)
        heard.append(Heard(place, message, offered[number].digest, said_at, goes_on, says, words))
        before.append(message)
    return heard


def plan(
    address: ConversationAddress,
    request: AddRequest,
    view: ConversationView,
    heard: Sequence[Heard],
    known: Mapping[bytes, KnownWords],
) -> Plan:
    """What the heard messages, at least one, change. ``known``: memories that count sayings of their words.

    But for the random part of new ids, the same arguments give the same plan.
    """
    talk = _Talk(request, view, known)
    for one in heard:
        talk.take(one)
    changes = Changes(
        address=address,
        owner_id=view.owner_id,
        conversation_id=view.conversation_id,
        at=request.now,
        messages=[_journaled(one, request) for one in heard],
        released_ids=[
            one.message.id for one in heard if one.message.id is not None and one.message.id in view.known_ids
        ],
        memories=[_memory(planned, request) for planned in talk.planned],
        repeated=[_repeated(again, request.scope.run_id) for again in talk.again.values()],
        session=talk.session,
        last_memory=talk.last,
        last_said_at=heard[-1].said_at,
    )
    return Plan(changes, list(talk.told()))


@dataclass(slots=True)
class _Planned:
    """A memory this call makes."""

    heard: Heard
    uid: str
    text: str
    answers: bool
    session: Reference
    previous: Reference
    said_at: int
    sources: list[tuple[int, str]]
    sayings: int = 1


@dataclass(slots=True)
class _Again:
    """A memory whose words this call says again."""

    known: KnownWords
    sayings: int
    said_at: int
    tokens: bytes
    places: list[int] = field(default_factory=list)


class _Talk:
    """Follows the new messages one by one: what is a memory, what counts as another saying of one."""

    def __init__(self, request: AddRequest, view: ConversationView, known: Mapping[bytes, KnownWords]) -> None:
        self._request = request
        self._known = known
        self.session: Reference = view.session_id
        self.last: Reference = view.last_memory_id
        self.planned: list[_Planned] = []
        self._by_words: dict[bytes, int] = {}
        self.again: dict[int, _Again] = {}
        self._told: list[_Planned | tuple[_Again, Message]] = []

    def take(self, heard: Heard) -> None:
        if not heard.goes_on:
            self.session = self.last = None
        if heard.draft is None and heard.message.role == "assistant":
            self.last = None  # "Noted." closes what was said: what comes next need not be about it
        if heard.draft is None or (heard.words is not None and self._counted(heard.words, heard)):
            return
        planned = _Planned(
            heard,
            new_uid(self._request.now),
            heard.draft.text,
            heard.draft.answers,
            self.session,
            self.last,
            heard.said_at,
            [(heard.place, "said"), *((heard.place - back, "asked") for back in heard.draft.asked)],
        )
        number = len(self.planned)
        if self.session is None:
            self.session = New(number)
        self.last = New(number)
        self.planned.append(planned)
        self._told.append(planned)
        if heard.words is not None:
            self._by_words[heard.words] = number

    def _counted(self, words: bytes, heard: Heard) -> bool:
        """Count a saying of words that are a memory already."""
        number = self._by_words.get(words)
        if number is not None:
            twin = self.planned[number]
            twin.sayings += 1
            twin.said_at = max(twin.said_at, heard.said_at)
            twin.sources.append((heard.place, "said"))
            self.last = New(number)
            return True
        known = self._known.get(words)
        if known is None:
            return False
        memory = known.memory
        again = self.again.setdefault(memory.id, _Again(known, memory.sayings, memory.said_at, known.tokens))
        again.places.append(heard.place)
        again.sayings += 1
        again.said_at = max(again.said_at, heard.said_at)
        day = indexed_tokens("", None, heard.said_at).tobytes()  # so that it is found by each day it was said on
        again.tokens = again.tokens if day in again.tokens else again.tokens + day
        self._told.append((again, heard.message))
        self.last = memory.id
        return True

    def told(self) -> Iterator[Remembered]:
        """What the caller is told, message by message, with the counts as they are at the end."""
        for entry in self._told:
            if isinstance(entry, _Planned):
                yield Remembered(entry.uid, entry.text, True, entry.heard.message, entry.sayings)
            else:
                again, message = entry
                memory = again.known.memory
                yield Remembered(memory.uid, memory.text, False, message, again.sayings)


def _journaled(heard: Heard, request: AddRequest) -> JournalMessage:
    message, scope = heard.message, request.scope
    return JournalMessage(
        place=heard.place,
        role=message.role,
        name=message.name,
        content=message.content,
        said_at=heard.said_at,
        timed=message.said_at is not None,
        recorded_at=request.now,
        digest=heard.digest,
        external_id=message.id,
        agent_id=scope.agent_id,
        app_id=scope.app_id,
        run_id=scope.run_id,
    )


def _memory(planned: _Planned, request: AddRequest) -> NewMemory:
    message = planned.heard.message
    return NewMemory(
        uid=planned.uid,
        scope=request.scope,
        text=planned.text,
        tokens=memory_tokens(planned.text, message.name, planned.said_at).tobytes(),
        role=message.role,
        actor_id=message.name,
        session=planned.session,
        previous=planned.previous,
        answers=planned.answers,
        digest=planned.heard.words,
        metadata=request.metadata,
        expires_on=request.expires_on,
        said_at=planned.said_at,
        sayings=planned.sayings,
        created_at=planned.said_at,
        sources=tuple(planned.sources),
    )


def _repeated(again: _Again, run_id: str | None) -> RepeatedMemory:
    """A memory said again belongs to the run it is said in too; its latest run is the one it shows."""
    memory = again.known.memory
    scope, earlier = memory.scope, memory.earlier_runs
    if run_id is not None and run_id != scope.run_id:
        earlier = tuple(run for run in (*earlier, scope.run_id) if run is not None and run != run_id)
        scope = Scope(scope.user_id, scope.agent_id, scope.app_id, run_id)
    return RepeatedMemory(
        memory.id, memory.version_id, scope, earlier, again.sayings, again.said_at, again.tokens, tuple(again.places)
    )
