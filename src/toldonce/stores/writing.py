"""Writing a store: one transaction, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from toldonce.stores.feed import FeedWrite
from toldonce.stores.jobs import JobsWrite
from toldonce.stores.reading import ConversationAddress, JournalMessage, MemoryForUpdate, Read, Unembedded
from toldonce.stores.rebuilding import RebuildWrite
from toldonce.stores.serving import ServingWrite
from toldonce.stores.transfer import TransferWrite
from toldonce.types import EntityKind, Role, Scope


@dataclass(slots=True)
class Conversation:
    """A stretch of talk whose messages are numbered, and where its talk stands."""

    id: int
    next_place: int
    session_id: int | None
    """The first memory of the stretch of talk that is going on."""
    last_said_at: int | None
    last_memory_id: int | None


class New(NamedTuple):
    """A memory that the same changes make, by its place among them."""

    number: int


Reference: TypeAlias = int | New | None
"""A memory that is there already, by its id; one that is being made; or none."""


class NewMemory(NamedTuple):
    """A memory about to be written, with its first version."""

    uid: str
    scope: Scope
    text: str
    tokens: bytes
    role: Role
    actor_id: str | None
    session: Reference
    """The first memory of its session; None: itself."""
    previous: Reference
    """The memory said right before it in the session."""
    answers: bool
    digest: bytes | None
    metadata: Mapping[str, Any]
    expires_on: str | None
    said_at: int
    sayings: int
    created_at: int
    sources: tuple[tuple[int, str], ...]
    """(place, "said" or "asked") of the messages it came from."""


class RepeatedMemory(NamedTuple):
    """A memory whose words were said again, as it stands afterwards."""

    id: int
    version_id: int
    scope: Scope
    earlier_runs: tuple[str, ...]
    sayings: int
    said_at: int
    tokens: bytes
    places: tuple[int, ...]
    """Where in the conversation they were said again."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one call adds to a conversation. The store gives the owner, the conversation and the memories their ids."""

    address: ConversationAddress
    owner_id: int | None
    """None: the owner does not exist yet."""
    conversation_id: int | None
    """None: the conversation does not."""
    at: int
    messages: Sequence[JournalMessage]
    """At least one, at consecutive places, the first at the conversation's next."""
    released_ids: Sequence[str]
    """External ids that messages of deleted memories have and these messages take over."""
    memories: Sequence[NewMemory]
    repeated: Sequence[RepeatedMemory]
    session: Reference
    """The first memory of the session that is going on now."""
    last_memory: Reference
    last_said_at: int | None


class Write(Read, Protocol):
    """A transaction: all of it happens, or none."""

    @property
    def serving(self) -> ServingWrite:
        """What is kept for the server, in the same transaction."""
        ...

    @property
    def jobs(self) -> JobsWrite:
        """Work that waits, in the same transaction."""
        ...

    @property
    def feed(self) -> FeedWrite:
        """What was done to memories, in the same transaction."""
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

    def apply(self, changes: Changes) -> list[int]:
        """Write what was planned for a conversation, and log it; the ids of the new memories, in order.

        A new memory's id is that of its first version too. It waits for its vector.
        """
        ...

    def ensure_conversation(self, owner_id: int, key: str) -> Conversation: ...

    def keep_conversation(self, conversation: Conversation) -> None: ...

    def tail(self, conversation_id: int, before: int, count: int) -> list[JournalMessage]:
        """The ``count`` messages whose places end right before ``before``, in order."""
        ...

    def append_messages(self, conversation: Conversation, messages: Sequence[JournalMessage]) -> None: ...

    def replace_text(
        self, memory: MemoryForUpdate, version_id: int, text: str, tokens: bytes, digest: bytes | None, now: int
    ) -> None:
        """Give a memory a new version; its vector and those of its successors wait to be made again."""
        ...

    def keep_details(self, memory: MemoryForUpdate, now: int) -> None:
        """Store a memory's metadata and last day."""
        ...

    def keep_time(self, memory: MemoryForUpdate, tokens: bytes) -> None:
        """Store when a memory was said, which is when it counts as created, and the tokens that tell its day."""
        ...

    def delete_memory(self, memory: MemoryForUpdate, project: str, now: int) -> list[int]:
        """Take a memory out of recall; what was keyed with it is linked past it. Returns versions to embed again."""
        ...

    def leave_run(self, memory: MemoryForUpdate, project: str, run_id: str) -> None:
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
