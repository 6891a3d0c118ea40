"""Digests of what is said."""

from __future__ import annotations

from toldonce.text.digests import about, key_name, words_digest

KEY = b"k" * 32


def test_same_words_are_one_memory_whatever_the_white_space_between_them() -> None:
    same = {words_digest(KEY, "user", "Ann", text) for text in ("I took my pill", " I took  my\npill")}
    assert len(same) == 1
    for other in ("i took my pill", "I took my pill.", "I took my pill!", "I took my pi ll", "I took my píll"):
        assert words_digest(KEY, "user", "Ann", other) not in same
    assert words_digest(KEY, "user", "Ben", "I took my pill") not in same
    assert words_digest(KEY, "assistant", "Ann", "I took my pill") not in same
    assert words_digest(KEY, "user", "Ann", "I took my pill", "r") not in same


def test_a_digest_is_of_no_use_without_the_key() -> None:
    assert words_digest(KEY, "user", None, "My PIN is 4711.") != words_digest(b"other", "user", None, "My PIN is 4711.")
    assert key_name(KEY) != key_name(b"other")


def test_with_whom_and_with_what_metadata_is_part_of_what_is_said() -> None:
    whole = about("bot", "app", {"b": 1, "a": [2]}, "2027-01-01")
    assert whole == about("bot", "app", {"a": [2], "b": 1}, "2027-01-01")
    assert about(None, None, {}, None) == (None, None, None, None)
