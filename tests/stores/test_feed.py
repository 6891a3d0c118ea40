"""What any store tells of changes: see toldonce.stores.feed."""

from __future__ import annotations

from tests.stores.filling import Open, delete, fill
from toldonce.stores.feed import Change
from toldonce.stores.protocol import Store

ALL = 1 << 62


def changes(store: Store, after: int = 0, until: int = ALL, limit: int = 99) -> list[Change]:
    with store.read() as view:
        return view.feed.changes(after, until, limit)


def newest(store: Store) -> int:
    with store.read() as view:
        return view.feed.newest()


def position(store: Store, reader: str) -> int | None:
    with store.read() as view:
        return view.feed.position(reader)


def test_a_store_nobody_wrote_to_has_no_changes(store: Store) -> None:
    assert (newest(store), changes(store), position(store, "r")) == (0, [], None)


def test_changes_come_in_the_order_of_their_commits_whoever_made_them(open_store: Open) -> None:
    one, other = open_store(), open_store()
    _ann, ids = fill(one, "tea", "coffee", project="p")
    fill(other, "beer", user="bob", project="q")
    one.write_now(lambda tx: tx.delete("p", list(tx.for_update(ids[:1]).values()), 77))
    with one.read() as view:
        uid = view.records(ids)[ids[1]].id
    found = changes(other)
    assert [(c.project, c.kind, c.text) for c in found] == [
        ("p", "ADD", None),  # deleted since
        ("p", "ADD", "coffee"),
        ("q", "ADD", "beer"),
        ("p", "DELETE", None),
    ]
    assert found[1].memory_uid == uid
    assert found[0].memory_uid == found[3].memory_uid
    assert found[0].event_uid == found[1].event_uid != found[3].event_uid
    assert [c.at for c in found] == [10, 10, 10, 77]
    sequences = [c.sequence for c in found]
    assert sequences == sorted(set(sequences))
    assert newest(one) == sequences[-1]


def test_changes_are_read_in_stretches(store: Store) -> None:
    fill(store, "a", "b", "c", "d")
    every = changes(store)
    assert len(every) == 4
    second, third = every[1].sequence, every[2].sequence
    assert changes(store, limit=2) == every[:2]
    assert changes(store, after=second) == every[2:]
    assert changes(store, until=third) == every[:3]
    assert changes(store, after=second, until=third) == [every[2]]
    assert changes(store, after=newest(store)) == []


def test_each_reader_keeps_its_place(open_store: Open) -> None:
    one, other = open_store(), open_store()
    one.write_now(lambda tx: tx.feed.keep_position("r", 3))
    one.write_now(lambda tx: tx.feed.keep_position("s", 1))
    other.write_now(lambda tx: tx.feed.keep_position("r", 5))
    assert [position(one, reader) for reader in "rst"] == [5, 1, None]


def test_only_old_changes_that_every_reader_has_seen_are_forgotten(store: Store) -> None:
    _owner, ids = fill(store, "a", "b", "c")
    store.write_now(lambda tx: delete(tx, ids[0]))
    every = [change.sequence for change in changes(store)]

    def forget(at: int, limit: int = 99) -> list[int]:
        count = store.write_now(lambda tx: tx.feed.forget_before(at, limit))
        left = [change.sequence for change in changes(store)]
        assert count == len(before) - len(left)
        before[:] = left
        return left

    before = list(every)
    assert forget(10) == every  # made at 10, not before
    store.write_now(lambda tx: tx.feed.keep_position("r", every[3]))
    store.write_now(lambda tx: tx.feed.keep_position("slow", every[1]))
    assert forget(11, 1) == every[1:]
    assert forget(11) == every[2:]
    store.write_now(lambda tx: tx.feed.keep_position("slow", every[3]))
    assert forget(1_000) == every[3:]  # the newest stays: sequences go on from it
    fill(store, "d")
    assert newest(store) > every[3]
