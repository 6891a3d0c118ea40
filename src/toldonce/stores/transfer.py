"""Memories whole, as they are carried from one store to another: with their ids, times, versions and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from toldonce.types import Role, Scope

if TYPE_CHECKING:
    from toldonce.stores.reading import Embedding, JournalMessage


@dataclass(frozen=True, slots=True)
class Version:
    """One text a memory had. Times in microseconds."""

    text: str
    said_at: int
    recorded_at: int
    happened_from: int | None = None
    happened_to: int | None = None
    closed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing done to a memory; ``old`` and ``new`` are places in its versions."""

    event: str
    """The uid of the call that did it. One call may have done something to several memories."""
    call: str
    kind: str
    old: int | None
    new: int | None
    at: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A memory, deleted or not. Other memories are named by their uids."""

    uid: str
    scope: Scope
    role: Role
    actor_id: str | None
    versions: Sequence[Version]
    """At least one."""
    current: int
    """The place of the version that holds."""
    said_at: int
    created_at: int
    updated_at: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expires_on: str | None = None
    earlier_runs: tuple[str, ...] = ()
    sayings: int = 1
    deleted_at: int | None = None
    answers: bool = False
    counts: bool = False
    """The same words said again are counted here."""
    previous: str | None = None
    session: str | None = None
    """None: a session of its own."""
    sources: Sequence[tuple[str, int, str]] = ()
    """(conversation, place, "said", "asked" or "proof")."""
    history: Sequence[Operation] = ()
    embedding: Embedding | None = None
    fact: Mapping[str, Any] | None = None
    """What is known of a fact; None: it is what was said."""


@dataclass(frozen=True, slots=True)
class Thread:
    """Where the talk of a conversation stands."""

    key: str
    next_place: int
    session: str | None
    last_said_at: int | None
    last_memory: str | None


class TransferRead(Protocol):
    """Reading a store whole."""

    def memories(self, owner_id: int, *, vectors: bool) -> Iterator[Carried]:
        """The owner's memories in the order they were written, deleted ones among them."""
        ...

    def threads(self, owner_id: int) -> list[Thread]:
        """The owner's conversations in the order they began."""
        ...

    def located(self, uid: str) -> tuple[str, int] | None:
        """(project, memory id) of a memory of whatever project."""
        ...


class TransferWrite(TransferRead, Protocol):
    """Writing memories as they were elsewhere."""

    def add_messages(self, owner_id: int, messages: Sequence[JournalMessage]) -> tuple[int, JournalMessage | None]:
        """Write messages in their places, those of a conversation in order; what is there already stays.

        How many were written, and the first whose place holds another message, or is behind the end and holds none.
        """
        ...

    def insert(self, project: str, owner_id: int, memory: Carried, tokens: bytes) -> int | None:
        """Write a memory; what it names must be there already. The version that waits for a vector, if one does."""
        ...

    def keep_thread(self, owner_id: int, thread: Thread) -> None:
        """Let a conversation stand where it stood."""
        ...
