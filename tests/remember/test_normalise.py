"""What callers pass as messages."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.errors import InvalidMessage
from toldonce.remember.normalise import LONGEST_MESSAGE
from toldonce.remember.normalise import normalise as read
from toldonce.types import Message


def normalise(messages: Any, said_at: int | None = None) -> list[Message]:
    return read(messages, said_at).messages


def reasons(messages: Any) -> str:
    return " ".join(oddity.reason for oddity in read(messages).oddities)


def test_a_string_a_message_and_a_list_are_read() -> None:
    one = Message("user", "Hi")
    assert normalise("Hi") == normalise({"role": "user", "content": "Hi"}) == [one]
    assert normalise(({"role": "user", "content": "Hi"},)) == [one]


def test_only_what_was_said_is_kept() -> None:
    spoken = normalise(
        [
            {"role": "system", "content": "Be nice."},
            {"role": "developer", "content": "Be nicer."},
            {"role": "user", "content": "Hi", "name": "Ann"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "content": "42", "tool_call_id": "1"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "  "},
        ]
    )
    assert spoken == [Message("user", "Hi", "Ann"), Message("assistant", "Hello")]


def test_text_parts_are_kept_and_images_are_not() -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "my dog"},
    ]
    assert normalise([{"role": "user", "content": parts}]) == [Message("user", "Look\nmy dog")]
    assert normalise([{"role": "user", "content": parts[1:2]}]) == []


@pytest.mark.parametrize(
    "content",
    [
        [[{"type": "text", "text": "I ski"}]],
        [{"type": "text", "text": ["I ski"]}],
        [{"type": "text", "text": {"value": "I ski", "annotations": []}}],
        [{"type": "text", "content": "I ski"}],
        [{"type": "input_audio", "transcript": "I ski"}],
        [{"type": "audio", "audio": {"id": "a1", "data": "UklGRg==", "transcript": "I ski"}}],
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "transcript": "I ski"}},
        [{"type": "reasoning", "text": "He may ski."}, {"type": "text", "text": "I ski"}],
        [{"type": "tool_result", "content": "He skis."}, {"text": "I ski"}],
    ],
)
def test_the_words_of_a_part_are_found_where_an_api_puts_them(content: Any) -> None:
    assert normalise([{"role": "user", "content": content}]) == [Message("user", "I ski")]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": "UklGRg=="},
        {"type": "audio", "audio": {"data": "UklGRg=="}},
        {"type": "tool_result", "content": "42"},
        {"type": "tool_use", "input": {"text": "42"}},
        {"type": "thinking", "thinking": "He may ski."},
    ],
)
def test_what_nobody_said_is_no_part_of_a_message(part: Any) -> None:
    assert normalise([{"role": "user", "content": [part]}, GOOD]) == [Message("user", GOOD["content"])]


def test_parts_without_end_are_left_out() -> None:
    nested: Any = "I ski"
    for _ in range(2000):
        nested = [nested]
    assert normalise([{"role": "user", "content": nested}, GOOD]) == [Message("user", GOOD["content"])]


def test_a_message_has_its_own_time_or_that_of_the_call() -> None:
    spoken = normalise(
        [{"role": "user", "content": "a", "timestamp": 5}, {"role": "user", "content": "b", "id": "m1"}], 7
    )
    assert [message.said_at for message in spoken] == [5_000_000, 7]
    assert spoken[1].id == "m1"


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (None, "must be a string"),
        (5, "must be a string"),
        (b"bytes", "must be a string"),
        ([], "messages is empty"),
        (["x"], r"messages\[0\] must be a dict"),
        ([{"role": "bogus", "content": "x"}], r"messages\[0\].role is 'bogus'"),
        ([{"content": "x"}], "role is None"),
        ([{"role": "user", "content": 5}], "content must be text or a list of parts"),
        ([{"role": "user"}], r"messages\[0\] has no words"),
        ([{"role": "user", "content": None}, {"role": "system", "content": "x"}], "has no words"),
        ([{"role": "user", "content": "x" * 1_000_000}], f"the most is {LONGEST_MESSAGE:,}"),
    ],
)
def test_what_cannot_be_read_is_named(messages: Any, says: str) -> None:
    with pytest.raises(InvalidMessage, match=says):
        normalise(messages)


GOOD = {"role": "user", "content": "I live in Bergen"}


@pytest.mark.parametrize(
    ("odd", "kept", "reason"),
    [
        ({"role": "assistant", "content": None}, [], "messages[1] has no words"),
        ({"role": "assistant"}, [], "has no words"),
        ({"role": "assistant", "content": None, "refusal": "no"}, [], "has no words"),
        ({"role": "user", "content": [{"type": "text", "text": None}]}, [], "has no words"),
        ({"role": "user", "content": [{"type": "hologram", "data": 1}, 7, None]}, [], "has no words"),
        ({"role": "user", "content": ["", "  "]}, [], "has no words"),
        ({"role": "user", "content": [{"text": "I ski"}]}, [Message("user", "I ski")], ""),
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, [], ""),
        ({"role": "bogus", "content": "x"}, [], "role is 'bogus'"),
        ("x", [], "must be a dict"),
        ({"role": "user", "content": 5}, [], "must be text"),
        ({"role": "user", "content": "x" * 1_000_000}, [], "the most is"),
        ({"role": "user", "content": "Party \ud83c"}, [Message("user", "Party \ufffd")], "half a character"),
        ({"role": "user", "content": "a\0b"}, [Message("user", "a\ufffdb")], "null byte"),
        ({"role": "user", "content": "x", "name": ["a"]}, [Message("user", "x")], "name was left out"),
        ({"role": "user", "content": "x", "name": 5}, [Message("user", "x", "5")], ""),
        ({"role": "user", "content": "x", "id": "y" * 600}, [Message("user", "x")], "id was left out"),
        ({"role": "user", "content": "x", "timestamp": "2026-01-01T10:00:00"}, [Message("user", "x")], "no time zone"),
        ({"role": "user", "content": "x", "timestamp": "9999-12-31T23:59:59-14:00"}, [Message("user", "x")], "outside"),
        ({"role": "user", "content": "x", "timestamp": 1e300}, [Message("user", "x")], "no date"),
    ],
)
def test_one_odd_message_takes_nothing_from_its_neighbours(odd: Any, kept: list[Message], reason: str) -> None:
    assert normalise([GOOD, odd, GOOD]) == [Message("user", GOOD["content"]), *kept, Message("user", GOOD["content"])]
    assert reason in reasons([GOOD, odd])
    assert bool(reason) == bool(reasons([GOOD, odd])), "what is not odd is not noted"
