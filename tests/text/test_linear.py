"""No text is long to read for its length: the time grows as the text does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from tests.text.patterns import Expression, expressions, made_at_run_time, texts, units
from toldonce.text.dates import period
from toldonce.text.names import addressed, in_first_person, mentioned, subject
from toldonce.text.tokens import words

GROWTH = 2.5
"""The most a doubling of the text may cost; linear is 2, quadratic 4."""
SHORT = 500
"""Characters."""


def _cost(read: Callable[[str], object], text: str, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        read(text)
        best = min(best, time.process_time() - begun)
    return best


def _growth(read: Callable[[str], object], unit: str, tail: str) -> float:
    """How much a doubling costs, at the best of the doublings: noise makes one large, a wrong power makes all so."""
    costs = []
    for doubling in (4, 8, 16):
        costs.append(_cost(read, unit * (SHORT * doubling // len(unit)) + tail, 3))
        if costs[-1] > 2:
            return float("inf")
    return min(after / max(before, 1e-9) for before, after in pairwise(costs))


def test_what_backtracks_is_found() -> None:
    assert _growth(re.compile(r"\s+$").search, " ", "a") > GROWTH
    assert _growth(re.compile(r"\w++").search, "a", "!") <= GROWTH


EXPRESSIONS = {found.where: found for found in expressions()}


def _every_use(found: Expression) -> Callable[[str], object]:
    def read(text: str) -> None:
        if found.anchored:
            found.pattern.match(text)
        else:
            for _ in found.pattern.finditer(text):
                pass
        found.pattern.fullmatch(text)

    return read


SUSPICIOUS = _cost(_every_use(Expression("here", re.compile(r"\w+@"), anchored=False)), "a" * (2 * SHORT), 5) / 2
"""CPU seconds for ``2 * SHORT`` characters below which nothing backtracks: a quadratic one takes twice that or more."""


def _superlinear(read: Callable[[str], object], candidates: Iterable[str]) -> list[str]:
    found = []
    for unit in candidates:
        for text in texts(unit, 24):  # an exponential one would not end on more
            if _cost(read, text, 1) > 50 * SUSPICIOUS:
                return [f"{text!r}"]
        for text in texts(unit, 2 * SHORT):
            if _cost(read, text, 1) > SUSPICIOUS and _cost(read, text, 3) > SUSPICIOUS:
                tail = text[2 * SHORT // len(unit) * len(unit) :]
                if _growth(read, unit, tail) > GROWTH:
                    found.append(f"{unit!r} * n + {tail!r}")
    return found


@pytest.mark.parametrize(("pattern", "slow"), [(r"\s+$", True), (r"\w+@", True), (r"(?:a+)+$", True), (r"\w++", False)])
def test_the_search_tells_who_backtracks(pattern: str, slow: bool) -> None:
    read = _every_use(Expression("here", re.compile(pattern), anchored=False))
    assert bool(_superlinear(read, [" ", "a"])) == slow


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_no_expression_backtracks(where: str) -> None:
    found = EXPRESSIONS[where]
    assert _superlinear(_every_use(found), units(found.pattern.pattern)) == []


_NAMED = ["Ana", "Ana Lopez", "aaa", "a'a", "."]
READERS: dict[str, Callable[[str], object]] = {
    "words": words,
    "addressed": addressed,
    "period": lambda text: period(text, 1_700_000_000_000_000),
    "mentioned": lambda text: mentioned(text, _NAMED),
    "in_first_person": lambda text: in_first_person(text, _NAMED),
    "subject": lambda text: subject(text, mentioned(text, _NAMED)),
}
MORE = ["1.", "aA", "Ana, ", "Ana's ", "Ana   ", "1, ", "May 1 ", "the week ", "a@b.", "www.", "since ", "a.b@", "(1)"]


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_of_texts_is_slow(reader: str) -> None:
    read = READERS[reader]
    slow = [
        (unit, tail, round(growth, 1))
        for unit in [*MORE, *".-+@,'_0 \u00e9\u0301\u2605\U0001f1e9\u6771\u0e01"]
        for tail in ("", "a", "0", "\u00e9")
        if (growth := _growth(read, unit, tail)) > GROWTH
    ]
    assert slow == []


def test_expressions_made_at_run_time_are_known() -> None:
    # Names are escaped and stand between lookarounds, as READERS shows; a quoted phrase is escaped and nothing else.
    # Whoever adds a function here shows that it is linear.
    # The rules of facts have a test of their own (tests/remember/facts/test_rules.py), what ``_asks`` makes is kept.
    assert made_at_run_time() == {"names._pattern", "names.subject", "block.quoted", "rules.rule", "answers._asks"}
