"""Edits and deletes: what is left of a memory, and of its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from tests.stores.filling import (
    TALK,
    adding,
    ask,
    delete,
    embed,
    fill,
    memory,
    records,
    said,
    say_again,
)
from toldonce.stores.protocol import (
    ConversationAddress,
    EditedMemory,
    Embedding,
    New,
    Store,
    Write,
)


def test_a_deleted_memory_is_gone_from_all_but_its_history(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    embed(store)
    uid = next(iter(records(store, ids[:1]).values())).id

    store.write_now(lambda tx: delete(tx, ids[0]))
    assert set(records(store, ids)) == {ids[1]}
    with store.read() as view:
        assert view.locate("p", uid) == ids[0]
        assert [(e.kind, e.old_text, e.new_text) for e in view.history(ids[0])] == [
            ("ADD", None, "tea"),
            ("DELETE", "tea", None),
        ]
        assert view.owners_with("p", "agent", ["bot"]) == {owner}
    store.write(lambda tx: delete(tx, ids[1])).result()
    with store.read() as view:
        assert view.owners_with("p", "agent", ["bot"]) == set()
        assert view.owners_with("p", "run", None) == set()


def test_an_edit_makes_a_version_and_its_followers_wait_for_vectors(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    embed(store)

    def work(tx: Write) -> list[int]:
        memory = tx.for_update([ids[0]])[ids[0]]
        return tx.edit(EditedMemory(memory, {"n": 2}, None, 10, "green tea", b"\1\0\0\0", b"new"), 20)

    version, follower = store.write_now(work)
    assert follower == ids[1]
    with store.read() as view:
        waiting = {w.version_id: (w.text, w.previous_text) for w in view.unembedded(None, 10)}
        rows = {row.memory_id: row for row in view.changes(owner, 0).rows}
    assert waiting == {version: ("green tea", None), ids[1]: ("coffee", "green tea")}
    assert all(row.vector is None for row in rows.values())
    assert rows[ids[0]].tokens.tolist() == [1]
    record = records(store, ids)[ids[0]]
    assert (record.text, record.metadata, record.created_at, record.updated_at) == ("green tea", {"n": 2}, 10, 20)
    with store.read() as view:
        assert set(view.known_words(owner, [b"tea", b"new"])) == {b"new"}
        assert [(e.kind, e.old_text, e.new_text) for e in view.history(ids[0])] == [
            ("ADD", None, "tea"),
            ("UPDATE", "tea", "green tea"),
        ]


def test_an_edit_of_its_details_leaves_a_memory_its_vector(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    embed(store)

    def work(tx: Write) -> list[int]:
        memory = tx.for_update([ids[0]])[ids[0]]
        return tx.edit(EditedMemory(memory, {}, "2027-01-01", 7, memory.text, b"\2\0\0\0", b"tea"), 20)

    assert store.write_now(work) == []
    record = records(store, ids)[ids[0]]
    assert (record.expires_on, record.said_at, record.created_at, record.updated_at) == ("2027-01-01", 7, 7, 20)
    with store.read() as view:
        row = view.changes(owner, 0).rows[0]
        assert (row.tokens.tolist(), row.vector is not None, row.said_at) == ([2], True, 7)


def test_memories_deleted_together_are_linked_past_together(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk", "beer", "wine")
    embed(store)
    waiting = store.write_now(lambda tx: delete(tx, ids[1], ids[2], ids[4]))
    assert waiting == [ids[3]]
    with store.read() as view:
        rows = view.changes(owner, 0).rows
        assert [(row.memory_id, row.previous_id) for row in rows] == [(ids[0], None), (ids[3], ids[0])]
        assert [row.vector is None for row in rows] == [False, True]
        conversation = view.conversation(ask(ConversationAddress("p", "user", "ann", "r1")))
        assert conversation.last_memory_id == ids[3], "what is said next is linked to what is left"
        assert [view.history(i)[-1].kind for i in ids] == ["ADD", "DELETE", "DELETE", "ADD", "DELETE"]
    assert store.write_now(lambda tx: delete(tx, ids[1])) == [], "it is gone already"
    assert store.write_now(lambda tx: delete(tx, *ids)) == []
    with store.read() as view:
        assert view.count([owner]) == 0
        assert view.conversation(ask(ConversationAddress("p", "user", "ann", "r1"))).last_memory_id is None


def test_a_memory_leaves_a_run_and_stays_in_the_others(store: Store) -> None:
    owner, (tea, coffee) = fill(store, "tea", "coffee")
    say_again(store, owner, tea, "r2", at=20)

    def leave(tx: Write) -> None:
        tx.leave_run("p", [tx.for_update([tea])[tea]], "r1")

    store.write_now(leave)
    record = records(store, [tea])[tea]
    assert (record.run_id, record.run_ids, record.sayings, record.said_at) == ("r2", ("r2",), 1, 20)
    with store.read() as view:
        assert view.carriers(owner, "p", [("run", "r1")]) == [coffee]
        assert view.carriers(owner, "p", [("run", "r2"), ("agent", "bot")]) == [tea]
        assert view.carriers(owner, "p", []) == [tea, coffee]
        assert [source.conversation for source in view.sources([tea])] == ["r2"]


def test_a_vector_made_for_an_older_neighbour_is_not_kept(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee")
    with store.read() as view:
        stale = view.unembedded([ids[1]], 10)[0]
    store.write(lambda tx: delete(tx, ids[0])).result()
    row = (stale, Embedding(np.zeros(4, np.float32).tobytes()))
    assert store.write(lambda tx: tx.keep_vectors([row])).result() == 0
    with store.read() as view:
        assert [w.previous_text for w in view.unembedded(None, 10)] == [None]


@pytest.mark.parametrize("answers", [False, True])
def test_an_answer_holds_its_question_and_is_embedded_without_what_was_before(store: Store, answers: bool) -> None:
    def talk(tx: Write) -> list[int]:
        tea, milk = (memory(text, place=n, previous=New(0) if n else None) for n, text in enumerate(("tea", "milk")))
        messages = [said(0, "tea"), said(1, "milk")]
        return tx.apply(adding(TALK, tx.conversation(ask(TALK)), messages, tea, milk._replace(answers=answers)))

    ids = store.write_now(talk)
    with store.read() as view:
        before = {one.memory_id: one.previous_text for one in view.unembedded(ids, 9)}
        again = {one.version.memory_id: one.version.previous_text for one in view.rebuilding.next(0, 9).versions}
    assert before == again == {ids[0]: None, ids[1]: None if answers else "tea"}
