"""Several people speak into one conversation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import (
    InterimTranscriptionFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)

from toldonce.pipecat.speakers import Part, Speakers

from .conftest import Ann
from .harness import Call, blocks, until, within


def heard(*pieces: tuple[str | None, str]) -> Speakers:
    speakers = Speakers()
    for speaker, words in pieces:
        speakers.heard(speaker, words)
    return speakers


@pytest.mark.parametrize(
    ("pieces", "turn", "parts"),
    [
        ([("ann", "I like tea.")], "I like tea.", [("ann", "I like tea.")]),
        (
            [("ann", "I like tea."), ("bob", "I like coffee.")],
            "I like tea. I like coffee.",
            [("ann", "I like tea."), ("bob", "I like coffee.")],
        ),
        (
            [("ann", "Hello,"), ("ann", "it is me."), ("bob", "And me."), ("ann", "Yes.")],
            "Hello, it is me. And me. Yes.",
            [("ann", "Hello, it is me."), ("bob", "And me."), ("ann", "Yes.")],
        ),
        ([("ann", "Well."), ("bob", "lost"), ("ann", "Good.")], "well good", [("ann", "well good")]),
        ([("ann", "I like tea.")], "Typed by hand.", [(None, "Typed by hand.")]),
        ([(None, "Who am I?")], "Who am I?", [(None, "Who am I?")]),
        ([("ann", "…"), ("bob", "Oh.")], "… Oh.", [("bob", "… Oh.")]),
    ],
)
def test_the_parts_of_a_turn(pieces: Any, turn: str, parts: Any) -> None:
    assert heard(*pieces).parts(turn) == parts


def test_the_same_words_of_another_person_are_another_turn() -> None:
    speakers = heard(("ann", "Yes."))
    speakers.turn_made("Yes.")
    speakers.turn_made("Yes.")  # The event and the frame tell of the same turn.
    assert speakers.parts("Yes.") == [Part("ann", "Yes.")]
    speakers.heard("bob", "Yes.")
    assert speakers.parts("Yes.") == [Part("bob", "Yes.")]
    speakers.heard("ann", "No.")
    speakers.forget()
    assert speakers.parts("No.") == [Part(None, "No.")]


@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob", None]), st.lists(st.sampled_from("abc"), min_size=1)), min_size=1)
)
def test_every_word_is_of_who_said_it(talk: list[tuple[str | None, list[str]]]) -> None:
    talk = talk[:60]
    speakers = heard(*((speaker, " ".join(words)) for speaker, words in talk))
    parts = speakers.parts(" ".join(word for _, words in talk for word in words))
    told = [(part.speaker, word) for part in parts for word in part.text.split()]
    assert told == [(speaker, word) for speaker, words in talk for word in words]


async def turn(call: Call, *said: tuple[str, str]) -> None:
    """One turn to which several people may add."""
    call._turn_started.clear()
    await call.worker.queue_frame(UserStartedSpeakingFrame())
    await within(call._turn_started.wait())
    for speaker, words in said:
        await call._transcript(InterimTranscriptionFrame(words[:5], speaker, ""))
        await call._transcript(TranscriptionFrame(words, speaker, ""))
    await asyncio.sleep(0.02)
    call.llm.received.clear()
    call._answered.clear()
    await call.worker.queue_frame(UserStoppedSpeakingFrame())
    await within(call._answered.wait())


async def test_each_is_stored_under_their_own_id_and_recalled_for_whoever_speaks(ann: Ann) -> None:
    await ann.told("My sister Eva plays the cello.")
    await ann.told("My sister Ida plays chess.", user_id="bob")
    service = ann.service(user_id=None, agent_id="room", speaker_ids=True)
    async with Call(service) as call:
        await turn(call, ("ann", "What does my sister play?"))
        await turn(call, ("bob", "What does my sister play?"))
        await turn(call, ("ann", "I like tea."), ("bob", "I like coffee. What does my sister play?"))
        await turn(call, ("", "And who am I?"))
        await turn(call, ("ann", "What does my sister play, please?"))
        message: Any = {"role": "user", "content": "Typed: what does my sister play?"}
        await call.worker.queue_frame(LLMMessagesAppendFrame([message], run_llm=True))
        await until(lambda: len(call.shown) == 6)
        await until(lambda: len(service.session.writer) == 0)
    for place, (own, others) in enumerate((("Eva", "Ida"), ("Ida", "Eva"), ("Ida", "Eva"))):
        block = str(blocks(call.shown[place]))
        assert own in block
        assert others not in block
    assert "Eva" in str(blocks(call.shown[4]))
    assert not blocks(call.shown[3])
    assert not blocks(call.shown[5]), "a typed turn is nobody's, be it after Ann's"
    assert (await ann.said())[1:] == [
        ("user", "What does my sister play?"),
        ("assistant", "answer 1"),
        ("user", "I like tea."),
        ("user", "What does my sister play, please?"),
        ("assistant", "answer 5"),
    ]
    assert (await ann.said("bob"))[1:] == [
        ("user", "What does my sister play?"),
        ("assistant", "answer 2"),
        ("user", "I like coffee. What does my sister play?"),
        ("assistant", "answer 3"),
    ]
    nobodys = {"AND": [{"agent_id": "room"}, {"NOT": [{"user_id": "*"}]}]}
    guests = [memory["memory"] for memory in (await ann.memory.get_all(filters=nobodys))["results"]]
    assert "Typed: what does my sister play?" in str(guests)
    assert "answer 6" in str(guests)
    assert not [memory for memory in guests if "tea" in memory or "coffee" in memory]


async def test_without_speaker_ids_what_is_said_is_the_users(ann: Ann) -> None:
    async with Call(ann.service()) as call:
        await turn(call, ("bob", "I like coffee."))
    assert await ann.said() == [("user", "I like coffee."), ("assistant", "answer 1")]
    assert await ann.said("bob") == []
