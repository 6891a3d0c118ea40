"""Conversations: what is asked of one, and what is added to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from tests.stores.filling import (
    TALK,
    adding,
    ask,
    embed,
    fill,
    records,
    said,
)
from tests.stores.filling import (
    memory as a_memory,
)
from toldonce.stores.protocol import (
    ConversationAddress,
    ConversationView,
    JournalMessage,
    RepeatedMemory,
    Store,
    Write,
)
from toldonce.types import Scope


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
    messages[0] = messages[0]._replace(app_id="other")
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
        newest = view.conversation(ask(TALK, most=2))
        assert [trace.digest for trace in newest.window] == [b"tea", b"beer"]
        assert newest.whole, "they were looked for from its beginning"
        everything = view.conversation(ask(TALK))
        assert everything.whole
        assert [trace.place for trace in everything.window] == [1, 2, 3, 5]
        for agent, app, places in (("other", None, [4]), (None, "other", [0]), ("other", "other", [])):
            talk = view.conversation(ask(TALK)._replace(agent_id=agent, app_id=app))
            assert [trace.place for trace in talk.window] == places
        assert not everything.timed
        assert not everything.known_ids
        elsewhere = view.conversation(ask(TALK._replace(key="d"), (b"tea", 10), ids=("m2",)))
        assert elsewhere == ConversationView(owner_id=found.owner_id)
        assert view.conversation(ask(TALK._replace(project="q"), (b"tea", 10), ids=("m2",))) == ConversationView()


def test_a_talk_knows_nothing_of_what_was_said_in_another(store: Store) -> None:
    """The same words at the same time: to another person, in another conversation, in another project."""
    talks = [
        TALK,
        TALK._replace(key="d"),
        TALK._replace(entity_id="bob"),
        TALK._replace(project="q"),
    ]

    def add(tx: Write, n: int, talk: ConversationAddress) -> None:
        made = [
            a_memory(text, place=place, previous=None, scope=Scope(talk.entity_id))
            for place, text in enumerate((f"words of {n}", "tea"))
        ]
        messages = [said(0, f"only here {n}"), said(1, "tea", external_id="m1")]
        tx.apply(adding(talk, tx.conversation(ask(talk)), messages, *made))

    for n, talk in enumerate(talks):
        store.write_now(partial(add, n=n, talk=talk))
    with store.read() as view:
        for n, talk in enumerate(talks):
            others = [(f"only here {other}".encode()[:16], 10) for other in range(len(talks))]
            found = view.conversation(ask(talk, (b"tea", 11), *others, ids=("m1",)))
            assert found.next_place == 2
            assert found.timed == {(b"tea", 11): [1], others[n]: [0]}
            assert found.known_ids == {"m1": 1}
            assert [trace.digest for trace in found.window] == [others[n][0], b"tea"]
        for project, user in (("p", "ann"), ("p", "bob"), ("q", "ann")):
            [owner] = view.owners(project, "user", [user])
            known = view.known_words(owner, [b"tea", *(f"words of {n}".encode() for n in range(len(talks)))])
            assert {words.memory.owner_id for words in known.values()} == {owner}
            mine = {n for n, talk in enumerate(talks) if (talk.project, talk.entity_id) == (project, user)}
            assert set(known) == {b"tea", *(f"words of {n}".encode() for n in mine)}


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
    record = records(store, [tea])[tea]
    assert (record.sayings, record.said_at, record.run_ids, record.text) == (2, 20, ("r1", "r2"), "tea")
    with store.read() as view:
        assert view.owners_with("p", "run", ["r2"]) == {owner}
        assert [(source.conversation, source.place) for source in view.sources([tea])] == [("r1", 0), ("r2", 0)]
        row = next(row for row in view.changes(owner, 0).rows if row.memory_id == tea)
        assert row.tokens.tolist() == [1]
        assert row.vector is not None, "its words did not change"
        assert [done.kind for done in view.history(tea)] == ["ADD"]
        assert view.conversation(ask(address)).last_memory_id == tea
