"""What a message is remembered as when there is no extraction model."""

from __future__ import annotations

import pytest

from toldonce.remember.verbatim import Draft, draft, words_digest
from toldonce.types import Message


def user(text: str, name: str | None = None) -> Message:
    return Message("user", text, name)


def agent(text: str, name: str | None = None) -> Message:
    return Message("assistant", text, name)


@pytest.mark.parametrize(
    "text", ["ok", "Mm-hm.", "uh-huh", "Okay, great!", "Thanks!", "Hello there!", "I see.", "👍", "...", "Yes.", "No!"]
)
def test_backchannels_say_nothing(text: str) -> None:
    assert draft(user(text), None) is None
    assert draft(user(text), agent("That sounds like a plan.")) is None


@pytest.mark.parametrize(
    "text", ["I see Bob every day", "Tea", "No peanuts, please", "42", "我喜欢茶", "Thanks to Rosa I ran it"]
)
def test_what_says_something_is_remembered_as_it_was_said(text: str) -> None:
    assert draft(user(f"  {text} "), None) == Draft(text, answers=False)


def test_a_short_answer_is_kept_with_its_question() -> None:
    asked = agent("Good to know. Do you have any allergies?")
    assert draft(user("Yes, peanuts."), asked) == Draft("Do you have any allergies? — Yes, peanuts.", answers=True)
    assert draft(user("Yes."), asked) == Draft("Do you have any allergies? — Yes.", answers=True)
    assert draft(user("mm-hm"), asked) is None


def test_questions_that_are_not_answered_stay_out() -> None:
    asked = agent("Do you have any allergies?")
    assert draft(user("Why do you ask?"), asked) == Draft("Why do you ask?", answers=False)
    long = "I have been allergic to peanuts since I was three years old"
    assert draft(user(long), asked) == Draft(long, answers=False)
    assert draft(agent("Peanuts perhaps"), asked) == Draft("Peanuts perhaps", answers=False)


def test_two_people_may_share_a_role() -> None:
    assert draft(user("Blue.", "Ben"), user("Which colour?", "Ann")) == Draft("Which colour? — Blue.", answers=True)


def test_same_words_are_one_memory_whatever_the_white_space_between_them() -> None:
    same = {words_digest("user", "Ann", text) for text in ("I took my pill", " I took  my\npill")}
    assert len(same) == 1
    for other in ("i took my pill", "I took my pill.", "I took my pill!", "I took my pi ll", "I took my píll"):
        assert words_digest("user", "Ann", other) not in same
    assert words_digest("user", "Ben", "I took my pill") not in same
    assert words_digest("assistant", "Ann", "I took my pill") not in same
    assert words_digest("user", "Ann", "I took my pill", "r") not in same
