"""Memories whole: read from one store and written to another, as an export and an import do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.stores.filling import ask, delete, embed, fill, said, say_again
from toldonce.stores.protocol import ConversationAddress, JournalMessage, Store, Write
from toldonce.stores.transfer import Carried, Thread
from toldonce.types import TOKEN_DIMENSIONS, Scope

TALK = ConversationAddress("p", "user", "ann", "r1")


def whole(
    store: Store, owner: int, *, vectors: bool = False
) -> tuple[list[JournalMessage], list[Carried], list[Thread]]:
    with store.read() as view:
        return (
            view.messages([owner], Scope(), limit=None, offset=0),
            list(view.transfer.memories(owner, vectors=vectors)),
            view.transfer.threads(owner),
        )


def write(store: Store, messages: list[JournalMessage], memories: list[Carried], threads: list[Thread]) -> list[int]:
    """What waits for a vector afterwards."""

    def work(tx: Write) -> list[int]:
        owner = tx.ensure_owner("p", "user", "ann", 1)
        assert tx.transfer.add_messages(owner, messages) == (len(messages), None)
        waiting = [tx.transfer.insert("p", owner, memory, b"\5\0\0\0") for memory in memories]
        for thread in threads:
            tx.transfer.keep_thread(owner, thread)
        return [version for version in waiting if version is not None]

    return store.write_now(work)


@pytest.fixture
def empty(open_empty: Callable[[], Store]) -> Store:
    return open_empty()


def test_what_was_read_whole_is_written_whole(store: Store, empty: Store) -> None:
    owner, (tea, coffee, _milk) = fill(store, "tea", "coffee", "milk")
    embed(store)
    say_again(store, owner, tea, "r2", at=20)
    store.write_now(lambda tx: delete(tx, coffee))
    messages, memories, threads = whole(store, owner, vectors=True)
    assert [memory.deleted_at is None for memory in memories] == [True, False, True]
    assert [memory.embedding is None for memory in memories] == [False, True, True]
    assert [memory.previous and memory.previous == memories[0].uid for memory in memories] == [None, True, True]
    waiting = write(empty, messages, memories, threads)
    with empty.read() as view:
        [copy] = view.owners("p", None, None)
        copied, *rest = whole(empty, copy, vectors=True)
        assert rest == [memories, threads]
        assert [one._replace(digest=b"") for one in copied] == [one._replace(digest=b"") for one in messages]
        assert {one.digest for one in copied}.isdisjoint(one.digest for one in messages), "each store has its own key"
        found = view.records_of(copy)
        assert [(r.text, r.sayings, r.run_ids) for r in found.values()] == [
            ("tea", 2, ("r1", "r2")),
            ("milk", 1, ("r1",)),
        ]
        assert view.carriers(copy, "p", [("run", "r2")]) == [min(found)]
        assert view.transfer.located(memories[0].uid) == ("p", min(found))
        assert view.transfer.located("nobody") is None
        assert [version.version_id for version in view.unembedded(None, 9)] == waiting == [max(found)]
        rows = view.changes(copy, 0).rows
        assert [row.tokens.tolist() for row in rows] == [[5], [5]]
        assert rows[0].vector is not None
        assert np.array_equal(rows[0].vector, np.full(4, tea, np.float32)), "the vector came along"
        assert rows[0].token_vectors is not None
        assert rows[0].token_vectors.shape == (len("tea"), TOKEN_DIMENSIONS), "and those of its tokens"
        assert [done.kind for done in view.history(min(found))] == ["ADD"]
        assert view.conversation(ask(TALK)).last_memory_id == max(found), "talk goes on where it stood"


def test_vectors_stay_where_they_are_unless_asked_for(store: Store) -> None:
    owner, _ = fill(store, "tea")
    embed(store)
    _, (memory,), _ = whole(store, owner)
    assert memory.embedding is None
    _, (memory,), _ = whole(store, owner, vectors=True)
    assert memory.embedding is not None


def test_messages_come_to_their_places_once(store: Store) -> None:
    def put(*messages: JournalMessage) -> tuple[int, str | None]:
        def work(tx: Write) -> tuple[int, str | None]:
            owner = tx.ensure_owner("p", "user", "ann", 1)
            written, other = tx.transfer.add_messages(owner, messages)
            return written, None if other is None else other.content

        return store.write_now(work)

    tea, coffee, milk = (said(n, text)._replace(conversation="r1") for n, text in enumerate(("tea", "coffee", "milk")))
    elsewhere = [message._replace(conversation="r2") for message in (tea, coffee)]
    assert put(tea, coffee, *elsewhere) == (4, None)
    assert put(tea, coffee, *elsewhere, milk) == (1, None), "what is there already stays"
    assert put(coffee._replace(digest=b"other", content="wine")) == (0, "wine")
    with store.read() as view:
        found = view.messages(view.owners("p", None, None), Scope(), limit=None, offset=0)
        assert sorted((m.conversation, m.place, m.content) for m in found) == [
            ("r1", 0, "tea"),
            ("r1", 1, "coffee"),
            ("r1", 2, "milk"),
            ("r2", 0, "tea"),
            ("r2", 1, "coffee"),
        ]
        assert view.conversation(ask(TALK)).next_place == 3


def test_a_memory_may_come_without_its_neighbours(store: Store, empty: Store) -> None:
    owner, _ = fill(store, "tea", "coffee")
    messages, memories, _ = whole(store, owner)
    alone = replace(memories[1], sources=())
    assert write(empty, [], [alone], [])
    with empty.read() as view:
        [copy] = view.owners("p", None, None)
        _, (found,), threads = whole(empty, copy)
        assert (found.previous, found.session, threads) == (None, None, [])
        assert found.versions == alone.versions
        assert messages
