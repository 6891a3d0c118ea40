"""What any store does when something is erased: see toldonce.stores.erasing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.stores.filling import ANN, TALK, Open, adding, ask, delete, embed, fill, memory, records, said, say_again
from toldonce.stores.erasing import Orphans
from toldonce.stores.protocol import ConversationAddress, Store, Write
from toldonce.stores.serving import Call, Delivery, Export, Feedback, Webhook
from toldonce.text.digests import bare_digest, subject_digest
from toldonce.types import ErasedKind, Scope
from toldonce.uids import new_uid


def erase(store: Store, kind: ErasedKind, entity: str, *, allow_return: bool = False) -> tuple[int, list[int]]:
    """The number of a new erasure, and the versions that wait for a vector since it was carried out."""
    number = store.write_now(lambda tx: tx.erasing.order(f"e-{entity}", "p", kind, entity, allow_return, 20))
    waiting = store.write_now(lambda tx: tx.erasing.carry_out(number, 21))
    with store.read() as view:
        orphans = view.erasing.orphans("p")
    for part in orphans.parts(1):
        store.write_now(partial(drop_orphans, number, part))
    return number, waiting


def drop_orphans(number: int, part: Orphans, write: Write) -> None:
    write.erasing.drop_orphans(number, part)


def known(store: Store, user: str, *texts: str) -> set[str]:
    """Those of these texts that are known to have been erased from a user."""
    with store.read() as view:
        subject = subject_digest(view.digest_key, "p", "user", user)
        found = view.erasing.erased_words(subject, [bare_digest(view.digest_key, text) for text in texts])
        return {text for text in texts if bare_digest(view.digest_key, text) in found}


Files = Callable[[], Path]


def left(files: Files, *pieces: bytes) -> list[str]:
    """Files in which any of these bytes stand."""
    folder = files()
    return [path.name for path in folder.rglob("*") if path.is_file() and any(p in path.read_bytes() for p in pieces)]


def test_a_user_is_erased_and_the_others_are_not(store: Store) -> None:
    ann, anns = fill(store, "tea", "coffee")
    bob, bobs = fill(store, "milk", user="bob")
    embed(store)
    number, waiting = erase(store, "user", "ann")
    assert waiting == []
    assert records(store, anns) == {}
    assert {record.text for record in records(store, bobs).values()} == {"milk"}
    with store.read() as view:
        assert view.owner_version(ann) == 0
        assert [m.content for m in view.messages([ann, bob], Scope(), limit=None, offset=0)] == ["milk"]
        assert view.owners_with("p", "agent", ["bot"]) == {bob}
        erasure = view.erasing.erasure(number)
        assert erasure is not None
        assert (erasure.entity, erasure.hidden_at, erasure.erased_at) == (None, 21, None)
        assert (erasure.counts["memories"], erasure.counts["messages"], erasure.counts["vectors"]) == (2, 2, 2)
        assert list(erasure.owners) == [ann]
        assert [one.number for one in view.erasing.erasures(unfinished=True)] == [number]
    store.write_now(lambda tx: tx.erasing.finish(number, "{}", 30))
    with store.read() as view:
        assert view.erasing.erasures(unfinished=True) == []
        assert [(one.receipt, one.erased_at) for one in view.erasing.erasures()] == [("{}", 30)]
        assert view.erasing.erasure(number + 1) is None


def test_an_erasure_is_carried_out_once(store: Store) -> None:
    fill(store, "tea")
    number, _ = erase(store, "user", "ann")
    fill(store, "coffee")
    assert store.write_now(lambda tx: tx.erasing.carry_out(number, 50)) == []
    with store.read() as view:
        assert len(view.owners("p", "user", ["ann"])) == 1


def test_no_byte_is_left_once_the_store_was_purged(store: Store, files: Files) -> None:
    _, ids = fill(store, *(f"secret number {n} of Ann" for n in range(400)))
    fill(store, *(f"public number {n} of Bob" for n in range(400)), user="bob")
    embed(store)
    vectors = [np.full(4, memory_id, np.float32).tobytes() for memory_id in ids[::50]]
    assert left(files, b"secret number 7 of Ann")
    assert left(files, *vectors)
    number, _ = erase(store, "user", "ann")
    assert store.purge(number, 5) == []
    assert left(files, b"secret number", *vectors) == []
    assert left(files, b"public number 399 of Bob")


def test_whoever_reads_on_is_named_and_holds_nothing_up_but_the_purge(open_store: Open) -> None:
    store, other = open_store(), open_store()
    fill(store, "tea")
    with store.read() as view:
        view.setting("anything")
        number, _ = erase(store, "user", "ann")
        [who] = [who for who in store.purge(number, 0) if threading.current_thread().name in who]
        assert "is reading" in who
        assert other.purge(number, 0) != []
    assert other.purge(number, 5) == store.purge(number, 5) == []


def test_every_opener_forgets(open_store: Open) -> None:
    class Held:
        forgot = False

        def forget(self, owner_ids: object) -> None:
            self.forgot = True

    store, other, held, mine = open_store(), open_store(), Held(), Held()
    other.caches.register(held)
    store.caches.register(mine)
    fill(store, "tea")
    assert not mine.forgot
    number, _ = erase(store, "user", "ann")
    assert (mine.forgot, held.forgot) == (True, False)
    assert store.purge(number, 5) == []
    assert held.forgot


def test_digests_of_erased_words_are_kept_unless_they_may_return(store: Store) -> None:
    fill(store, "tea", "coffee")
    assert known(store, "ann", "tea", "coffee") == set()
    erase(store, "user", "ann")
    assert known(store, "ann", "tea", " coffee ", "milk") == {"tea", " coffee "}
    assert known(store, "bob", "tea") == set()
    with store.read() as view:
        assert view.conversation(ask(TALK)).erased
    erase(store, "user", "ann", allow_return=True)
    assert known(store, "ann", "tea", "coffee") == set()
    with store.read() as view:
        assert not view.conversation(ask(TALK)).erased


def test_one_memory_is_erased_with_its_messages_and_its_neighbour_is_embedded_anew(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee", "milk")
    embed(store)
    uid = records(store, ids)[ids[1]].id
    number, waiting = erase(store, "memory", uid)
    assert waiting == [ids[2]]
    assert {record.text for record in records(store, ids).values()} == {"tea", "milk"}
    with store.read() as view:
        assert [m.content for m in view.messages([owner], Scope(), limit=None, offset=0)] == ["tea", "milk"]
        assert [m.content for m in view.latest_messages([owner], Scope(), 5)] == ["tea", "milk"]
        assert view.locate("p", uid) is None
        assert view.history(ids[1]) == []
        [left] = view.unembedded([ids[2]], 9)
        assert left.previous_text == "tea"
        assert [row.memory_id for row in view.changes(owner, 0).rows] == [ids[0], ids[2]]
        carried = [one.versions[0].text for one in view.transfer.memories(owner, vectors=True)]
        assert carried == ["tea", "milk"]
        assert view.erasing.erasure(number) is not None
    assert known(store, "ann", "tea", "coffee") == {"coffee"}


def test_an_index_that_was_loaded_before_learns_that_a_memory_was_erased(store: Store) -> None:
    owner, ids = fill(store, "tea", "coffee")
    with store.read() as view:
        version = view.owner_version(owner)
    erase(store, "memory", records(store, ids)[ids[1]].id)
    with store.read() as view:
        assert view.changes(owner, version).deleted == [ids[1]]


def test_a_deleted_memory_can_be_erased_too(store: Store, files: Files) -> None:
    _, ids = fill(store, "the secret of the tea")
    uid = records(store, ids)[ids[0]].id
    store.write_now(lambda tx: delete(tx, ids[0]))
    assert left(files, b"the secret of the tea")
    number, _ = erase(store, "memory", uid)
    assert store.purge(number, 5) == []
    assert left(files, b"the secret of the tea") == []


def test_the_answer_goes_with_the_question_that_its_text_holds(store: Store) -> None:
    def talk(tx: Write) -> list[int]:
        messages = [said(0, "Do you like tea?"), said(1, "Yes.")]
        question = memory("Do you like tea?", place=0, previous=None)
        answer = memory("Do you like tea? Yes.", place=1, previous=None)._replace(sources=((1, "said"), (0, "asked")))
        return tx.apply(adding(TALK, tx.conversation(ask(TALK)), messages, question, answer))

    ids = store.write_now(talk)
    erase(store, "memory", records(store, ids)[ids[0]].id)
    assert records(store, ids) == {}


@pytest.mark.parametrize("answered", [True, False])
def test_a_question_goes_with_its_answer_unless_it_is_a_memory_of_its_own(store: Store, answered: bool) -> None:
    def talk(tx: Write) -> list[int]:
        messages = [said(0, "Do you like tea?"), said(1, "Yes.")]
        answer = memory("Do you like tea? Yes.", place=1, previous=None)._replace(sources=((1, "said"), (0, "asked")))
        made = [memory("Do you like tea?", place=0, previous=None), answer] if answered else [answer]
        return tx.apply(adding(TALK, tx.conversation(ask(TALK)), messages, *made))

    ids = store.write_now(talk)
    owner = store.owner_of(ids[0])
    erase(store, "memory", records(store, ids)[ids[-1]].id)
    with store.read() as view:
        kept = [message.content for message in view.messages([owner], Scope(), limit=None, offset=0)]
    assert kept == (["Do you like tea?"] if answered else [])


def test_an_agent_is_erased_from_the_talk_of_users(store: Store) -> None:
    owner, ids = fill(store, "tea")
    plain = ConversationAddress("p", "user", "ann", "plain")

    def talk(tx: Write) -> list[int]:
        mine = [memory("milk", place=0, previous=None, scope=ANN)]
        told = [said(0, "milk"), said(1, "told to the bot")._replace(agent_id="bot")]
        return tx.apply(adding(plain, tx.conversation(ask(plain)), told, *mine))

    [kept] = store.write_now(talk)
    erase(store, "agent", "bot")
    assert set(records(store, [*ids, kept])) == {kept}
    with store.read() as view:
        assert [m.content for m in view.messages([owner], Scope(), limit=None, offset=0)] == ["milk"]
        assert view.owners_with("p", "agent", ["bot"]) == set()


def test_a_run_is_erased_and_what_was_said_in_others_too_only_leaves_it(store: Store) -> None:
    owner, [shared, only] = fill(store, "tea", "coffee")
    say_again(store, owner, shared, "r2", 40)
    erase(store, "run", "r1")
    [record] = records(store, [shared, only]).values()
    assert (record.text, record.run_ids, record.sayings) == ("tea", ("r2",), 1)
    with store.read() as view:
        assert [m.run_id for m in view.messages([owner], Scope(), limit=None, offset=0)] == ["r2"]


def test_a_project_is_erased_and_others_are_not(store: Store) -> None:
    _, mine = fill(store, "tea")
    _, other = fill(store, "coffee", project="q")
    erase(store, "project", "p")
    assert set(records(store, [*mine, *other])) == set(other)


@pytest.mark.parametrize("kind", ["user", "agent", "run", "memory"])
def test_an_erasure_reaches_no_other_project(store: Store, kind: ErasedKind) -> None:
    """Two projects with the same names for everything; one has said it all in another run too."""
    _, mine = fill(store, "tea")
    owner, theirs = fill(store, "coffee", "milk", project="q")
    say_again(store, owner, theirs[0], "r2", 40, project="q")
    before = records(store, theirs)
    uids = [record.id for record in {**records(store, mine), **before}.values()]
    for entity in {"user": ["ann"], "agent": ["bot"], "run": ["r1"], "memory": uids}[kind]:
        erase(store, kind, entity)
    assert records(store, mine) == {}
    assert records(store, theirs) == before
    with store.read() as view:
        assert len(view.messages([owner], Scope(), limit=None, offset=0)) == 3
    assert known(store, "ann", "tea", "coffee") == {"tea"}


def test_what_a_server_keeps_of_what_is_erased_goes_too(store: Store) -> None:
    uids = [
        record.id for user in ("ann", "bob") for record in records(store, fill(store, "tea", user=user)[1]).values()
    ]
    gone, kept = uids

    def work(tx: Write) -> None:
        serving = tx.serving
        serving.add_webhook(Webhook("w", "p", "hook", "https://w.test/", ("ADD",), "secret", 10, 10, 0), 9)
        for uid, user in zip(uids, ("ann", "bob"), strict=True):
            serving.log_delivery(Delivery("w", "message", "memory_add", uid, 1, 200, None, None, 10))
            serving.keep_feedback("p", uid, Feedback("POSITIVE", None), 10)
            serving.add_export(Export(f"of {user}", "p", {}, {"OR": [{"user_id": user}]}, 10))
            serving.keep_call(Call(new_uid(10), "p", "ADD", [(uid, "ADD")], {}, 10, 10, None, None))
        serving.keep_call(Call(new_uid(10), "p", "ADD", [(uid, "ADD") for uid in uids], {}, 10, 10, None, None))

    def left() -> tuple[list[str], list[str], list[str], list[list[str]]]:
        with store.read() as view:
            serving = view.serving
            return (
                sorted(one.memory_uid for one in serving.deliveries("w", 9)),
                [uid for uid in uids if serving.feedback("p", uid) is not None],
                [name for name in ("of ann", "of bob") if serving.export("p", name) is not None],
                sorted([uid for uid, _ in call.results] for call in serving.calls("p", 9, 0)[1]),
            )

    store.write_now(work)
    assert left() == (sorted(uids), uids, ["of ann", "of bob"], sorted([[gone], [kept], uids]))
    erase(store, "user", "ann")
    assert left() == ([kept], [kept], ["of bob"], [[kept], [kept]])


def test_erasing_somebody_unknown_takes_nothing(store: Store) -> None:
    _, ids = fill(store, "tea")
    number, waiting = erase(store, "user", "eve")
    assert waiting == []
    with store.read() as view:
        erasure = view.erasing.erasure(number)
    assert erasure is not None
    assert erasure.counts == {}
    assert set(records(store, ids)) == set(ids)


def test_a_large_erasure_is_thinned_out_in_parts_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.stores.sql.erasing._PART", 4)
    _, ids = fill(store, *(f"I bought {n} apples" for n in range(11)))
    fill(store, "milk", user="bob")
    embed(store)
    number = store.write_now(lambda tx: tx.erasing.order("e", "p", "user", "ann", False, 20))
    parts = 0
    while store.write_now(lambda tx: tx.erasing.thin_out(number, 21)) is not None:
        parts += 1
        with store.read() as view:
            assert len(view.records(ids)) == 11 - 4 * parts
    assert parts == 2
    with store.read() as view:
        erasure = view.erasing.erasure(number)
    assert erasure is not None
    assert (erasure.entity, erasure.counts["memories"], erasure.counts["messages"]) == ("ann", 8, 8)
    assert store.write_now(lambda tx: tx.erasing.carry_out(number, 22)) == []
    with store.read() as view:
        erasure = view.erasing.erasure(number)
        assert erasure is not None
        assert (erasure.counts["memories"], erasure.counts["vectors"]) == (11, 11)
        assert [m.content for m in view.messages([1, 2], Scope(), limit=None, offset=0)] == ["milk"]
    assert known(store, "ann", *(f"I bought {n} apples" for n in range(11))) == {
        f"I bought {n} apples" for n in range(11)
    }
    assert store.write_now(lambda tx: tx.erasing.thin_out(number, 23)) is None, "it was carried out"


def test_one_memory_and_a_run_are_erased_in_one_piece(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.stores.sql.erasing._PART", 1)
    _, ids = fill(store, "tea", "coffee")
    orders: list[tuple[ErasedKind, str]] = [("memory", records(store, ids)[ids[0]].id), ("run", "r")]
    for order in orders:
        number = store.write_now(partial(ordered, order))
        assert store.write_now(partial(thinned_out, number)) is None
    assert len(records(store, ids)) == 2


def ordered(what: tuple[ErasedKind, str], write: Write) -> int:
    return write.erasing.order(f"of {what[0]}", "p", *what, False, 20)


def thinned_out(number: int, write: Write) -> list[int] | None:
    return write.erasing.thin_out(number, 21)
