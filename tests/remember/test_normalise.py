"""What callers pass as messages."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.errors import InvalidMessage, InvalidTime
from toldonce.remember.normalise import LONGEST_MESSAGE, normalise
from toldonce.types import Message


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


def test_a_message_has_its_own_time_or_that_of_the_call() -> None:
    read = normalise(
        [{"role": "user", "content": "a", "timestamp": 5}, {"role": "user", "content": "b", "id": "m1"}], 7
    )
    assert [message.said_at for message in read] == [5_000_000, 7]
    assert read[1].id == "m1"


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (None, "must be a string"),
        (5, "must be a string"),
        (b"bytes", "must be a string"),
        ([], "messages is empty"),
        (["x"], r"messages\[0\] must be a dict"),
        ([{"role": "user", "content": "x"}, {"role": "bogus", "content": "x"}], r"messages\[1\].*'bogus' is no role"),
        ([{"content": "x"}], "is no role"),
        ([{"role": "user", "content": 5}], "content must be text or a list of parts"),
        ([{"role": "user"}], "content must be text"),
        ([{"role": "user", "content": [{"text": "x"}]}], r"content\[0\] must be a dict with a 'type'"),
        ([{"role": "user", "content": [{"type": "text"}]}], r"content\[0\].text must be a string"),
        ([{"role": "user", "content": "a\0b"}], "null byte"),
        ([{"role": "user", "content": "a\ud800b"}], "lone surrogate"),
        ([{"role": "user", "content": "x" * 1_000_000}], f"the most is {LONGEST_MESSAGE:,}"),
        ([{"role": "user", "content": "x", "name": 5}], "name must be a string"),
        ([{"role": "user", "content": "x", "id": "y" * 600}], "id must be a string"),
    ],
)
def test_what_cannot_be_read_is_named(messages: Any, says: str) -> None:
    with pytest.raises(InvalidMessage, match=says):
        normalise(messages)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidTime, match=r"messages\[0\].timestamp.*no time zone"):
        normalise([{"role": "user", "content": "x", "timestamp": "2026-01-01T10:00:00"}])
