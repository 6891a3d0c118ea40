"""What any store promises: see toldonce.stores.protocol."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from tests.stores.filling import (
    Open,
    delete,
    embed,
    embedding,
    fill,
    named,
    records,
)
from toldonce.errors import Closed
from toldonce.stores.protocol import (
    Read,
    Store,
    Write,
)
from toldonce.types import EntityKind, Scope


def test_a_write_is_seen_by_every_later_read_of_any_opener(open_store: Open) -> None:
    one, other = open_store(), open_store()
    owner, ids = fill(one, "tea", "coffee")
    with other.read() as view:
        assert {r.text for r in view.records(ids).values()} == {"tea", "coffee"}
        assert view.owner_version(owner) == 1


def test_a_read_is_one_view(open_store: Open) -> None:
    one, other = open_store(), open_store()
    owner, _ids = fill(one, "tea")
    with one.read() as view:
        assert view.owner_version(owner) == 1
        fill(other, "coffee")
        assert view.owner_version(owner) == 1
        assert len(view.records_of(owner)) == 1
    with one.read() as view:
        assert len(view.records_of(owner)) == 2


def test_what_was_worked_out_once_holds_until_anybody_writes(open_store: Open) -> None:
    one, other = open_store(), open_store()
    fill(one, "tea")
    asked: list[str] = []

    def names(read: Read) -> list[str]:
        def work() -> list[str]:
            asked.append("")
            return [name for _, name in read.owners("p", "user", None).values()]

        return read.once("names", work)

    for _ in range(2):
        with one.read() as read:
            assert names(read) == ["ann"]
    assert len(asked) == 1
    for writer in (one, other):
        fill(writer, "tea", user=f"by {writer is one}")
        with one.read() as read:
            assert names(read) == [name for _, name in read.owners("p", "user", None).values()]
    assert len(asked) == 3

    def in_a_write(tx: Write) -> None:
        before = names(tx)
        tx.ensure_owner("p", "user", "new", 1)
        assert names(tx) == [*before, "new"]
        raise KeyError("undone")

    with pytest.raises(KeyError):
        one.write_now(in_a_write)
    with one.read() as read:
        assert "new" not in names(read)


def test_a_failed_write_leaves_nothing_and_takes_nobody_with_it(store: Store) -> None:
    def fails(tx: Write) -> None:
        tx.ensure_owner("p", "user", "eve", 1)
        raise KeyError("on purpose")

    def found(tx: Write, user: str) -> int:
        return tx.ensure_owner("p", "user", user, 1)

    futures: list[Future[object]] = []
    for n in range(20):
        futures.append(store.write(fails))
        futures.append(store.write(partial(found, user=f"u{n}")))
    for failing, fine in zip(futures[::2], futures[1::2], strict=True):
        assert isinstance(failing.exception(), KeyError)
        assert fine.exception() is None
    with store.read() as view:
        names = {entity for _, entity in view.owners("p", "user", None).values()}
    assert names == {f"u{n}" for n in range(20)}


def test_those_who_wait_and_those_who_do_not_write_by_turns(store: Store) -> None:
    def fails(tx: Write) -> None:
        tx.ensure_owner("p", "user", "eve", 1)
        raise KeyError("on purpose")

    def work(thread: int) -> None:
        for n in range(30):
            later = store.write(named(f"later {thread} {n}"))
            assert store.write_now(named(f"now {thread} {n}")) > 0
            with pytest.raises(KeyError, match="on purpose"):
                store.write_now(fails)
            assert later.result() > 0

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    with store.read() as view:
        names = {entity for _, entity in view.owners("p", "user", None).values()}
    assert names == {f"{when} {thread} {n}" for when in ("now", "later") for thread in range(4) for n in range(30)}


def test_a_write_that_is_called_off_disturbs_nobody(store: Store) -> None:
    go = Event()
    slow = store.write(lambda tx: go.wait(10))
    go_on = [store.write(named(f"u{n}")) for n in range(6)]
    called_off = [future for future in go_on[::2] if future.cancel()]
    go.set()
    slow.result()
    assert len(called_off) == 3
    assert all(future.result() for future in go_on[1::2])
    assert store.write(named("later")).result() > 0
    with store.read() as view:
        assert {entity for _, entity in view.owners("p", "user", None).values()} == {"u1", "u3", "u5", "later"}


def test_changes_since_a_version_are_exactly_what_changed(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk")
    with store.read() as view:
        everything = view.changes(owner, 0)
    assert [row.memory_id for row in everything.rows] == ids
    assert all(row.vector is None for row in everything.rows)
    assert [row.previous_id for row in everything.rows] == [None, *ids[:-1]]
    embed(store)
    with store.read() as view:
        embedded = view.changes(owner, everything.version)
    assert all(row.vector is not None for row in embedded.rows)
    store.write(lambda tx: delete(tx, ids[1])).result()
    with store.read() as view:
        later = view.changes(owner, embedded.version)
        assert view.changes(owner, later.version).rows == []
    assert later.deleted == [ids[1]]
    assert [(row.memory_id, row.previous_id, row.vector is None) for row in later.rows] == [(ids[2], ids[0], True)]


def test_vectors_of_tokens_are_kept_beside_the_text_s_own(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk")
    with store.read() as view:
        waiting = view.unembedded(ids, 10)
    made = [embedding(value, tokens) for value, tokens in ((1, 4), (2, None), (3, 0))]
    assert store.write_now(lambda tx: tx.keep_vectors(list(zip(waiting, made, strict=True)))) == 3
    with store.read() as view:
        rows = view.changes(owner, 0).rows
    small = [None if row.token_vectors is None else row.token_vectors.tobytes() for row in rows]
    assert small == [one.tokens for one in made]
    assert [row.vector.tobytes() for row in rows if row.vector is not None] == [one.vector for one in made]


def test_projects_never_mix(store: Store) -> None:
    """The same names in two projects: each question finds what is of its own."""
    found = {project: fill(store, text, project=project) for project, text in (("p", "tea"), ("q", "coffee"))}
    with store.read() as view:
        for project, (owner, [memory_id]) in found.items():
            assert set(view.owners(project, None, None)) == {owner}
            for users in (None, ["ann"]):
                assert set(view.owners(project, "user", users)) == {owner}
            carried: tuple[tuple[EntityKind, str], ...] = (("user", "ann"), ("agent", "bot"), ("run", "r1"))
            for kind, name in carried:
                assert view.owners_with(project, kind, None) == {owner}
                assert view.owners_with(project, kind, [name, "nobody"]) == {owner}
                assert view.owners_with("another", kind, [name]) == set()
            uid = view.records([memory_id])[memory_id].id
            assert [other for other in ("p", "q", "another") if view.locate(other, uid) is not None] == [project]


def test_ids_are_never_used_again(store: Store) -> None:
    owner, _ = fill(store, "tea")
    number = store.write_now(lambda tx: tx.erasing.order("e", "p", "project", "p", True, 1))
    store.write_now(lambda tx: tx.erasing.carry_out(number, 2))
    again, ids = fill(store, "coffee")
    assert again > owner
    with store.read() as view:
        assert view.owner_version(owner) == 0
        assert [m.content for m in view.messages([owner, again], Scope(), limit=None, offset=0)] == ["coffee"]
    store.compact()
    assert set(records(store, ids)) == set(ids)


def test_a_closed_store_says_so(open_store: Open) -> None:
    store = open_store()
    late = store.write(lambda tx: tx.ensure_owner("p", "user", "ann", 1))
    store.close()
    assert late.result() > 0
    with pytest.raises(Closed):
        store.write(lambda tx: None)
    with pytest.raises(Closed):
        store.write_now(lambda tx: None)
    with pytest.raises(Closed), store.read():
        pass
    store.close()


def test_what_waits_for_vectors_is_paged_and_belongs_to_projects(store: Store) -> None:
    ann, ids = fill(store, "tea", "coffee", "milk")
    bob, more = fill(store, "beer", user="bob")
    with store.read() as view:
        waiting = sorted([*ids, *more])
        assert view.unembedded_ids(0, 9) == waiting
        assert view.unembedded_ids(0, 2) + view.unembedded_ids(waiting[1], 9) == waiting
        assert view.unembedded_ids(waiting[-1], 9) == []
        assert view.unembedded_count() == len(waiting)
        assert view.projects_of([ann, bob, 4711]) == {ann: "p", bob: "p"}
