"""Each thing said is taken once, whatever is done to the list."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from toldonce.pipecat.capture import Capture
from toldonce.pipecat.messages import Utterance, utterance_of
from toldonce.pipecat.seen import SeenByContext, SeenMessages
from toldonce.pipecat.writer import Owner

from .harness import LLMContext


def talk(*texts: str) -> list[dict[str, Any]]:
    """``"hello"`` is the user's, ``"<hello"`` the assistant's."""
    return [
        {"role": "assistant", "content": text[1:]} if text.startswith("<") else {"role": "user", "content": text}
        for text in texts
    ]


def begun_with(*texts: str) -> tuple[SeenMessages, list[dict[str, Any]]]:
    return SeenMessages(), talk(*texts)


def take(seen: SeenMessages, messages: list[dict[str, Any]]) -> list[str]:
    return [said.text for said in seen.take(messages, utterance_of)]


def test_what_is_appended_is_new() -> None:
    seen, messages = begun_with("hi")
    assert take(seen, messages) == ["hi"]
    messages += talk("<hello", "yes", "<ok", "yes", "<ok", "yes")
    assert take(seen, messages) == ["hello", "yes", "ok", "yes", "ok", "yes"]
    assert take(seen, messages) == []


def test_system_developer_and_tool_messages_are_not_said() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Be nice."},
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "tool_calls": [{"id": "a"}], "content": None},
        {"role": "tool", "tool_call_id": "a", "content": "{}"},
        {"role": "user", "content": []},
        {"role": "user", "content": "  "},
        *talk("hi"),
    ]
    assert take(SeenMessages(), messages) == ["hi"]


def test_a_list_summarised_at_its_front() -> None:
    seen, messages = begun_with("a", "<b", "c", "<d")
    take(seen, messages)
    assert take(seen, [*messages[2:], *talk("e")]) == ["e"]


def test_a_list_of_copies() -> None:
    seen, messages = begun_with("a", "<b", "yes", "<d")
    take(seen, messages)
    copies = [dict(message) for message in messages]
    assert take(seen, copies + talk("yes")) == ["yes"]
    assert take(seen, copies[2:]) == []


def test_a_history_whose_front_was_edited() -> None:
    seen, messages = begun_with("a", "<b", "c", "<d")
    take(seen, messages)
    edited = talk("(removed)", "<b", "c", "<d", "e")
    assert take(seen, edited) == ["e"]


def test_a_context_begun_anew() -> None:
    seen = SeenMessages()
    take(seen, talk("hi", "<hello", "yes", "<good"))
    assert take(seen, talk("yes")) == ["yes"], "said again"
    assert take(seen, talk("yes")) == [], "offered again"
    assert take(seen, talk("something else")) == ["something else"]


def test_a_turn_announced_before_its_context() -> None:
    seen = SeenMessages()
    assert seen.heard(Utterance("user", "yes"), since=0, by="service")
    messages = talk("yes")
    assert take(seen, messages) == []
    messages += talk("<ok", "yes")
    assert take(seen, messages) == ["ok", "yes"]
    assert not seen.heard(Utterance("user", "yes"), since=len(seen), by="service"), "just taken from the context"


def test_a_turn_whose_announcement_is_read_late() -> None:
    """The context has grown by two turns when the first of them is looked at."""
    seen = SeenMessages()
    messages = talk("where do I live?")
    take(seen, messages)
    announced = len(seen)
    messages += talk("<in Oslo", "since when?", "<March")
    assert take(seen, messages) == ["in Oslo", "since when?", "March"]
    assert not seen.heard(Utterance("assistant", "in Oslo"), since=announced, by="service")
    assert seen.heard(Utterance("assistant", "in Bergen"), since=announced, by="service")


def test_announcements_looked_at_together() -> None:
    """Words said twice are two announcements; two services that tell of the same turns are one."""
    seen = SeenMessages()
    told = talk("yes", "<window seat?", "no", "<vegetarian?", "yes")
    turns = [Utterance(message["role"], message["content"]) for message in told]
    assert [seen.heard(turn, since=0, by="one") for turn in turns] == [True] * 5
    assert [seen.heard(turn, since=0, by="other") for turn in turns] == [False] * 5
    assert len(seen) == 5


def test_a_ledger_keeps_no_service_alive() -> None:
    context, told = LLMContext(), Utterance("user", "yes")
    capture = Capture(lambda entry: None, names={})
    capture.know(context, "ann")
    capture.hear(told, Owner(), capture.taken(), interrupted=False, at=capture.moment())
    seen, gone = SeenByContext.of(context, "ann", SeenMessages()), weakref.ref(capture)
    assert len(seen) == 1
    del capture
    gc.collect()
    assert gone() is None


def test_a_message_that_left_the_context_is_not_kept_alive() -> None:
    seen = SeenMessages()
    for n in range(100):
        take(seen, talk(f"message {n}"))
    assert len(seen._alive) < 20


words = st.sampled_from(["yes", "no", "<ok", "<well", "hello"])


@given(
    st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=8), st.lists(st.integers(0, 12), max_size=8)
)
def test_every_saying_once_however_the_front_is_cut(turns: list[list[str]], cuts: list[int]) -> None:
    """Turns are appended to a list whose front is cut now and then, the last message always remaining."""
    seen, messages, taken = SeenMessages(), [], []
    for number, turn in enumerate(turns):
        messages += talk(*turn)
        taken += take(seen, messages)
        cut = cuts[number] if number < len(cuts) else 0
        messages = messages[min(cut, len(messages) - 1) :]
    assert taken == [word.lstrip("<") for turn in turns for word in turn]


@given(st.integers(2, 6), st.lists(st.sampled_from(["yes", "no", "go on"]), min_size=1, max_size=20))
def test_a_window_of_copies_hides_no_repetition(window: int, said: list[str]) -> None:
    """The application keeps the last messages, as copies; people repeat themselves."""
    seen, kept = begun_with()
    taken: list[str] = []
    for text in said:
        for new in (text, "<ok"):
            kept = [dict(message) for message in kept[-window:]] + talk(new)
            taken += take(seen, kept)
    assert taken == [text for words in said for text in (words, "ok")]


def test_what_is_filed_between_known_words_is_new() -> None:
    """An interrupted answer is filed before the words that interrupted it; all that was known is still there."""
    seen, messages = begun_with("hello", "alex")
    take(seen, messages)
    messages[1:1] = talk("<what should I call you?")
    assert take(seen, messages) == ["what should I call you?"]
    messages += talk("<thanks", "bye")
    assert take(seen, messages) == ["thanks", "bye"]
    messages[:0] = talk("<welcome")
    assert take(seen, messages) == ["welcome"]
    assert take(seen, messages) == []


def test_what_stands_in_the_place_of_known_words_is_old() -> None:
    """A summary, or a correction."""
    seen, messages = begun_with("a", "<b", "c", "<d", "e")
    take(seen, messages)
    messages[0:2] = talk("summary of a and b")
    assert take(seen, messages) == []
    messages[2] = talk("<d, corrected")[0]
    messages += talk("f")
    assert take(seen, messages) == ["f"]


def test_what_was_said_to_another_meanwhile_is_old() -> None:
    one, messages = begun_with("my pin", "<noted")
    take(one, messages)
    other = one.continued()
    messages += talk("a secret", "<kept")
    assert take(other, messages) == ["a secret", "kept"]
    assert other.heard(Utterance("user", "announced"), since=len(other), by="service")
    one.catch_up(other)
    one.catch_up(other)
    assert take(one, messages) == []
    messages += talk("i like tea")
    assert take(one, messages) == ["i like tea"]
    assert len(one) == 6
