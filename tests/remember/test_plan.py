"""Planning an add: what a view of a conversation and a request come to, without a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.remember.plan import AddRequest, Heard, Plan, hear, offered_by, plan, query_for
from toldonce.stores.protocol import ConversationQuery, ConversationView, KnownWords, MemoryForUpdate, New, Trace
from toldonce.types import Message, Scope

KEY = b"k" * 32
HOUR = 3_600_000_000  # written out: promised to users, whatever the code says
NOW = 100 * HOUR
ANN = Scope(user_id="ann", run_id="r1")


def request(*messages: Message | str, **about: Any) -> AddRequest:
    said = [Message("user", one) if isinstance(one, str) else one for one in messages]
    return AddRequest(**{**_DEFAULTS, "messages": said, **about})


_DEFAULTS: dict[str, Any] = {
    "scope": ANN,
    "metadata": {},
    "expires_on": None,
    "infer": True,
    "conversation_id": None,
    "now": NOW,
}


def heard_in(view: ConversationView, asked: AddRequest) -> list[Heard]:
    return hear(view, asked, offered_by(asked, KEY), {}, KEY)


def queried(asked: AddRequest) -> ConversationQuery:
    return query_for("p", asked, offered_by(asked, KEY))


def planned(
    asked: AddRequest, view: ConversationView | None = None, known: dict[bytes, KnownWords] | None = None
) -> Plan:
    view = view or ConversationView()
    return plan(queried(asked).address, asked, view, heard_in(view, asked), known or {})


def going_on(last: Message, at: int = NOW - 10_000_000, **state: Any) -> ConversationView:
    """A conversation of one message."""
    heard = heard_in(ConversationView(), request(last, now=at))[0]
    view = ConversationView(
        owner_id=7,
        conversation_id=70,
        next_place=1,
        session_id=3,
        last_said_at=at,
        last_memory_id=5,
        latest=[last],
        window=[Trace(0, heard.digest, None, at)],
    )
    return replace(view, **state)


def test_a_conversation_is_asked_for_by_the_owner_and_the_run_or_the_callers_own_id() -> None:
    asked = request("Tea.", scope=Scope(agent_id="bot", run_id="r1"))
    assert queried(asked).address == ("p", "agent", "bot", "run r1")
    assert queried(replace(asked, conversation_id="c")).address == ("p", "agent", "bot", "conversation c")
    assert queried(replace(asked, scope=Scope(user_id="ann"))).address == ("p", "user", "ann", "")


def test_one_message_asks_for_the_end_of_a_conversation_and_a_list_for_a_window() -> None:
    one, two = queried(request("Tea.")), queried(request("Tea.", "Coffee."))
    assert one.window == 1
    assert two.window > 2
    named = queried(request(Message("user", "Tea.", id="m1"), Message("user", "Tea.", said_at=7)))
    assert (named.external_ids, [time for _, time in named.timed]) == (["m1"], [7])


@pytest.mark.parametrize(("others", "known"), [(0, True), (74, True), (75, False)])
def test_a_talk_is_known_again_behind_so_many_messages_of_others(tmp_path: Path, others: int, known: bool) -> None:
    """The window holds 4 messages for each offered, and 64 more: what several agents told one person meanwhile."""
    talk = [{"role": "user", "content": f"I have {animal} at home."} for animal in ("two cats", "a parrot", "bees")]
    noise = [{"role": "user", "content": f"Book table number {number}."} for number in range(others)]
    with Memory(folder=tmp_path) as memory:
        memory.add(talk[:2], user_id="ann", agent_id="vet")
        if noise:
            memory.add(noise, user_id="ann", agent_id="restaurant")
        again = memory.add(talk, user_id="ann", agent_id="vet")["results"]
        assert [one["event"] for one in again] == ["NONE", "NONE", "ADD"]  # words said again count for one memory
        assert len(memory.messages(user_id="ann")) == others + (3 if known else 5)


def test_memories_of_a_call_name_each_other_by_their_places() -> None:
    changes = planned(request("I like tea.", "Hello!", "I live in Oslo.")).changes
    assert [memory.text for memory in changes.memories] == ["I like tea.", "I live in Oslo."]
    assert [message.content for message in changes.messages] == ["I like tea.", "Hello!", "I live in Oslo."]
    assert [message.place for message in changes.messages] == [0, 1, 2]
    first, second = changes.memories
    assert (first.session, first.previous) == (None, None)
    assert (second.session, second.previous) == (New(0), New(0))
    assert (changes.session, changes.last_memory) == (New(0), New(1))
    assert second.sources == ((2, "said"),)


def test_a_session_goes_on_until_there_is_an_hours_silence() -> None:
    view = going_on(Message("user", "I like tea."))
    memory = planned(request("I live in Oslo."), view).changes.memories[0]
    assert (memory.session, memory.previous) == (3, 5)
    late = replace(view, last_said_at=NOW - HOUR - 1)
    changes = planned(request("I live in Oslo."), late).changes
    assert (changes.memories[0].session, changes.memories[0].previous) == (None, None)
    assert (changes.session, changes.last_memory) == (New(0), New(0))


def test_what_an_assistant_only_took_note_of_does_not_go_on() -> None:
    changes = planned(request("My gym code is 4409.", Message("assistant", "Noted."), "The alarm is 7716.")).changes
    assert [memory.text for memory in changes.memories] == ["My gym code is 4409.", "The alarm is 7716."]
    assert [memory.previous for memory in changes.memories] == [None, None]
    assert [memory.session for memory in changes.memories] == [None, New(0)]
    assert planned(request("My gym code is 4409.", Message("assistant", "Noted."))).changes.last_memory is None
    own = planned(request("My gym code is 4409.", "ok", "The alarm is 7716.")).changes
    assert [memory.previous for memory in own.memories] == [None, New(0)]


@pytest.mark.parametrize("way", [1, -1], ids=["later", "the clock went back"])
def test_a_session_ends_after_one_hour_exactly(way: int) -> None:
    def one_session(silence: int) -> bool:
        said = (Message("user", text, said_at=NOW + at) for text, at in (("Tea.", 0), ("I live in Oslo.", silence)))
        first, second = planned(request(*said)).changes.memories
        assert first.session is None  # its own begins one
        return second.session == New(0)

    assert one_session(way * HOUR)
    assert not one_session(way * (HOUR + 1))


def test_an_answer_takes_the_question_at_the_end_of_the_conversation_along() -> None:
    view = going_on(Message("assistant", "Do you eat meat?"))
    memory = planned(request("Only fish."), view).changes.memories[0]
    assert memory.text == "Do you eat meat? — Only fish."
    assert memory.sources == ((1, "said"), (0, "asked"))
    late = replace(view, last_said_at=NOW - HOUR - 1)
    assert planned(request("Only fish."), late).changes.memories[0].text == "Only fish."


def test_words_said_twice_in_one_call_are_one_memory() -> None:
    asked = request("I took my pill.", "It rains today.", Message("user", "I took  my pill.", said_at=NOW + 5))
    plan = planned(asked)
    first, _ = plan.changes.memories
    assert (first.sayings, first.said_at, first.created_at) == (2, NOW + 5, NOW + 5)
    assert first.sources == ((0, "said"), (2, "said"))
    assert plan.changes.last_memory == New(0)
    assert [(told.text, told.sayings) for told in plan.told] == [("I took my pill.", 2), ("It rains today.", 1)]


def test_words_that_are_a_memory_already_are_counted_there_and_join_the_run() -> None:
    asked = request("I took my pill.", "It rains today.", "I took my pill.", scope=Scope("ann", None, None, "r2"))
    words = heard_in(ConversationView(), asked)[0].words
    assert words is not None
    memory = MemoryForUpdate(
        9, "uid", 7, 11, "I took my pill.", ANN, (), True, "user", None, None, {}, None, NOW - 5, 4
    )
    plan = planned(asked, known={words: KnownWords(memory, b"tokens")})
    (again,) = plan.changes.repeated
    assert (again.id, again.version_id, again.sayings, again.said_at) == (9, 11, 6, NOW)
    assert (again.scope.run_id, again.earlier_runs, again.places) == ("r2", ("r1",), (0, 2))
    assert again.tokens.startswith(b"tokens")
    assert len(again.tokens) > len(b"tokens"), "it is found by the day it was said on again"
    assert [memory.previous for memory in plan.changes.memories] == [9]
    assert plan.changes.last_memory == 9
    assert [(told.uid, told.is_new, told.sayings) for told in plan.told if not told.is_new] == [("uid", False, 6)] * 2
    assert memory.sayings == 4, "what was loaded is left as it is"


def test_what_differs_in_more_than_its_words_is_another_memory() -> None:
    words = {
        heard_in(ConversationView(), asked)[0].words
        for asked in (
            request("I took my pill."),
            request("I took my pill.", metadata={"a": 1}),
            request("I took my pill.", expires_on="2027-01-01"),
            request("I took my pill.", scope=Scope("ann", "bot")),
            request(Message("assistant", "I took my pill.")),
        )
    }
    assert len(words) == 5
    assert heard_in(ConversationView(), request("I took my pill.", infer=False))[0].words is None


def test_planning_changes_neither_the_view_nor_the_request() -> None:
    view, asked = going_on(Message("user", "I like tea.")), request("I live in Oslo.", metadata={"a": [1]})
    one, other = planned(asked, view), planned(asked, view)
    assert _without_uids(one) == _without_uids(other)


def _without_uids(plan: Plan) -> Any:
    memories = [memory._replace(uid="") for memory in plan.changes.memories]
    return replace(plan.changes, memories=memories), [told._replace(uid="") for told in plan.told]
