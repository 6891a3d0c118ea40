"""Repeats need evidence; with it nothing is doubled, without it nothing is dropped."""

from __future__ import annotations

import pytest

from toldonce.remember.align import AT_ONCE, Offered, repeats
from toldonce.stores.protocol import ConversationView, Trace

NOW = 10**15
SOON = 60_000_000
WEEK = 7 * 86_400_000_000

SHORT = frozenset({"q", "yes", "no", "hi"})


def offered(words: str, time: int | None = None) -> list[Offered]:
    return [Offered(word.encode(), time, None, word in SHORT) for word in words.split()]


def stored(words: str, age: int = SOON, time: int | None = None, first: int = 0) -> ConversationView:
    traces = [Trace(first + n, word.encode(), time, NOW - age) for n, word in enumerate(words.split())]
    return ConversationView(conversation_id=1, next_place=first + len(traces), window=traces, whole=first == 0)


def new(words: str, view: ConversationView) -> str:
    found = repeats(offered(words), view, NOW)
    return " ".join(word for number, word in enumerate(words.split()) if number not in found)


def test_everything_is_new_to_an_empty_conversation() -> None:
    assert new("a b c", ConversationView()) == "a b c"


@pytest.mark.parametrize("age", [0, SOON, WEEK])
def test_a_list_that_goes_on_adds_its_end(age: int) -> None:
    assert new("a b c d e", stored("a b c", age)) == "d e"  # the whole history, grown
    assert new("c d e f", stored("a b c d", age)) == "e f"  # a window that slides
    assert new("d e", stored("a b c d", age)) == "e"  # by one long message
    assert new("hi a b", stored("hi", age)) == "a b"  # a history of one short message, grown


def test_a_short_message_alone_is_no_evidence() -> None:
    assert new("no q", stored("a q no")) == "no q"
    assert new("no", stored("q no", age=0)) == "no"


@pytest.mark.parametrize("words", ["q no", "a b c", "q yes q yes", "d"])
def test_a_list_that_equals_the_end_is_a_retry_only_at_once(words: str) -> None:
    assert new(words, stored(f"x {words}", age=AT_ONCE)) == ""
    assert new(words, stored(f"x {words}", age=AT_ONCE + 1)) == words
    assert new(words, stored(words, age=WEEK)) == words
    assert new(words, stored(f"x {words}", age=-1)) == words, "a clock that was set back proves nothing"


def test_at_once_is_some_seconds() -> None:
    """Long enough for a client that tries again, too short for a person who says it all again."""
    assert new("a b c", stored("x a b c", age=3_000_000)) == ""
    assert new("a b c", stored("x a b c", age=30_000_000)) == "a b c"


def test_answers_that_were_given_before_are_new() -> None:
    assert new("diabetes no", stored("smoke no drink yes pregnant no")) == "diabetes no"
    assert new("q no tea yes", stored("q no coffee yes")) == "q no tea yes"


def test_what_lies_further_back_is_no_evidence() -> None:
    assert new("a b", stored("a b c d", age=0)) == "a b"


def test_a_message_said_to_another_in_between_does_not_part_a_talk() -> None:
    window = [Trace(0, b"a", None, NOW), Trace(2, b"b", None, NOW)]  # at place 1 somebody else was told something
    view = ConversationView(conversation_id=1, next_place=3, window=window)
    assert repeats(offered("a b c"), view, NOW) == {0: 0, 1: 2}


def test_ids_are_evidence_wherever_they_stand() -> None:
    view = ConversationView(conversation_id=1, next_place=9, window=stored("z", first=8).window, known_ids={"m1": 3})
    messages = [
        Offered(b"a", None, "m1", True),
        Offered(b"b", None, "m2", False),
        Offered(b"c", None, "m2", False),
    ]
    assert repeats(messages, view, NOW) == {0: 3, 2: 9}


def test_the_same_time_and_words_are_evidence_as_often_as_they_were_recorded() -> None:
    view = ConversationView(conversation_id=1, next_place=9, timed={(b"no", 5): [2, 4]})
    messages = [*offered("no no no", 5), *offered("no", 6), *offered("no")]
    assert repeats(messages, view, NOW) == {0: 2, 1: 4}
    with_ids = [one._replace(id=f"m{n}") for n, one in enumerate(offered("no no", 5))]
    assert repeats([*with_ids, *offered("no", 5)], view, NOW) == {2: 2}, "an id of its own is another message"


def test_times_that_differ_tell_the_same_words_apart() -> None:
    view = stored("a b", time=1, age=0)
    assert repeats(offered("a b c", 2), view, NOW) == {}
    assert repeats(offered("a b c", 1), view, NOW) == {0: 0, 1: 1}
    assert repeats(offered("a b c"), view, NOW) == {0: 0, 1: 1}


def test_times_that_rule_out_the_longest_piece_leave_a_shorter_one() -> None:
    window = [Trace(place, word, place, NOW - SOON) for place, word in enumerate((b"a", b"b", b"a", b"b"))]
    view = ConversationView(conversation_id=1, next_place=4, window=window)
    messages = [Offered(word, at, None, False) for word, at in ((b"a", None), (b"b", 3), (b"a", None), (b"b", 9))]
    assert repeats(messages, view, NOW) == {0: 2, 1: 3}


class CountedDigest(bytes):
    """Counts how often digests are compared."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountedDigest.comparisons += 1
        return bytes.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__


@pytest.mark.parametrize("times", [None, 7])
def test_a_long_list_of_few_words_takes_linear_time(times: int | None) -> None:
    """2,000 such messages held the lock for 23 seconds once."""

    def compared(count: int) -> int:
        words = [("yes", "no")[n % 2] if n % 7 else f"edit{n}" for n in range(count)]
        view = stored(" ".join(("yes", "no")[n % 2] for n in range(count)))
        messages = [Offered(CountedDigest(word.encode()), times, None, word in SHORT) for word in words]
        CountedDigest.comparisons = 0
        repeats(messages, view, NOW)
        return CountedDigest.comparisons

    assert 1_000 <= compared(1_000) <= 8_000
    assert compared(16_000) <= 17 * compared(1_000)
