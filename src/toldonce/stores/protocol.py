"""What a store does. Whoever keeps these promises can stand under the engine.

A store hands out *reads* (one consistent view each) and runs *writes* (functions over a transaction, one after the
other across all processes that share the store; their result is delivered once it is on disk). The rooms above decide
what is written; a store decides only where. ``tests/stores`` holds any store to this page.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from toldonce.caches import CacheRegistry
from toldonce.stores.rebuilding import RebuildRead, RebuildWrite
from toldonce.stores.serving import ServingRead, ServingWrite
from toldonce.stores.transfer import TransferRead, TransferWrite
from toldonce.types import EntityKind, IndexRow, MemoryRecord, Role, Scope

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


@dataclass(slots=True)
class Conversation:
    """A stretch of talk whose messages are numbered, and where its talk stands."""

    id: int
    next_place: int
    session_id: int | None
    """The first memory of the stretch of talk that is going on."""
    last_said_at: int | None
    last_memory_id: int | None


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


class Trace(NamedTuple):
    """What tells whether a message is in the journal already."""

    digest: bytes
    time: int | None
    """When it was said. None: nobody said when."""
    recorded_at: int


class NewMemory(NamedTuple):
    """A memory about to be written, with its first version."""

    id: int
    uid: str
    scope: Scope
    text: str
    tokens: bytes
    role: Role
    actor_id: str | None
    session_id: int
    previous_id: int | None
    answers: bool
    digest: bytes | None
    metadata: Mapping[str, Any]
    expires_on: str | None
    said_at: int
    sayings: int
    created_at: int
    sources: tuple[tuple[int, str], ...]
    """(place, "said" or "asked") of the messages it came from."""


@dataclass(slots=True)
class Standing:
    """What a writer needs to know of a memory before it changes it."""

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
    metadata: dict[str, Any]
    expires_on: str | None
    said_at: int
    sayings: int


class Unembedded(NamedTuple):
    """A version that waits for its vector, and what the vector is made from."""

    version_id: int
    memory_id: int
    stamp: int
    text: str
    actor_id: str | None
    previous_text: str | None
    previous_actor_id: str | None


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


class Read(Protocol):
    """One consistent view of the store."""

    @property
    def serving(self) -> ServingRead:
        """What is kept for the server, in the same view."""
        ...

    @property
    def transfer(self) -> TransferRead:
        """Memories whole, in the same view."""
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

    def changes(self, owner_id: int, since: int) -> OwnerChange:
        """Rows written and memories deleted after version ``since``; everything for ``since`` 0."""
        ...

    def expired(self, owner_id: int, today: str) -> list[int]:
        """Memories of the owner whose last day is before ``today`` (YYYY-MM-DD)."""
        ...

    def records(self, memory_ids: Sequence[int]) -> dict[int, MemoryRecord]:
        """Memories that were not deleted, by id."""
        ...

    def records_of(self, owner_id: int, since: int = 0) -> dict[int, MemoryRecord]:
        """The owner's memories that were not deleted and were written after version ``since``, by id."""
        ...

    def locate(self, project: str, uid: str) -> int | None:
        """The id of a memory, deleted or not."""
        ...

    def history(self, memory_id: int) -> list[HistoryEntry]:
        """What was done to a memory, oldest first."""
        ...

    def sources(self, memory_ids: Sequence[int]) -> list[SourceMessage]:
        """The messages memories came from."""
        ...

    def messages(
        self, owner_ids: Iterable[int], scope: Scope, *, limit: int | None, offset: int
    ) -> list[JournalMessage]:
        """The journal of these owners in the order it was written; agent, app and run as ``scope`` says, if it does."""
        ...

    def unembedded(self, version_ids: Sequence[int] | None, limit: int) -> list[Unembedded]:
        """Versions that wait for a vector; ``None`` means any."""
        ...


class Write(Read, Protocol):
    """A transaction: all of it happens, or none."""

    @property
    def serving(self) -> ServingWrite:
        """What is kept for the server, in the same transaction."""
        ...

    @property
    def transfer(self) -> TransferWrite:
        """Memories whole, in the same transaction."""
        ...

    @property
    def rebuilding(self) -> RebuildWrite:
        """What a rebuild makes, in the same transaction."""
        ...

    def keep_setting(self, key: str, value: str | None) -> None:
        """``None`` drops it."""
        ...

    def ensure_owner(self, project: str, kind: EntityKind, entity_id: str, now: int) -> int: ...

    def bump(self, owner_id: int) -> int:
        """Open the owner's next version, once a transaction, and return it; what is written carries it."""
        ...

    def reserve(self, owner_id: int, count: int) -> int:
        """The first of ``count`` fresh ids for memories and versions of the owner. Opens its next version as well."""
        ...

    def ensure_conversation(self, owner_id: int, key: str) -> Conversation: ...

    def keep_conversation(self, conversation: Conversation) -> None: ...

    def known_ids(self, conversation_id: int, external_ids: Sequence[str]) -> set[str]: ...

    def tail(self, conversation_id: int, before: int, count: int) -> list[JournalMessage]:
        """The ``count`` messages whose places end right before ``before``, in order."""
        ...

    def traces(self, conversation_id: int, before: int, count: int) -> list[Trace]:
        """The same messages without their words."""
        ...

    def places(self, conversation_id: int, digest: bytes, limit: int) -> list[int]:
        """Where the conversation has a message with this digest, newest first."""
        ...

    def append_messages(self, conversation: Conversation, messages: Sequence[JournalMessage]) -> None: ...

    def same_words(self, owner_id: int, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Memories of the owner that count sayings of these words."""
        ...

    def standing(self, memory_ids: Sequence[int]) -> dict[int, Standing]:
        """Memories that were not deleted, by id."""
        ...

    def insert_memories(
        self, project: str, owner_id: int, conversation_id: int, memories: Sequence[NewMemory], now: int
    ) -> None:
        """Write memories, their first versions, tokens, sources and memberships; they wait for their vectors."""
        ...

    def count_saying(
        self, memory: Standing, project: str, conversation_id: int, places: Sequence[int], tokens: bytes
    ) -> None:
        """Store a memory's new count, time and runs, and where it was said again."""
        ...

    def tokens(self, version_id: int) -> bytes: ...

    def replace_text(
        self, memory: Standing, version_id: int, text: str, tokens: bytes, digest: bytes | None, now: int
    ) -> None:
        """Give a memory a new version; its vector and those of its successors wait to be made again."""
        ...

    def keep_details(self, memory: Standing, now: int) -> None:
        """Store a memory's metadata and last day."""
        ...

    def keep_time(self, memory: Standing, tokens: bytes) -> None:
        """Store when a memory was said, which is when it counts as created, and the tokens that tell its day."""
        ...

    def delete_memory(self, memory: Standing, project: str, now: int) -> list[int]:
        """Take a memory out of recall; what was keyed with it is linked past it. Returns versions to embed again."""
        ...

    def leave_run(self, memory: Standing, project: str, run_id: str) -> None:
        """A memory that was said in other runs too stops belonging to this one."""
        ...

    def successors(self, memory_id: int) -> list[tuple[int, int]]:
        """(memory, version) of what was said right after this memory; those vectors may hold its words."""
        ...

    def embed_again(self, owner_id: int, memories: Sequence[tuple[int, int]]) -> list[int]:
        """Drop the vectors of (memory, version) pairs and let them wait for new ones; returns the versions."""
        ...

    def log(self, event: str, kind: str, entries: Sequence[tuple[int, int | None, int | None]], now: int) -> str:
        """Note what one call did: (memory id, old version, new version) each. Returns the event's uid."""
        ...

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, bytes]]) -> int:
        """Store float32 vectors of versions whose stamps still fit; returns how many."""
        ...

    def erase_everything(self) -> None: ...


class Store(Protocol):
    """A place that keeps memories."""

    @property
    def caches(self) -> CacheRegistry:
        """What is in RAM of this store. A commit that deletes memories has it forget their owners before it is told."""
        ...

    def read(self) -> AbstractContextManager[Read]: ...

    def write(self, work: Callable[[Write], T]) -> Future[T]:
        """Queue ``work``; the future is done once its commit is on disk, or failed and nothing was written."""
        ...

    def write_now(self, work: Callable[[Write], T]) -> T:
        """The same for a caller who waits for it, and sooner: what ``work`` returned."""
        ...

    def owner_of(self, row_id: int) -> int:
        """The owner of a memory or version, which every id carries."""
        ...

    def compact(self) -> None:
        """Give back the room of what was erased."""
        ...

    def close(self) -> None:
        """Finish what was queued, then let go of the files."""
        ...
