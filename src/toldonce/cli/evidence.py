"""Evidence recall: how many of the turns that hold a question's answer are among the memories recalled for it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from .transcript import Question, Transcript

TOP = 10
OVERALL_CATEGORIES = (1, 2, 3, 4)
"""LoCoMo's questions with an answer; category 5 asks about things that the other person said, and is reported apart."""
CATEGORY_NAMES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean recall of some questions."""

    label: str
    questions: int
    recall: float
    """In [0, 1]."""


class TurnFinder:
    """Says which turns of a transcript a memory came from, by way of the journal that both have a place in."""

    def __init__(self, transcript: Transcript, journal: Iterable[Mapping[str, Any]]) -> None:
        # The same words may be said twice in a session: the journal keeps the order, so the first are the first.
        waiting: defaultdict[tuple[str, str, str], deque[str]] = defaultdict(deque)
        for session in transcript.sessions:
            for turn in session.turns:
                waiting[session.id, turn.role, turn.text].append(turn.id)
        self._turns: dict[tuple[str, int], str] = {}
        for message in journal:
            turns = waiting[message.get("run_id", ""), message["role"], message["content"]]
            if turns:
                self._turns[message["conversation_id"], message["place"]] = turns.popleft()

    def turns_of(self, hit: Mapping[str, Any]) -> frozenset[str]:
        """Ids of the turns that a hit, found with ``explain=True``, came from."""
        places = ((source["conversation_id"], source["place"]) for source in hit["sources"])
        return frozenset(self._turns[place] for place in places if place in self._turns)


def recalled_fraction(evidence: Sequence[str], found: Iterable[frozenset[str]]) -> float:
    """The part of the ``evidence`` turns that the ``found`` memories, each given as its turns, came from."""
    turns = frozenset[str]().union(*found)
    return sum(turn_id in turns for turn_id in evidence) / len(evidence)


def figures(fractions: Sequence[tuple[Question, float]]) -> list[Figure]:
    """The overall figure, then one for each category if the questions have any. Empty if there are no questions."""
    overall = [fraction for question, fraction in fractions if question.category in (None, *OVERALL_CATEGORIES)]
    by_category: dict[int, list[float]] = {}
    for question, fraction in fractions:
        if question.category is not None:
            by_category.setdefault(question.category, []).append(fraction)
    named = [("categories 1-4" if by_category else "all questions", overall)]
    named += [
        (f"{number} {CATEGORY_NAMES.get(number, '')}".strip(), by_category[number]) for number in sorted(by_category)
    ]
    return [Figure(label, len(values), fmean(values)) for label, values in named if values]
