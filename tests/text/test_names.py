from __future__ import annotations

import pytest

from recollect.text.names import in_first_person, is_personal, mentioned


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
