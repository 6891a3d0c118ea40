"""What any store promises: see toldonce.stores.protocol."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np
import pytest

from toldonce.errors import Closed
from toldonce.stores.protocol import (
    Changes,
    ConversationAddress,
    ConversationQuery,
    ConversationView,
    JournalMessage,
    New,
    NewMemory,
    Read,
    RepeatedMemory,
    Store,
    Write,
)
from toldonce.stores.rebuilding import Stretch
from toldonce.types import MemoryRecord, Scope
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
    address: ConversationAddress, *timed: tuple[bytes, int], ids: tuple[str, ...] = (), window: int = 64
) -> ConversationQuery:
    return ConversationQuery(address, None, None, ids, timed, window)


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


def embed(store: Store) -> None:
    with store.read() as view:
        waiting = view.unembedded(None, 100)
    rows = [(version, np.full(4, version.version_id, np.float32).tobytes()) for version in waiting]
    store.write_now(lambda tx: tx.keep_vectors(rows))


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
            later = store.write(_named(f"later {thread} {n}"))
            assert store.write_now(_named(f"now {thread} {n}")) > 0
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
    go_on = [store.write(_named(f"u{n}")) for n in range(6)]
    called_off = [future for future in go_on[::2] if future.cancel()]
    go.set()
    slow.result()
    assert len(called_off) == 3
    assert all(future.result() for future in go_on[1::2])
    assert store.write(_named("later")).result() > 0
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
    store.write(lambda tx: tx.delete_memory(tx.for_update([ids[1]])[ids[1]], "p", 11)).result()
    with store.read() as view:
        later = view.changes(owner, embedded.version)
        assert view.changes(owner, later.version).rows == []
    assert later.deleted == [ids[1]]
    assert [(row.memory_id, row.previous_id, row.vector is None) for row in later.rows] == [(ids[2], ids[0], True)]


def test_a_deleted_memory_is_gone_from_all_but_its_history(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    embed(store)
    uid = next(iter(_records(store, ids[:1]).values())).id

    def work(tx: Write) -> None:
        standing = tx.for_update([ids[0]])[ids[0]]
        tx.delete_memory(standing, "p", 12)
        tx.log("DELETE", "DELETE", [(ids[0], standing.version_id, None)], 12)

    store.write(work).result()
    assert set(_records(store, ids)) == {ids[1]}
    with store.read() as view:
        assert view.locate("p", uid) == ids[0]
        assert [(e.kind, e.old_text, e.new_text) for e in view.history(ids[0])] == [
            ("ADD", None, "tea"),
            ("DELETE", "tea", None),
        ]
        assert view.owners_with("p", "agent", ["bot"]) == {owner}
    store.write(lambda tx: tx.delete_memory(tx.for_update([ids[1]])[ids[1]], "p", 13)).result()
    with store.read() as view:
        assert view.owners_with("p", "agent", ["bot"]) == set()
        assert view.owners_with("p", "run", None) == set()


def test_an_edit_makes_a_version_and_its_followers_wait_for_vectors(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    embed(store)

    def work(tx: Write) -> int:
        standing = tx.for_update([ids[0]])[ids[0]]
        version = tx.reserve(owner, 1)
        tx.replace_text(standing, version, "green tea", b"\1\0\0\0", None, 20)
        tx.embed_again(owner, tx.successors(ids[0]))
        return version

    version = store.write(work).result()
    with store.read() as view:
        waiting = {w.version_id: (w.text, w.previous_text) for w in view.unembedded(None, 10)}
        rows = {row.memory_id: row for row in view.changes(owner, 0).rows}
    assert waiting == {version: ("green tea", None), ids[1]: ("coffee", "green tea")}
    assert all(row.vector is None for row in rows.values())
    assert rows[ids[0]].tokens.tolist() == [1]


def test_a_vector_made_for_an_older_neighbour_is_not_kept(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee")
    with store.read() as view:
        stale = view.unembedded([ids[1]], 10)[0]
    store.write(lambda tx: tx.delete_memory(tx.for_update([ids[0]])[ids[0]], "p", 12)).result()
    row = (stale, np.zeros(4, np.float32).tobytes())
    assert store.write(lambda tx: tx.keep_vectors([row])).result() == 0
    with store.read() as view:
        assert [w.previous_text for w in view.unembedded(None, 10)] == [None]


TALK = ConversationAddress("p", "user", "ann", "c")


def test_places_and_message_ids_are_unique(store: Store) -> None:
    def append(tx: Write, twin: JournalMessage | None) -> None:
        view = tx.conversation(ask(TALK))
        messages = [said(0, "tea", external_id="m1"), said(1, "coffee")] if twin is None else [twin]
        tx.apply(adding(TALK, view, messages))

    store.write(partial(append, twin=None)).result()
    for twin in (said(1, "again"), said(2, "again", external_id="m1")):
        with pytest.raises(Exception, match=r"UNIQUE|constraint"):
            store.write(partial(append, twin=twin)).result()
    with store.read() as view:
        assert [m.content for m in view.messages(view.owners("p", None, None), Scope(), limit=None, offset=0)] == [
            "tea",
            "coffee",
        ]


def test_a_conversation_tells_what_is_asked_of_it_and_no_more(store: Store) -> None:
    texts = ["tea", "coffee", "milk", "tea", "coffee", "beer"]
    messages = [said(n, text, external_id=f"m{n}" if n == 2 else None) for n, text in enumerate(texts)]
    messages[3] = messages[3]._replace(timed=False)
    messages[4] = messages[4]._replace(agent_id="other")
    with store.read() as view:
        assert view.conversation(ask(TALK, (b"tea", 10))) == ConversationView()
    store.write_now(lambda tx: tx.apply(adding(TALK, ConversationView(), messages)))
    with store.read() as view:
        found = view.conversation(ask(TALK, (b"tea", 10), (b"tea", 13), (b"beer", 10), ids=("m1", "m2"), window=4))
        assert (found.next_place, [message.content for message in found.latest]) == (6, ["beer"])
        assert [(trace.place, trace.digest, trace.time) for trace in found.window] == [
            (2, b"milk", 12),
            (3, b"tea", None),
            (5, b"beer", 15),
        ], "what was said to another agent is left out"
        assert not found.whole
        assert found.timed == {(b"tea", 10): [0]}, "with the words and the time, where somebody said when"
        assert found.known_ids == {"m2": 2}
        everything = view.conversation(ask(TALK))
        assert everything.whole
        assert len(everything.window) == 5
        assert not everything.timed
        assert not everything.known_ids
        elsewhere = view.conversation(ask(TALK._replace(key="d"), (b"tea", 10), ids=("m2",)))
        assert elsewhere == ConversationView(owner_id=found.owner_id)
        assert view.conversation(ask(TALK._replace(project="q"), (b"tea", 10), ids=("m2",))) == ConversationView()


def test_what_is_said_again_is_counted_where_it_is(store: Store) -> None:
    owner, (tea, _) = fill(store, "tea", "coffee")
    embed(store)
    address = ConversationAddress("p", "user", "ann", "r2")

    def again(tx: Write) -> list[int]:
        known = tx.known_words(owner, [b"tea", b"beer"])
        assert set(known) == {b"tea"}
        memory = known[b"tea"].memory
        assert (memory.id, known[b"tea"].tokens) == (tea, np.array([3], np.uint32).tobytes())
        changes = adding(address, tx.conversation(ask(address)), [said(0, "tea")])
        repeated = RepeatedMemory(
            tea, memory.version_id, Scope("ann", "bot", None, "r2"), ("r1",), 2, 20, b"\1\0\0\0", (0,)
        )
        return tx.apply(replace(changes, repeated=[repeated], last_memory=tea))

    assert store.write_now(again) == []
    record = _records(store, [tea])[tea]
    assert (record.sayings, record.said_at, record.run_ids, record.text) == (2, 20, ("r1", "r2"), "tea")
    with store.read() as view:
        assert view.owners_with("p", "run", ["r2"]) == {owner}
        assert [(source.conversation, source.place) for source in view.sources([tea])] == [("r1", 0), ("r2", 0)]
        row = next(row for row in view.changes(owner, 0).rows if row.memory_id == tea)
        assert row.tokens.tolist() == [1]
        assert row.vector is not None, "its words did not change"
        assert [done.kind for done in view.history(tea)] == ["ADD"]
        assert view.conversation(ask(address)).last_memory_id == tea


def test_projects_never_mix(store: Store) -> None:
    ann, ids = fill(store, "tea", project="p")
    other, _ = fill(store, "coffee", project="q")
    uid = _records(store, ids)[ids[0]].id
    with store.read() as view:
        assert set(view.owners("p", None, None)) == {ann}
        assert view.owners_with("q", "agent", None) == {other}
        assert view.locate("q", uid) is None


def test_ids_are_never_used_again(store: Store) -> None:
    owner, _ = fill(store, "tea")
    store.write(lambda tx: tx.erase_everything()).result()
    again, ids = fill(store, "coffee")
    assert again > owner
    with store.read() as view:
        assert view.owner_version(owner) == 0
        assert [m.content for m in view.messages([owner, again], Scope(), limit=None, offset=0)] == ["coffee"]
    store.compact()
    assert set(_records(store, ids)) == set(ids)


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


def _records(store: Store, ids: list[int]) -> dict[int, MemoryRecord]:
    with store.read() as view:
        return dict(view.records(ids))


def test_a_rebuild_goes_on_after_its_place_and_takes_what_changes(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk")
    other, more = fill(store, "beer", user="bob")
    embed(store)

    def make(after: int, limit: int) -> Stretch:
        with store.read() as view:
            stretch = view.rebuilding.next(after, limit)
        rows = [(made.version, np.full(2, 7, np.float32).tobytes()) for made in stretch.versions]
        store.write(lambda tx: tx.rebuilding.keep(stretch, rows, [])).result()
        return stretch

    first, second, third = make(0, 2), make(owner - 1, 2), make(owner - 1, 9)
    assert [made.version.version_id for made in (*first.versions, *second.versions, *third.versions)] == [*ids, *more]
    assert (first.ended, third.ended) == (False, True)
    store.write(lambda tx: tx.delete_memory(tx.for_update([ids[0]])[ids[0]], "p", 11)).result()
    with store.read() as view:
        left = view.rebuilding.next(0, 9)
        assert view.rebuilding.progress() == (2, 3)
    assert [(made.version.text, made.version.previous_text) for made in left.versions] == [("coffee", None)]
    store.write(lambda tx: tx.rebuilding.switch(left, tokens=False)).result()
    with store.read() as view:
        found = {row.memory_id: row for one in (owner, other) for row in view.changes(one, 0).rows}
        assert [waiting.text for waiting in view.unembedded(None, 9)] == ["coffee"]
        assert len(view.rebuilding.next(0, 9).versions) == 3  # nothing is kept of a rebuild that is over
    assert {i: row.vector is not None and len(row.vector) for i, row in found.items()} == {
        ids[1]: False,
        ids[2]: 2,
        more[0]: 2,
    }
    assert found[ids[2]].tokens.tolist() == [4]


def test_what_waits_for_vectors_is_paged_and_belongs_to_projects(store: Store) -> None:
    ann, ids = fill(store, "tea", "coffee", "milk")
    bob, more = fill(store, "beer", user="bob")
    with store.read() as view:
        waiting = sorted([*ids, *more])
        assert view.unembedded_ids(0, 9) == waiting
        assert view.unembedded_ids(0, 2) + view.unembedded_ids(waiting[1], 9) == waiting
        assert view.unembedded_ids(waiting[-1], 9) == []
        assert view.projects_of([ann, bob, 4711]) == {ann: "p", bob: "p"}


def test_a_rebuild_lets_what_cannot_be_embedded_wait(store: Store) -> None:
    owner, ids = fill(store, "tea", "poison")
    embed(store)
    with store.read() as view:
        stretch = view.rebuilding.next(0, 9)
    rows = [
        (made.version, b"" if made.version.text == "poison" else np.full(2, 7, np.float32).tobytes())
        for made in stretch.versions
    ]
    store.write(lambda tx: tx.rebuilding.keep(stretch, rows, [])).result()
    store.write(lambda tx: tx.rebuilding.switch(Stretch(ended=True), tokens=False, refused=True)).result()
    with store.read() as view:
        assert [waiting.text for waiting in view.unembedded(None, 9)] == ["poison"]
        lengths = {row.memory_id: row.vector is not None and len(row.vector) for row in view.changes(owner, 0).rows}
    assert lengths == {ids[0]: 2, ids[1]: False}


def _named(user: str) -> Callable[[Write], int]:
    return lambda tx: tx.ensure_owner("p", "user", user, 1)
