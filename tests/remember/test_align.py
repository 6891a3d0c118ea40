"""Exactly once, and every saying counts: which of the offered messages are new."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from toldonce.remember.align import AT_ONCE, STILL_TALKING, Offered, inside, new_places

SOON = 60_000_000
LATER = STILL_TALKING + 1


def talk(words: str, time: int | None = None) -> list[Offered]:
    return [Offered(word.encode(), time) for word in words.split()]


def new(offered: str, stored: str, age: int = SOON) -> str:
    words = offered.split()
    return " ".join(words[i] for i in new_places(talk(offered), talk(stored), age=age))


def test_everything_is_new_to_an_empty_conversation() -> None:
    assert new("a b c", "") == "a b c"


def test_a_grown_history_adds_its_end() -> None:
    assert new("a b c d e", "a b c") == "d e"
    assert new("a b c d e", "a b c", LATER) == "d e"


def test_a_window_that_slides_adds_its_end() -> None:
    assert new("c d e f", "a b c d") == "e f"


def test_one_message_is_a_repeat_only_if_it_comes_at_once() -> None:
    assert new("yes", "q yes", AT_ONCE) == ""
    assert new("yes", "q yes", AT_ONCE + 1) == "yes"
    assert new("yes", "yes q", 0) == "yes"


def test_the_same_words_again_count_when_something_came_between() -> None:
    assert new("q yes q yes q yes", "q yes q yes") == "q yes"


def test_a_history_with_a_summary_at_its_front_adds_the_summary_once() -> None:
    assert new("S c d e f", "a b c d") == "S e f"
    assert new("S c d e f g", "a b c d S e f") == "g"


def test_a_history_corrected_in_between_adds_the_correction() -> None:
    assert new("a b C d e", "a b c d") == "C e"
    assert new("a b C d e f", "a b c d C e") == "f"


def test_another_talk_that_begins_alike_is_another_talk() -> None:
    assert new("hi hello pill fine weather", "hi hello pill fine bye night", LATER) == "hi hello pill fine weather"


def test_a_long_run_is_the_same_history_however_late() -> None:
    assert new("a b c d e f X", "a b c d e f g", LATER) == "X"


def test_different_times_make_different_sayings() -> None:
    monday, tuesday = talk("pill fine", 1), talk("pill fine", 2)
    assert new_places(tuesday, monday, age=SOON) == [0, 1]
    assert new_places(monday, monday, age=SOON) == []
    assert not inside(tuesday, monday)
    assert inside(talk("pill"), monday)


WORDS = st.lists(st.sampled_from(["yes", "no", "ok", "pill", "tea", "rain"]), min_size=1, max_size=30)


@given(WORDS, st.data())
@settings(max_examples=300)
def test_histories_offered_turn_by_turn_leave_what_was_said(said: list[str], data: st.DataObject) -> None:
    """Whole histories, each a turn or two longer, retried at random: stored is what was said."""
    messages = [Offered(f"{'ua'[place % 2]}:{word}".encode(), None) for place, word in enumerate(said)]
    stored: list[Offered] = []
    grown = 0
    while grown < len(messages):
        grown = min(len(messages), grown + data.draw(st.integers(1, 3)))
        for _ in range(data.draw(st.integers(1, 2))):
            offered = messages[:grown]
            if len(offered) > 1 and inside(offered, stored):
                continue
            stored += [offered[place] for place in new_places(offered, stored, age=0)]
    assert stored == messages


@given(WORDS, st.data())
@settings(max_examples=300)
def test_a_sliding_window_of_distinct_messages_leaves_what_was_said(said: list[str], data: st.DataObject) -> None:
    messages = [Offered(f"{place} {word}".encode(), None) for place, word in enumerate(said)]
    width = data.draw(st.integers(4, 8))
    stored: list[Offered] = []
    for end in range(1, len(messages) + 1):
        offered = messages[max(0, end - width) : end]
        stored += [offered[place] for place in new_places(offered, stored, age=0)]
    assert stored == messages
