"""JSON as it is sent, short or long: the same value, or the same refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toldonce.server import literals
from toldonce.server.literals import Doubled, Unreadable, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('ab",\\\\\u00e9\U0001f600', max_size=6),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every body counts as long, and is looked at in pieces of a few bytes."""
    monkeypatch.setattr(literals, "_PIECE", 3)


def both(value: Any) -> list[bytes]:
    return [json.dumps(value, ensure_ascii=ascii).encode() for ascii in (True, False)]


@given(VALUES)
def test_a_long_body_is_read_like_a_short_one(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for raw in both(value):
            short = read_json(raw)
            patch.setattr(literals, "_PIECE", 3)
            assert read_json(raw) == short == value
            patch.undo()


@given(st.lists(st.text('ab",\\', max_size=9), max_size=9))
def test_commas_in_strings_are_not_counted(said: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "_PIECE", 3)
        assert literals._commas(json.dumps(said).encode()) == max(0, len(said) - 1)


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": NaN}',
        b'{"a": 1',
        b'{"a": [1,]}',
        b'{"a": 1} more',
        b"\xff" * 9,
        b"[" * 100_000,
        b'{"a": ' + b"1" * 5_000 + b"}",
        b"",
    ],
    ids=lambda raw: str(raw[:12]),
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(raw)


@pytest.mark.usefixtures("long")
def test_a_key_that_stands_twice_is_named() -> None:
    with pytest.raises(Doubled, match="'user_id' stands twice"):
        read_json(b'{"filters": {"user_id": "ann", "user_id": "bob"}}')


def test_more_values_than_a_body_may_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "MOST_VALUES", 9)
    assert read_json(b'["," , ",,,,,,,,,,,,"]') == [",", ",,,,,,,,,,,,"]
    with pytest.raises(Unreadable, match="more than 9 values"):
        read_json(json.dumps(list(range(11))).encode())
