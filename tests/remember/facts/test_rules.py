"""Each rule is found by its words, and no text takes it long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module

import pytest
import regex

from tests.remember.facts.talks import TALKS
from toldonce.remember.facts.frames import ANYWHERE
from toldonce.remember.facts.rules import Rule
from toldonce.remember.questions import sentences

RULES: tuple[Rule, ...] = import_module("toldonce.remember.facts.claims")._ALL
WORD = regex.compile(r"[\p{L}\p{M}]++")
LENGTH = 1000
"""Characters of a text; the longest that is read at all has 2,000."""
SECONDS = 0.05
"""CPU time for such a text: a linear rule takes a hundredth of it, on a slow machine too."""


def test_a_rule_that_fits_has_a_word_in_the_sentence() -> None:
    fitting = 0
    for _, said, _ in TALKS:
        for sentence in (part for _, text in said for part in sentences(text)):
            words = set(WORD.findall(sentence.casefold()))
            for rule in RULES:
                if rule.pattern.search(sentence) is not None and ANYWHERE not in rule.words:
                    fitting += 1
                    assert not rule.words.isdisjoint(words), (sentence, rule)
    assert fitting > len(TALKS)


def test_a_rule_for_a_name_fits_no_text_without_a_capital() -> None:
    fitting = 0
    for _, said, _ in TALKS:
        for sentence in (part for _, text in said for part in sentences(text)):
            for rule in RULES:
                if rule.named:
                    fitting += rule.pattern.search(sentence) is not None
                    assert rule.pattern.search(sentence.lower()) is None, (sentence, rule)
    assert fitting > len(TALKS) / 2


def test_every_rule_is_told_apart_by_a_few_words() -> None:
    for rule in RULES:
        assert rule.words
        assert not rule.words & {"a", "i", "the", "and", "is", "my", "to", "in"}


def texts(rule: Rule) -> Iterator[str]:
    """Texts that may lead a rule astray: its own words again and again, and what it has between them."""
    for word in [*sorted(rule.words)[:3], "Aa", "a", "1", "my", "I'm a", "a@b.", "I moved from a", "never call", "東"]:
        for unit in (word, f"{word} ", f"{word}, "):
            repeated = unit * (LENGTH // len(unit))
            yield from (repeated, f"I live in {repeated}!", f"{repeated}é")


@pytest.mark.parametrize("place", range(0, len(RULES), 20))
def test_no_text_takes_a_rule_long(place: int) -> None:
    for rule in RULES[place : place + 20]:
        for text in texts(rule):
            begun = time.process_time()
            for _ in rule.pattern.finditer(text):
                pass
            assert time.process_time() - begun < SECONDS, (rule.pattern.pattern, text[:60])
