"""What a memory states is marked among its tokens, and the index reads the marks."""

from __future__ import annotations

import numpy as np
import pytest

from toldonce.index.ram import OwnerIndex
from toldonce.remember.facts import memory_tokens
from toldonce.text.keys import indexed_tokens
from toldonce.text.lexicon.people import ONE_AT_A_TIME
from toldonce.types import IndexRow

AT = 1_700_000_000_000_000


def stated(*texts: str) -> list[set[str]]:
    """By text: what the index knows it to state."""
    index = OwnerIndex()
    rows = [
        IndexRow(number, memory_tokens(text, None, AT), np.ones(2, np.float32), None, 1, "user", None, AT)
        for number, text in enumerate(texts)
    ]
    index.apply(rows)
    found = index.view().stated.tolist()
    return [{name for bit, name in enumerate(ONE_AT_A_TIME) if bits >> bit & 1} for bits in found]


def test_each_attribute_has_a_bit_of_its_own() -> None:
    assert len(set(ONE_AT_A_TIME)) == len(ONE_AT_A_TIME) <= 64


def test_what_is_stated_is_marked_whether_it_holds_or_not() -> None:
    assert stated(
        "My name is Ana and I live in Porto.",
        "I don't live in Porto any more.",
        "I'm no longer vegan.",
        "I'm lactose intolerant.",
        "My work email is a@b.example.",
        "My wife is called Ines.",
        "I'm allergic to nuts.",
        "It rained all day.",
    ) == [
        {"name", "home"},
        {"home"},
        {"diet vegan"},
        {"diet lactose-intolerant"},
        {"work email"},
        {"wife"},
        set(),
        set(),
    ]


@pytest.mark.parametrize("text", ["It rained all day.", "Where do I live?", "I like home and name = home, =home"])
def test_without_a_statement_the_tokens_are_those_of_the_words(text: str) -> None:
    assert memory_tokens(text, "Ana", AT).tolist() == indexed_tokens(text, "Ana", AT).tolist()
