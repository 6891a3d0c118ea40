"""Lists of memories and messages, newest first."""

from __future__ import annotations

from tests.stores.filling import (
    adding,
    ask,
    delete,
    fill,
    said,
)
from tests.stores.filling import (
    memory as a_memory,
)
from toldonce.stores.protocol import (
    ConversationAddress,
    EditedMemory,
    Store,
    Write,
)
from toldonce.types import Scope


def test_a_page_is_a_stretch_of_the_owners_memories_newest_first(store: Store) -> None:
    ann, mine = fill(store, *(f"tea {n}" for n in range(7)))
    bo, others = fill(store, "beer", "wine", user="bo")
    stranger, _ = fill(store, "milk", user="eve")

    def age(tx: Write) -> None:
        for n, memory in enumerate(tx.for_update([*mine, *others]).values()):
            last_day = "2020-01-01" if n == 5 else None
            tx.edit(EditedMemory(memory, {}, last_day, 100 + n % 3, memory.text, None, None), 20)

    store.write_now(age)
    with store.read() as view:
        everything = sorted(
            ((r.created_at, i) for i, r in {**view.records_of(ann), **view.records_of(bo)}.items()), reverse=True
        )
        order = [memory_id for _, memory_id in everything]
        for owners, expected in (([ann, bo], order), ([ann], [i for i in order if i in mine]), ([bo], others[::-1])):
            assert view.count(owners) == len(expected)
            assert [i for i, _ in view.page(owners, limit=100)] == expected
            for offset in range(len(expected) + 1):
                assert [i for i, _ in view.page(owners, limit=2, offset=offset)] == expected[offset : offset + 2]
            for place, memory_id in enumerate(expected):
                record = view.records([memory_id])[memory_id]
                behind = view.page(owners, limit=100, before=(record.created_at, memory_id))
                assert [i for i, _ in behind] == expected[place + 1 :]
        for day, holds in (("2020-01-01", True), ("2020-01-02", False)):  # the last day counts
            assert view.count([ann], today=day) == (7 if holds else 6)
            assert view.expired(ann, day) == ([] if holds else [mine[5]])
            for owners in ([ann], [ann, bo]):
                assert (mine[5] in dict(view.page(owners, limit=100, today=day))) == holds
        assert view.expired(bo, "2020-01-02") == []
        assert view.page([], limit=5) == []
    store.write_now(lambda tx: delete(tx, mine[0]))
    with store.read() as view:
        assert view.count([ann, bo, stranger]) == 9
        assert mine[0] not in dict(view.page([ann], limit=100))


def test_the_latest_messages_are_the_end_of_the_journal(store: Store) -> None:
    def at(recorded_at: int, place: int, key: str) -> None:
        address = ConversationAddress("p", "user", "ann", key)
        message = said(place, f"{key} {place}")._replace(recorded_at=recorded_at, run_id=key)
        store.write_now(lambda tx: tx.apply(adding(address, tx.conversation(ask(address)), [message])))

    for turn in range(12):  # by turns in two conversations, and at last in a third
        at(turn, turn // 2, "ab"[turn % 2])
    for place in range(3):
        at(50 + place, place, "c")
    with store.read() as view:
        owners = list(view.owners("p", None, None))
        for scope in (Scope(), Scope(run_id="a")):
            journal = view.messages(owners, scope, limit=None, offset=0)
            assert len(journal) == (15 if scope == Scope() else 6)
            for count in (1, 2, 5, 15, 99):
                assert view.latest_messages(owners, scope, count) == journal[-count:]


def test_messages_are_those_of_an_agent_an_app_or_a_run(store: Store) -> None:
    scopes = [Scope(agent_id="a"), Scope(app_id="a"), Scope(run_id="a"), Scope("x", "a", "b", "c"), Scope()]

    def talk(tx: Write) -> None:
        address = ConversationAddress("p", "user", "ann", "talk")
        messages = [
            said(n, f"number {n}")._replace(agent_id=one.agent_id, app_id=one.app_id, run_id=one.run_id)
            for n, one in enumerate(scopes)
        ]
        tx.apply(adding(address, tx.conversation(ask(address)), messages))

    store.write_now(talk)
    with store.read() as view:
        owners = list(view.owners("p", None, None))
        for scope, places in (
            (Scope(agent_id="a"), [0, 3]),
            (Scope(app_id="a"), [1]),
            (Scope(run_id="a"), [2]),
            (Scope(agent_id="a", app_id="b"), [3]),
            (Scope(agent_id="a", app_id="b", run_id="a"), []),
            (Scope(), [0, 1, 2, 3, 4]),
        ):
            assert [one.place for one in view.messages(owners, scope, limit=None, offset=0)] == places
            assert [one.place for one in view.latest_messages(owners, scope, 9)] == places


def test_what_people_said_is_told_from_what_an_assistant_did(store: Store) -> None:
    address = ConversationAddress("p", "user", "ann", "r1")
    scope = Scope("ann", None, None, "r1")

    def talk(tx: Write) -> list[int]:
        view = tx.conversation(ask(address))
        texts = ("I live in Porto.", "Noted, Porto!", "My cat is Miso.")
        first, reply, last = (a_memory(text, place=n, previous=None, scope=scope) for n, text in enumerate(texts))
        messages = [said(n, text) for n, text in enumerate(texts)]
        return tx.apply(adding(address, view, messages, first, reply._replace(role="assistant"), last))

    ids = store.write_now(talk)
    fill(store, "I live in Faro.", user="bo")
    with store.read() as view:
        owner, records = store.owner_of(ids[0]), view.records(ids)
        version, spoken = view.owner_version(owner), view.spoken(owner)
    assert [(one.memory_id, one.text) for one in spoken] == [(ids[0], "I live in Porto."), (ids[2], "My cat is Miso.")]
    for one in spoken:
        record = records[one.memory_id]
        assert (one.uid, one.first_said_at, one.said_at) == (record.id, record.created_at, record.said_at)
        assert (one.recorded_at, one.expires_on) == (10, None)
    later = fill(store, "I moved to Braga.")[1]
    store.write(lambda tx: delete(tx, ids[0])).result()
    with store.read() as view:
        assert later[0] in {one.memory_id for one in view.spoken(owner, version)}
        assert ids[0] not in {one.memory_id for one in view.spoken(owner)}
