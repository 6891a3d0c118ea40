"""Reading a store: what one consistent view of it answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from toldonce.stores.erasing import ErasingRead
from toldonce.stores.feed import FeedRead
from toldonce.stores.jobs import JobsRead
from toldonce.stores.rebuilding import RebuildRead
from toldonce.stores.serving import ServingRead
from toldonce.stores.transfer import TransferRead
from toldonce.types import EntityKind, IndexRow, MemoryRecord, Message, Role, Scope

T = TypeVar("T")


class JournalMessage(NamedTuple):
    """A message as the journal keeps it. ``timed``: the caller said when."""

    place: int
    role: Role
    name: str | None
    content: str
    said_at: int
    timed: bool
    recorded_at: int
    digest: bytes
    external_id: str | None
    agent_id: str | None
    app_id: str | None
    run_id: str | None
    conversation: str = ""
    """Its key; filled when reading."""


class ConversationAddress(NamedTuple):
    """Where a conversation is kept: with an owner, under a key of its own."""

    project: str
    kind: EntityKind
    entity_id: str
    key: str


class Trace(NamedTuple):
    """What tells whether a message is in the journal already."""

    place: int
    digest: bytes
    time: int | None
    """When it was said. None: nobody said when."""
    recorded_at: int


@dataclass(frozen=True, slots=True)
class MemoryForUpdate:
    """A memory as whoever changes it needs it."""

    id: int
    uid: str
    owner_id: int
    version_id: int
    text: str
    scope: Scope
    earlier_runs: tuple[str, ...]
    counts: bool
    """The same words said again are counted here; otherwise each saying is a memory of its own."""
    role: Role
    actor_id: str | None
    previous_id: int | None
    metadata: Mapping[str, Any]
    expires_on: str | None
    said_at: int
    sayings: int
    fact: Mapping[str, Any] | None = None
    """What is known of a fact; None: it is what was said."""
    damaged: bool = False
    """It cannot be read: all but the ids is empty, and all that can be done with it is to delete it."""


class KnownWords(NamedTuple):
    """A memory that counts sayings of the same words, and the tokens it is found by."""

    memory: MemoryForUpdate
    tokens: bytes


class ConversationQuery(NamedTuple):
    """What a caller who offers messages to a conversation asks of it."""

    address: ConversationAddress
    agent_id: str | None
    app_id: str | None
    """With whom it is: what was said to others is no part of this talk."""
    external_ids: Sequence[str]
    """Those of the offered messages that have ids."""
    timed: Sequence[tuple[bytes, int]]
    """Digest and time of those that have a time and no id."""
    window: int
    """Among how many of its latest messages those of this talk are wanted."""
    latest: int = 1
    """How many of its latest messages are wanted whole."""
    most: int = 1 << 24
    """How many of this talk are wanted, the latest, if more than one was offered."""


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation as far as a query asks. One that does not exist yet is empty and has no id."""

    owner_id: int | None = None
    conversation_id: int | None = None
    next_place: int = 0
    session_id: int | None = None
    """The first memory of the session that is going on."""
    last_said_at: int | None = None
    last_memory_id: int | None = None
    latest: Sequence[Message] = ()
    """The messages at its end, in order."""
    window: Sequence[Trace] = ()
    """The latest messages of this talk, in order."""
    whole: bool = True
    """``window`` holds every message of this talk, but for those beyond ``most``."""
    known_ids: Mapping[str, int] = field(default_factory=dict)
    """Place of each message that has one of the external ids."""
    timed: Mapping[tuple[bytes, int], Sequence[int]] = field(default_factory=dict)
    """Places of the messages with such a digest and time."""
    erased: bool = False
    """Words of this owner were erased: see ``ErasingRead.erased_words``."""


class SaidMemory(NamedTuple):
    """A memory that a message was said in."""

    uid: str
    text: str
    sayings: int
    deleted: bool


class Embedding(NamedTuple):
    """What an embedder makes of a version, as stores keep it."""

    vector: bytes
    """float32, little-endian, length one; empty for a text that cannot be embedded."""
    tokens: bytes | None = None
    """``embedders.tokens.SmallVectors``, one after the other; None where the embedder gives none."""


class Unembedded(NamedTuple):
    """A version that waits for its vector, and what the vector is made from."""

    version_id: int
    memory_id: int
    stamp: int
    text: str
    actor_id: str | None
    previous_text: str | None
    previous_actor_id: str | None


class SpokenMemory(NamedTuple):
    """A memory of what a person said, and its times in microseconds since 1970."""

    memory_id: int
    uid: str
    text: str
    first_said_at: int
    said_at: int
    """When it was last said."""
    recorded_at: int
    """When the store learned these words."""
    expires_on: str | None


class FactMemory(NamedTuple):
    """A memory that is a fact, with its times in microseconds since 1970."""

    memory_id: int
    uid: str
    text: str
    fact: Mapping[str, Any]
    said_at: int
    """When what proves it was last said."""
    recorded_at: int
    expires_on: str | None
    evidence: tuple[int, ...]
    """The memories that were said in the messages that prove it, but for deleted ones."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """What happened to an owner since a version."""

    version: int
    rows: list[IndexRow]
    deleted: list[int]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing done to a memory."""

    event_uid: str
    kind: str
    old_text: str | None
    new_text: str | None
    at: int


@dataclass(frozen=True, slots=True)
class SourceMessage:
    """A message a memory came from."""

    memory_id: int
    conversation: str
    place: int
    message_id: str | None
    kind: str


class ReadOwners(Protocol):
    """Whose memories there are."""

    def owners(
        self, project: str, kind: EntityKind | None, entity_ids: Iterable[str] | None
    ) -> dict[int, tuple[EntityKind, str]]:
        """Owners by id; ``None`` means any kind, any id."""
        ...

    def describe(self, owner_ids: Iterable[int]) -> dict[int, tuple[EntityKind, str]]:
        """Kind and entity of these owners."""
        ...

    def owners_with(self, project: str, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        """Owners that are this entity or hold a memory that carries it; ``None`` means any of the kind."""
        ...

    def owner_version(self, owner_id: int) -> int:
        """Zero for an owner that does not exist."""
        ...


class ReadMemories(Protocol):
    """Memories, and what was done to them."""

    passed_over: int
    """How many damaged memories the pages of this view left out until now."""

    def records(self, memory_ids: Sequence[int], *, strict: bool = False) -> dict[int, MemoryRecord]:
        """Memories that were not deleted, by id; damaged ones are left out, or ``CorruptStore`` if ``strict``."""
        ...

    def records_of(self, owner_id: int, since: int = 0) -> dict[int, MemoryRecord]:
        """The owner's memories that were not deleted and were written after version ``since``, by id."""
        ...

    def spoken(self, owner_id: int, since: int = 0) -> list[SpokenMemory]:
        """The same of what people said, by id: without what an assistant did, and without facts."""
        ...

    def facts(self, owner_id: int, since: int = 0) -> list[FactMemory]:
        """The owner's facts that were written after version ``since``, by id, deleted ones among them."""
        ...

    def facts_resting_on(self, memory_ids: Sequence[int]) -> list[int]:
        """Facts, none of these memories, that would be without evidence if these were deleted."""
        ...

    def page(
        self,
        owner_ids: Sequence[int],
        *,
        limit: int,
        offset: int = 0,
        before: tuple[int, int] | None = None,
        today: str | None = None,
    ) -> list[tuple[int, MemoryRecord]]:
        """``limit`` memories of these owners with their ids, newest first (by ``created_at`` and id), after ``offset``.

        ``before``: only what comes after the memory with this (created_at, id) in that order. ``today``: without those
        whose last day is before it. Damaged ones are left out, see ``passed_over``; ``CorruptStore`` if all are.
        """
        ...

    def count(self, owner_ids: Sequence[int], *, today: str | None = None) -> int:
        """How many memories ``page`` could give."""
        ...

    def carriers(self, owner_id: int, project: str, entities: Sequence[tuple[EntityKind, str]]) -> list[int]:
        """Memories of the owner that carry each of these entities, none of which is the owner itself, by id.

        All of its memories if none is named.
        """
        ...

    def expired(self, owner_id: int, today: str) -> list[int]:
        """Memories of the owner whose last day is before ``today`` (YYYY-MM-DD)."""
        ...

    def locate(self, project: str, uid: str) -> int | None:
        """The id of a memory, deleted or not."""
        ...

    def for_update(self, memory_ids: Sequence[int]) -> dict[int, MemoryForUpdate]:
        """Memories that were not deleted, by id, for a writer that is going to change them."""
        ...

    def known_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, KnownWords]:
        """Memories of the owner, no facts, that count sayings of these words."""
        ...

    def history(self, memory_id: int) -> list[HistoryEntry]:
        """What was done to a memory, oldest first."""
        ...

    def sources(self, memory_ids: Sequence[int]) -> list[SourceMessage]:
        """The messages memories came from."""
        ...


class ReadJournal(Protocol):
    """Messages as they were said."""

    def conversation(self, query: ConversationQuery) -> ConversationView:
        """All that it takes to tell which of the offered messages are new."""
        ...

    def messages_at(self, conversation_id: int, place: int, limit: int) -> list[JournalMessage]:
        """So many messages of a conversation from a place on, in order; damaged ones are left out."""
        ...

    def memories_said_at(self, conversation_id: int, places: Sequence[int]) -> dict[int, list[SaidMemory]]:
        """By place of a message: the memories it was said in, deleted ones among them."""
        ...

    def messages(
        self, owner_ids: Iterable[int], scope: Scope, *, limit: int | None, offset: int, strict: bool = False
    ) -> list[JournalMessage]:
        """The journal of these owners in the order it was written; agent, app and run as ``scope`` says, if it does.

        A damaged message is left out, or raises ``CorruptStore`` if ``strict``.
        """
        ...

    def latest_messages(self, owner_ids: Sequence[int], scope: Scope, count: int) -> list[JournalMessage]:
        """The last ``count`` of the same, in the same order."""
        ...


class ReadDerived(Protocol):
    """What indexes are made from, and what waits for its vector."""

    def unread(self, owner_id: int, since: int, most: int) -> int:
        """How many rows ``changes`` would read at most, counted up to ``most``."""
        ...

    def changes(self, owner_id: int, since: int) -> OwnerChange:
        """Rows written and memories deleted after version ``since``; everything for ``since`` 0."""
        ...

    def unembedded(self, version_ids: Sequence[int] | None, limit: int) -> list[Unembedded]:
        """Those of these versions that wait for a vector; ``None`` means any."""
        ...

    def unembedded_ids(self, after: int, limit: int) -> list[int]:
        """Versions behind ``after`` that wait for a vector, in order."""
        ...

    def unembedded_count(self) -> int:
        """How many versions wait for a vector."""
        ...

    def projects_of(self, owner_ids: Collection[int]) -> dict[int, str]:
        """The project of each of these owners that exists."""
        ...


class Read(ReadOwners, ReadMemories, ReadJournal, ReadDerived, Protocol):
    """One consistent view of the store."""

    @property
    def digest_key(self) -> bytes:
        """The store's secret for digests of what is said, see ``text.digests``."""
        ...

    @property
    def serving(self) -> ServingRead:
        """What is kept for the server, in the same view."""
        ...

    @property
    def jobs(self) -> JobsRead:
        """Work that waits, in the same view."""
        ...

    @property
    def feed(self) -> FeedRead:
        """What was done to memories, in the same view."""
        ...

    @property
    def transfer(self) -> TransferRead:
        """Memories whole, in the same view."""
        ...

    @property
    def erasing(self) -> ErasingRead:
        """What was erased and what is to be, in the same view."""
        ...

    @property
    def rebuilding(self) -> RebuildRead:
        """What a rebuild has to do, in the same view."""
        ...

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """What ``work`` gives, worked out anew only if something was written since a read last asked for ``key``.

        It may depend on nothing but the key and the store, and must not be changed. Long lists are not kept, and inside
        a write nothing is.
        """
        ...

    def setting(self, key: str) -> str | None:
        """A word the store keeps of itself, such as the fingerprint of its vectors."""
        ...
