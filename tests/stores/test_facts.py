"""Facts in a store: memories that say what is known of something, and the messages that prove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.stores.filling import ANN, adding, ask, fill, memory, said
from toldonce.errors import CorruptStore
from toldonce.remember import edit
from toldonce.stores.protocol import (
    ConversationAddress,
    EditedMemory,
    FactMemory,
    JournalMessage,
    MemoryForUpdate,
    NewMemory,
    RepeatedMemory,
    Store,
    Write,
)
from toldonce.types import Scope

TALK = ConversationAddress("p", "user", "ann", "r1")
BODY = {"category": "attribute", "value": "Oslo"}
Open = Callable[[], Store]


def fact(text: str, *places: int, scope: Scope = ANN) -> NewMemory:
    proof = tuple((place, "proof") for place in places)
    return memory(text, place=0, previous=None, scope=scope)._replace(sources=proof, fact=BODY)


def learn(store: Store, *facts: NewMemory, repeated: Sequence[RepeatedMemory] = ()) -> list[int]:
    """Add facts that messages of Ann's talk prove: nothing new was said."""

    def work(tx: Write) -> list[int]:
        view = tx.conversation(ask(TALK))
        changes = adding(TALK, view, [said(0, "unsaid")])
        return tx.apply(replace(changes, messages=[], memories=facts, repeated=repeated, last_said_at=None))

    return store.write_now(work)


def facts_of(store: Store, owner: int, since: int = 0) -> list[FactMemory]:
    with store.read() as view:
        return view.facts(owner, since)


def one(store: Store, memory_id: int) -> MemoryForUpdate:
    with store.read() as view:
        return view.for_update([memory_id])[memory_id]


def test_a_fact_is_a_memory_with_what_is_known_of_it(store: Store) -> None:
    owner, (oslo, cat) = fill(store, "I moved to Oslo.", "I have a cat.")
    before = [message.content for message in _messages(store, owner)]
    (home,) = learn(store, fact("Ann lives in Oslo.", 0, 1))
    (found,) = facts_of(store, owner)
    assert (found.memory_id, found.text, found.fact, found.deleted) == (home, "Ann lives in Oslo.", BODY, False)
    assert sorted(found.evidence) == [oslo, cat]
    with store.read() as view:
        assert view.records([home, oslo])[home].fact == BODY
        assert view.records([home, oslo])[oslo].fact is None
        assert home in {row.memory_id for row in view.changes(owner, 0).rows}
        assert [spoken.memory_id for spoken in view.spoken(owner)] == [oslo, cat], "nobody said a fact"
        assert view.known_words(owner, [b"Ann lives in Oslo."[:16]]) == {}, "sayings of words count for what was said"
        assert view.conversation(ask(TALK)).next_place == 2
        assert view.conversation(ask(TALK)).last_memory_id == cat, "the talk goes on where it stood"
    assert [message.content for message in _messages(store, owner)] == before


def test_two_memories_never_hold_the_same_fact(store: Store) -> None:
    owner, _ = fill(store, "I moved to Oslo.")
    learn(store, fact("Ann lives in Oslo.", 0))
    with pytest.raises(CorruptStore):
        learn(store, fact("Ann lives in Oslo.", 0))
    assert len(facts_of(store, owner)) == 1


def test_what_proves_a_fact_again_is_added_to_its_evidence(store: Store) -> None:
    owner, (oslo, again) = fill(store, "I moved to Oslo.", "Oslo is where I live.")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0))
    known = one(store, home)
    learn(store, repeated=[RepeatedMemory(home, known.version_id, ANN, (), 2, 77, b"\1\0\0\0", (1,), {"n": 2})])
    (found,) = facts_of(store, owner)
    assert (sorted(found.evidence), found.said_at, found.fact) == ([oslo, again], 77, {"n": 2})
    with store.read() as view:
        assert [(one.place, one.kind) for one in view.sources([home])] == [(0, "proof"), (1, "proof")]


def test_an_edit_keeps_what_is_known_of_a_fact_unless_it_says_otherwise(store: Store) -> None:
    owner, _ = fill(store, "I moved to Oslo.")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0))
    with store.read() as view:
        version = view.owner_version(owner)
    before = one(store, home)
    assert before.fact == BODY
    store.write_now(lambda tx: tx.edit(EditedMemory(before, {}, None, 10, before.text, None, None), 20))
    assert facts_of(store, owner)[0].fact == BODY
    closed = {**BODY, "superseded_at": 20}
    store.write_now(lambda tx: tx.edit(EditedMemory(before, {}, None, 10, before.text, None, None, closed), 20))
    (found,) = facts_of(store, owner, version)
    assert found.fact == closed
    assert facts_of(store, owner, version + 2) == []
    learn(store, fact("Ann lives in Oslo.", 0))  # it holds again, and the one that was closed counts nothing
    assert len(facts_of(store, owner)) == 2


def test_a_fact_goes_with_the_last_memory_that_proves_it(store: Store) -> None:
    owner, (oslo, again, cat) = fill(store, "I moved to Oslo.", "Oslo is where I live.", "I have a cat.")
    home, pet = learn(store, fact("Ann lives in Oslo.", 0, 1), fact("Ann has a cat.", 2))
    with store.read() as view:
        assert view.facts_resting_on([oslo]) == []
        assert sorted(view.facts_resting_on([oslo, again, cat])) == [home, pet]
        assert view.facts_resting_on([cat, pet]) == [], "it is one of these"
    store.write_now(lambda tx: edit.delete(tx, "p", [oslo], None, 12))
    assert [one.evidence for one in facts_of(store, owner) if not one.deleted] == [(again,), (cat,)]
    store.write_now(lambda tx: edit.delete_one(tx, "p", again, 13))
    assert [(one.memory_id, one.deleted) for one in facts_of(store, owner)] == [(home, True), (pet, False)]
    store.write_now(lambda tx: edit.update(tx, "p", cat, edit.Edit(text="I have a dog."), 14))
    assert all(one.deleted for one in facts_of(store, owner))


def test_a_fact_that_is_deleted_leaves_what_was_said(store: Store) -> None:
    owner, (oslo,) = fill(store, "I moved to Oslo.")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0))
    store.write_now(lambda tx: edit.delete_one(tx, "p", home, 13))
    assert [one.deleted for one in facts_of(store, owner)] == [True]
    assert one(store, oslo).text == "I moved to Oslo."


def test_a_fact_whose_words_somebody_corrects_says_so(store: Store) -> None:
    owner, _ = fill(store, "I moved to Oslo.")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0))
    store.write_now(lambda tx: edit.update(tx, "p", home, edit.Edit(text="Ann lives in Bergen."), 14))
    (found,) = facts_of(store, owner)
    assert found.text == "Ann lives in Bergen."
    assert (found.fact["value"], found.fact["origin"]) == ("Ann lives in Bergen.", "corrected")


@pytest.mark.parametrize("kind", ["memory", "user"])
def test_erasing_what_proves_a_fact_erases_the_fact(store: Store, kind: str) -> None:
    owner, (oslo, _) = fill(store, "I moved to Oslo.", "I have a cat.")
    home, pet = learn(store, fact("Ann lives in Oslo.", 0, 1), fact("Ann has a cat.", 1))
    entity = one(store, oslo).uid if kind == "memory" else "ann"

    def work(tx: Write) -> None:
        number = tx.erasing.order("e", "p", "memory" if kind == "memory" else "user", entity, True, 20)
        tx.erasing.carry_out(number, 20)

    assert len(facts_of(store, owner)) == 2
    store.write_now(work)
    assert [one.memory_id for one in facts_of(store, owner)] == ([pet] if kind == "memory" else [])
    with store.read() as view:
        assert home not in view.records([home, pet])


def test_erasing_a_fact_erases_nothing_that_was_said(store: Store) -> None:
    owner, (oslo,) = fill(store, "I moved to Oslo.")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0))
    uid = one(store, home).uid
    store.write_now(lambda tx: tx.erasing.carry_out(tx.erasing.order("e", "p", "memory", uid, True, 20), 20))
    assert facts_of(store, owner) == []
    assert one(store, oslo).text == "I moved to Oslo."
    assert len(_messages(store, owner)) == 1


def test_a_fact_leaves_a_run_like_what_proves_it(store: Store) -> None:
    fill(store, "I moved to Oslo.", "Oslo is where I live.")
    scope = Scope("ann", "bot", None, "r2")
    (home,) = learn(store, fact("Ann lives in Oslo.", 0, 1, scope=Scope("ann", "bot", None, "r1")))
    known = one(store, home)
    learn(store, repeated=[RepeatedMemory(home, known.version_id, scope, ("r1",), 2, 77, b"\1\0\0\0", (1,), BODY)])
    store.write_now(lambda tx: edit.delete(tx, "p", [home], "r1", 30))
    with store.read() as view:
        assert view.records([home])[home].run_ids == ("r2",)
        assert view.sources([home]) == [], "all of it was said in the run that is gone"


def test_facts_are_carried_with_what_is_known_of_them(open_empty: Open) -> None:
    source, target = open_empty(), open_empty()
    owner, _ = fill(source, "I moved to Oslo.")
    learn(source, fact("Ann lives in Oslo.", 0))
    with source.read() as view:
        carried = list(view.transfer.memories(owner, vectors=False))
        messages = view.messages([owner], Scope(), limit=None, offset=0)
    assert [one.fact for one in carried] == [None, BODY]

    def work(tx: Write) -> int:
        there = tx.ensure_owner("p", "user", "ann", 1)
        tx.transfer.add_messages(there, messages)
        for one in carried:
            tx.transfer.insert("p", there, one, b"")
        return there

    there = target.write_now(work)
    (found,) = facts_of(target, there)
    assert (found.text, found.fact, len(found.evidence)) == ("Ann lives in Oslo.", BODY, 1)


def test_messages_are_read_from_a_place_on(store: Store) -> None:
    fill(store, "one", "two", "three")
    with store.read() as view:
        conversation = view.conversation(ask(TALK)).conversation_id
        assert conversation is not None
        assert [one.content for one in view.messages_at(conversation, 1, 10)] == ["two", "three"]
        assert [(one.place, one.content) for one in view.messages_at(conversation, 0, 1)] == [(0, "one")]
        assert view.messages_at(conversation + 1, 0, 10) == []


def _messages(store: Store, owner: int) -> list[JournalMessage]:
    with store.read() as view:
        return list(view.messages([owner], Scope(), limit=None, offset=0))
