"""What the contract's tests put into a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from toldonce.stores.protocol import (
    Changes,
    ConversationAddress,
    ConversationQuery,
    ConversationView,
    Embedding,
    JournalMessage,
    New,
    NewMemory,
    RepeatedMemory,
    Store,
    Write,
)
from toldonce.types import TOKEN_DIMENSIONS, MemoryRecord, Scope
from toldonce.uids import new_uid

ANN = Scope(user_id="ann", run_id="r1")
Open = Callable[[], Store]


def said(place: int, content: str, *, external_id: str | None = None) -> JournalMessage:
    return JournalMessage(
        place, "user", None, content, 10 + place, True, 99, content.encode()[:16], external_id, None, None, "r1"
    )


def memory(text: str, *, place: int, previous: New | None, scope: Scope = ANN) -> NewMemory:
    return NewMemory(
        uid=new_uid(1),
        scope=scope,
        text=text,
        tokens=np.array([len(text)], np.uint32).tobytes(),
        role="user",
        actor_id="Ann",
        session=None,
        previous=previous,
        answers=False,
        digest=text.encode()[:16],
        metadata={"n": 1},
        expires_on=None,
        said_at=10,
        sayings=1,
        created_at=10,
        sources=((place, "said"),),
    )


def ask(
    address: ConversationAddress,
    *timed: tuple[bytes, int],
    ids: tuple[str, ...] = (),
    window: int = 64,
    most: int = 64,
) -> ConversationQuery:
    return ConversationQuery(address, None, None, ids, timed, window, most=most)


def adding(
    address: ConversationAddress, view: ConversationView, messages: list[JournalMessage], *memories: NewMemory
) -> Changes:
    last = New(len(memories) - 1) if memories else view.last_memory_id
    return Changes(
        address=address,
        owner_id=view.owner_id,
        conversation_id=view.conversation_id,
        at=10,
        messages=messages,
        released_ids=(),
        memories=memories,
        repeated=(),
        session=New(0) if memories else view.session_id,
        last_memory=last,
        last_said_at=messages[-1].said_at,
    )


def fill(store: Store, *texts: str, user: str = "ann", project: str = "p") -> tuple[int, list[int]]:
    """Memories of one user, each keyed with the one before; returns the owner and their ids."""
    address = ConversationAddress(project, "user", user, "r1")

    def work(tx: Write) -> tuple[int, list[int]]:
        view = tx.conversation(ask(address))
        messages = [said(view.next_place + n, text) for n, text in enumerate(texts)]
        memories = [
            memory(text, place=n, previous=New(n - 1) if n else None, scope=Scope(user, "bot", None, "r1"))
            for n, text in enumerate(texts)
        ]
        ids = tx.apply(adding(address, view, messages, *memories))
        return store.owner_of(ids[0]), ids

    return store.write_now(work)


def delete(tx: Write, *memory_ids: int) -> list[int]:
    return tx.delete("p", list(tx.for_update(memory_ids).values()), 12)


def say_again(store: Store, owner: int, memory_id: int, run_id: str, at: int, project: str = "p") -> None:
    """Count another saying of a memory, in another run."""
    address = ConversationAddress(project, "user", "ann", run_id)

    def work(tx: Write) -> None:
        memory = tx.for_update([memory_id])[memory_id]
        message = said(0, memory.text)._replace(said_at=at, run_id=run_id)
        repeated = RepeatedMemory(
            memory_id, memory.version_id, Scope("ann", "bot", None, run_id), ("r1",), 2, at, b"\1\0\0\0", (0,)
        )
        changes = adding(address, tx.conversation(ask(address)), [message])
        tx.apply(replace(changes, repeated=[repeated], last_memory=memory_id))

    store.write_now(work)


def embedding(value: int, tokens: int | None) -> Embedding:
    """A vector of four numbers, and any number of vectors of tokens."""
    small = None if tokens is None else np.full((tokens, TOKEN_DIMENSIONS), value % 100, np.int8).tobytes()
    return Embedding(np.full(4, value, np.float32).tobytes(), small)


def embed(store: Store) -> None:
    with store.read() as view:
        waiting = view.unembedded(None, 100)
    rows = [(version, embedding(version.version_id, len(version.text))) for version in waiting]
    store.write_now(lambda tx: tx.keep_vectors(rows))


TALK = ConversationAddress("p", "user", "ann", "c")


def records(store: Store, ids: list[int]) -> dict[int, MemoryRecord]:
    with store.read() as view:
        return dict(view.records(ids))


def named(user: str) -> Callable[[Write], int]:
    return lambda tx: tx.ensure_owner("p", "user", user, 1)
