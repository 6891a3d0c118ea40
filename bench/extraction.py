"""``make eval-extraction LLM_BASE_URL=... LLM_MODEL=...``: what a real model reads from talks of which it is known.

The whole way is taken: talks are added to a memory, jobs ask the model, and what the checks let through is compared
with what a careful person would note. A weak model may find little; it must do no harm.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from bench.talks import TALKS, Talk
from toldonce import Memory
from toldonce.engine import extraction

LONGEST = 3_600.0
"""Seconds in which a model has to be done."""


@dataclass(slots=True)
class Score:
    """What was read of some talks."""

    noted: int = 0
    """Pieces that were to be noted and are."""
    missed: int = 0
    harm: int = 0
    """Facts with a piece that nobody should note."""
    facts: int = 0

    @property
    def recall(self) -> float:
        return self.noted / max(self.noted + self.missed, 1)


def score(talk: Talk, facts: Sequence[str]) -> Score:
    """Compare the facts of a talk with what is known of it."""
    told = [fact.casefold() for fact in facts]
    noted = sum(any(piece.casefold() in fact for fact in told) for piece in talk.noted)
    harm = sum(any(piece.casefold() in fact for piece in talk.never) for fact in told)
    return Score(noted, len(talk.noted) - noted, harm, len(facts))


def read(llm: Mapping[str, Any], talks: Sequence[Talk] = TALKS) -> tuple[dict[str, Score], Counter[str]]:
    """Scores by language, and what was counted meanwhile."""
    with TemporaryDirectory() as folder, Memory({"llm": dict(llm)}, folder=folder) as memory:
        for number, talk in enumerate(talks):
            messages = [
                {"role": ("user", "assistant")[place % 2], "content": turn} for place, turn in enumerate(talk.turns)
            ]
            memory.add(messages, user_id=f"person {number}")
        _wait(memory)
        scores: dict[str, Score] = defaultdict(Score)
        for number, talk in enumerate(talks):
            found = score(talk, list(_facts(memory, f"person {number}")))
            total = scores[talk.language]
            total.noted += found.noted
            total.missed += found.missed
            total.harm += found.harm
            total.facts += found.facts
        return dict(scores), Counter(memory._engine.counters())


def _facts(memory: Memory, user: str) -> Iterator[str]:
    rows = memory.get_all(filters={"user_id": user}, top_k=1_000)["results"]
    return (str(row["memory"]) for row in rows if row.get("kind") == "fact")


def _wait(memory: Memory) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        with memory._engine.store.read() as store:
            if not extraction.waiting(store):
                return
        time.sleep(0.2)


def main() -> None:
    """Print the scores of a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url", help="such as http://localhost:11434/v1")
    parser.add_argument("model", help="as the host calls it")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for one answer")
    given = parser.parse_args()
    config = {"model": given.model, "openai_base_url": given.base_url, "timeout": given.timeout}
    scores, counted = read({"provider": "openai", "config": config})
    print(f"{'':<4}{'noted':>8}{'missed':>8}{'recall':>8}{'facts':>8}{'harm':>8}")
    for language, one in scores.items():
        print(f"{language:<4}{one.noted:>8}{one.missed:>8}{one.recall:>8.2f}{one.facts:>8}{one.harm:>8}")
    for name in sorted(name for name in counted if name.startswith(("facts_", "llm_"))):
        print(f"{name}: {counted[name]}")


if __name__ == "__main__":
    main()
