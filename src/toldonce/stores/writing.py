"""Writing a store: one transaction, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from toldonce.stores.erasing import ErasingWrite
from toldonce.stores.feed import FeedWrite
from toldonce.stores.jobs import JobsWrite
from toldonce.stores.reading import (
    ConversationAddress,
    Embedding,
    JournalMessage,
    MemoryForUpdate,
    Read,
    Unembedded,
)
from toldonce.stores.rebuilding import RebuildWrite
from toldonce.stores.serving import ServingWrite
from toldonce.stores.transfer import TransferWrite
from toldonce.types import EntityKind, Role, Scope


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
    """(place, "said", "asked" or, of a fact, "proof") of the messages it came from."""
    fact: Mapping[str, Any] | None = None
    """What is known of a fact, as JSON; None: it is what was said."""


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
    """Where in the conversation they were said again; of a fact, what proves it too."""
    fact: Mapping[str, Any] | None = None


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
    """At consecutive places, the first at the conversation's next. None: the conversation stands as it did, and what
    is made comes from messages it has."""
    released_ids: Sequence[str]
    """External ids that messages of deleted memories have and these messages take over."""
    memories: Sequence[NewMemory]
    repeated: Sequence[RepeatedMemory]
    session: Reference
    """The first memory of the session that is going on now."""
    last_memory: Reference
    last_said_at: int | None


class EditedMemory(NamedTuple):
    """A memory as it stands after an edit."""

    before: MemoryForUpdate
    metadata: Mapping[str, Any]
    expires_on: str | None
    said_at: int
    """If it is another than before, the memory counts as created then too."""
    text: str
    """If it is another than before, the memory gets a new version."""
    tokens: bytes | None
    """None: neither the text nor the day it was said on changed."""
    digest: bytes | None
    fact: Mapping[str, Any] | None = None
    """None: as it was."""


class WriteMemories(Protocol):
    """What is done to memories. Each of these is logged, and what it leaves without a vector waits for one."""

    def apply(self, changes: Changes) -> list[int]:
        """Write what was planned for a conversation; the ids of the new memories, in order.

        A new memory's id is that of its first version too.
        """
        ...

    def edit(self, edited: EditedMemory, now: int) -> list[int]:
        """Write a memory anew. Returns the versions that wait for a vector.

        Where the text changed those are the new one, and the current ones of what was said right after the memory,
        since their vectors may hold its words.
        """
        ...

    def delete(self, project: str, memories: Sequence[MemoryForUpdate], now: int) -> list[int]:
        """Take memories out of recall; what was said right after one is linked past it.

        Returns the versions that wait for a vector, which are of what was linked anew.
        """
        ...

    def leave_run(self, project: str, memories: Sequence[MemoryForUpdate], run_id: str) -> None:
        """Memories that were said in other runs too stop belonging to this one."""
        ...


class Write(Read, WriteMemories, Protocol):
    """A transaction: all of it happens, or none.

    What it reads of an owner stays as it is until the transaction ends. Of other owners it may see what others commit
    meanwhile: writes are serial for each owner, not for all.
    """

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
    def erasing(self) -> ErasingWrite:
        """What is erased, in the same transaction."""
        ...

    @property
    def rebuilding(self) -> RebuildWrite:
        """What a rebuild makes, in the same transaction."""
        ...

    def keep_setting(self, key: str, value: str | None) -> None:
        """``None`` drops it."""
        ...

    def ensure_owner(self, project: str, kind: EntityKind, entity_id: str, now: int) -> int: ...

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, Embedding]]) -> int:
        """Store vectors of one length, of versions whose stamps still fit; returns how many."""
        ...
