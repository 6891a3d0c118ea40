from __future__ import annotations

import pytest

from toldonce.text.names import addressed, in_first_person, is_personal, mentioned, subject


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where does Ana keep her skis?", ["Ana"]),
        ("where does ana's brother live", ["Ana"]),
        ("Did Lopez call?", []),
        ("What is Anatomy?", []),
        ("Ana and Bo Tran?", ["Ana", "Bo Tran"]),
    ],
)
def test_names_are_found_as_whole_words(text: str, expected: list[str]) -> None:
    assert mentioned(text, ["Ana", "Bo Tran", "user"]) == expected


def test_a_full_name_is_meant_by_its_first_word_too() -> None:
    assert mentioned("Is Maria home?", ["Maria Lopez"]) == ["Maria Lopez"]
    assert in_first_person("Maria Lopez sold Maria's car", ["Maria Lopez"]) == "I sold my car"


def test_first_person() -> None:
    assert in_first_person("Where are Ana's skis and what did Ana say to James' dog?", ["Ana", "James"]) == (
        "Where are my skis and what did I say to my dog?"
    )


@pytest.mark.parametrize("label", ["user", "Assistant", " ", "me"])
def test_labels_are_no_names(label: str) -> None:
    assert not is_personal(label)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What does Ana think of Bo's plan?", "Ana"),
        ("What does Bo's sister think of Ana?", "Ana"),
        ("What did Ana and Bo cook?", None),
        ("Ana's or Bo's?", None),
    ],
)
def test_whom_a_question_is_about(text: str, expected: str | None) -> None:
    assert subject(text, ["Ana", "Bo"]) == expected


def test_the_only_one_named_is_meant() -> None:
    assert subject("Where is Ana's dog?", ["Ana"]) == "Ana"
    assert subject("Where is the dog?", []) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Thanks, Ana!", ["ana"]),
        ("Hey Ana, how are you?", ["ana"]),
        ("How are you, Ana? Wow Beth, that is great.", ["ana", "beth"]),
        ("I went to Porto. Leila was there.", []),
        ("The Edinburgh Marathon was great!", []),
    ],
)
def test_whom_a_text_speaks_to(text: str, names: list[str]) -> None:
    assert addressed(text) == names
