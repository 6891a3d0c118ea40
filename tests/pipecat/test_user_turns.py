"""Whose the words of a user are: of whoever was there when they were committed, however late they are read."""

from __future__ import annotations

from typing import Any

import pytest
from pipecat.frames.frames import LLMMessagesAppendFrame, LLMMessagesUpdateFrame

from toldonce.pipecat import block as block_module
from toldonce.pipecat.capture import Capture
from toldonce.pipecat.identity import Identity
from toldonce.pipecat.log import TranscriptLog
from toldonce.pipecat.messages import Utterance
from toldonce.pipecat.user_turns import UserTurns
from toldonce.pipecat.writer import Owner

from .conftest import Ann
from .harness import WORKERS, Call, LLMContext, messages_of, until

ANN, BOB, READER = Owner({"user_id": "ann"}), Owner({"user_id": "bob"}), Owner({"user_id": "reader"})

needs_the_pair = pytest.mark.skipif(not WORKERS, reason="below Pipecat 1.3 a service finds no aggregators")


def said(*texts: str) -> list[Utterance]:
    return [Utterance("assistant" if text.startswith("answer") else "user", text) for text in texts]


def test_words_belong_to_whoever_committed_them() -> None:
    turns = UserTurns()
    turns.made("Yes.", ANN)
    turns.made("My PIN is 4711.", ANN)
    turns.made("Yes.", BOB)
    assert turns.owners(said("Yes.", "answer 1", "I am new here.", "Yes."), READER) == [ANN, READER, READER, BOB]
    assert turns.owners(said("Yes.", "My PIN is 4711."), READER) == [READER, READER], "each turn is read once"


def test_of_equal_words_the_latest_are_of_the_latest_turn() -> None:
    turns = UserTurns()
    turns.made("Yes.", ANN)  # Its context was wiped: it will never be read.
    turns.made("Yes.", BOB)
    assert turns.owners(said("Yes."), READER) == [BOB]
    assert turns.owners(said("Yes."), READER) == [READER], "what was committed before is gone"


def typed(text: str, *, run: bool) -> LLMMessagesAppendFrame:
    message: Any = {"role": "user", "content": text}
    return LLMMessagesAppendFrame([message], run_llm=run)


@needs_the_pair
async def test_what_is_typed_belongs_to_whoever_typed_it_though_the_llm_is_not_run(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        await call.worker.queue_frame(typed("My door code is 2580.", run=False))
        await until(lambda: "2580" in str(messages_of(call.context)))
        service.user_id = "bob"
        await call.say("Good morning, I am Bob.")
    assert await ann.said() == [("user", "My door code is 2580.")]
    assert await ann.said("bob") == [("user", "Good morning, I am Bob."), ("assistant", "answer 1")]


async def test_words_that_an_answer_finds_unread_are_of_whoever_said_them() -> None:
    """A turn is in the context, its event not told yet, and the agent says something when another person has come."""
    stored: list[tuple[str | None, str]] = []
    capture = Capture(lambda entry: stored.append(((entry.ids or {}).get("user_id"), entry.text)), names={})
    identity = Identity(lambda: None, lambda: None)
    log = TranscriptLog(capture, identity, lambda: "here")
    context = LLMContext()
    identity.user.set("ann")
    messages: list[Any] = [
        {"role": "user", "content": "My door code is 2580."},
        {"role": "assistant", "content": "One moment."},
    ]
    log.committed("My door code is 2580.")
    context.add_message(messages[0])
    identity.user.set("bob")
    context.add_message(messages[1])
    log.assistant_turn_added(context, "One moment.", interrupted=False)
    log.user_turn_added(context, "My door code is 2580.")
    log.take_due()
    assert stored == [("ann", "My door code is 2580."), ("bob", "One moment.")]


@needs_the_pair
async def test_what_the_agents_side_types_is_a_turn_too(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        await call.assistant.queue_frame(typed("My door code is 2580.", run=False))
        await until(lambda: "2580" in str(messages_of(call.context)))
        service.user_id = "bob"
        await call.say("Good morning, I am Bob.")
    assert await ann.said() == [("user", "My door code is 2580.")]
    assert [role for role, _ in await ann.said("bob")] == ["user", "assistant"]


async def test_two_services_whose_user_becomes_the_same_store_what_is_said_once(ann: Ann) -> None:
    """What one has stored for a person, the other need not; what it stored for somebody else says nothing of that."""
    first, second = ann.service(), ann.service(user_id="bob")
    async with Call(first, second) as call:
        await call.say("I am told that the two of you listen.")
        first.user_id = "bob"
        await call.say("And now it is one.")
        await call.say("It goes on.")
        second.user_id = "ann"
        await call.say("The other way round.")
    both = [("user", "I am told that the two of you listen."), ("assistant", "answer 1")]
    one = [
        ("user", "And now it is one."),
        ("assistant", "answer 2"),
        ("user", "It goes on."),
        ("assistant", "answer 3"),
    ]
    last = [("user", "The other way round."), ("assistant", "answer 4")]
    # In no order: each of the two stores what it was the first to hear.
    assert sorted(await ann.said()) == sorted([*both, *last])
    assert sorted(await ann.said("bob")) == sorted([*both, *one, *last])


@needs_the_pair
async def test_the_same_words_of_two_people_that_are_read_at_once_are_each_their_own(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        for user, text in (("ann", "My door code is 2580."), ("ann", "Yes."), ("bob", "Yes."), ("bob", "And no.")):
            service.user_id = user
            before = len(messages_of(call.context))
            await call.worker.queue_frame(typed(text, run=False))
            await until(lambda: len(messages_of(call.context)) > before)  # noqa: B023 - it is awaited here
        await call.say("What is the code?")
    assert await ann.said() == [("user", "My door code is 2580."), ("user", "Yes.")]
    assert [text for role, text in await ann.said("bob") if role == "user"] == ["Yes.", "And no.", "What is the code?"]


@needs_the_pair
async def test_in_a_turn_of_a_long_call_a_message_is_told_from_a_block_by_how_it_begins(
    ann: Ann, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of hours has thousands of messages, all of which a turn without memories reads."""
    whole: list[object] = []
    edges = block_module._reads_like_a_block

    def counted(text: str) -> bool:
        whole.append(text)
        return edges(text)

    monkeypatch.setattr(block_module, "_reads_like_a_block", counted)
    monkeypatch.setattr(block_module, "_FIRST_WORDS", {"Based"})  # Other tests have had prompts of their own.
    told = [{"role": "user", "content": f"I said number {n}."} for n in range(500)]
    saved = {"role": "system", "content": "  Based on previous conversations, I recall:\n\n1. I like tea.\n"}
    context: Any = LLMContext([*told, saved, *told])  # type: ignore[list-item] # plain dicts
    assert saved in messages_of(context)
    async with Call(ann.service(user_id="eve"), context=context) as call:
        await call.say("Thank you.")
    assert saved not in call.shown[0], "positive control"
    assert whole, "the saved block was read whole"
    assert {text for text in whole if str(text).startswith("I said")} == set()


@needs_the_pair
@pytest.mark.parametrize("kept", [0, 1], ids=["the question", "the answer"])
async def test_one_message_that_is_put_back_was_not_said_again_and_one_that_is_asked_again_was(
    ann: Ann, kept: int
) -> None:
    async with Call(ann.service()) as call:
        await call.say("I moved to Oslo in March.")
        saved = [dict(message) for message in messages_of(call.context) if message["role"] in ("user", "assistant")]
        await call.say("My sister Eva plays the cello.")
        call.context.set_messages([saved[kept]])  # type: ignore[list-item] # a plain dict
        await call.say("What does she play?")
        again: Any = [{"role": "user", "content": "I moved to Oslo in March."}]
        await call.worker.queue_frame(LLMMessagesUpdateFrame(again, run_llm=True))
        await until(lambda: len(call.shown) == 4)
    said = await ann.said()
    assert [text for role, text in said if role == "user"] == [
        "I moved to Oslo in March.",
        "My sister Eva plays the cello.",
        "What does she play?",
        "I moved to Oslo in March.",
    ]
    assert [text for role, text in said if role == "assistant"] == ["answer 1", "answer 2", "answer 3", "answer 4"]
