"""No text is long to read for its length: the time grows as the text does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

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
