"""The ranking's weights, tuned with each conversation left out in turn and reported on the one left out.

    python -m bench.tune path/to/locomo.json

Says what the hand-rounded weights in ``recall.scoring`` owe to the conversations they are reported on: nothing, if the
figure is the same. Coordinate descent from the shipped weights over factors of 0.6 and 1.5, one pass; the aim is
recall@10 of categories 1-4, with what category 5 falls short of 85 taken off.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.locomo import Conversation, indexed, read
from bench.vectors import CachedVectors
from toldonce.embedders.cache import EmbeddedQuery
from toldonce.embedders.minilm import UNRELATED
from toldonce.index.ram import RamView
from toldonce.recall import analyse, rank
from toldonce.recall.query import Query
from toldonce.recall.scoring import WEIGHTS, Weights

FACTORS = (0.6, 1.5)
LEAST_CATEGORY_5 = 0.85


class Folds:
    """Recall of every question under given weights, each evaluated once."""

    def __init__(self, conversations: Sequence[Conversation], vectors: CachedVectors) -> None:
        self._asked: list[tuple[RamView, Query, EmbeddedQuery, frozenset[int]]] = []
        conversation_of, category = [], []
        for number, conversation in enumerate(conversations):
            view = indexed(conversation, vectors, names=True, runs=True)
            for question in conversation.questions:
                query = analyse(question.text, view, conversation.turns[-1].said_at)
                self._asked.append((view, query, vectors.query(query.dense_text), question.evidence))
                conversation_of.append(number)
                category.append(question.category)
        self._conversation = np.array(conversation_of)
        self._adversarial = np.array(category) == 5
        self._known: dict[Weights, NDArray[np.float64]] = {}

    def recalls(self, weights: Weights) -> NDArray[np.float64]:
        """Recall@10 by question."""
        if weights not in self._known:
            found = []
            for view, query, (vector, tokens), evidence in self._asked:
                hits = rank(view, query, vector, tokens=tokens, limit=10, unrelated=UNRELATED, weights=weights)
                found.append(len(evidence & {hit.memory_id for hit in hits}) / len(evidence))
            self._known[weights] = np.array(found)
        return self._known[weights]

    def figures(self, weights: Weights, chosen: NDArray[np.bool_]) -> tuple[float, float]:
        """Mean recall@10 of categories 1-4 and of category 5 over chosen questions."""
        recalls = self.recalls(weights)
        return float(recalls[chosen & ~self._adversarial].mean()), float(recalls[chosen & self._adversarial].mean())

    def tuned_without(self, left_out: int) -> Weights:
        """The best weights for all conversations but one."""
        chosen = self._conversation != left_out

        def worth(weights: Weights) -> float:
            recall, adversarial = self.figures(weights, chosen)
            return recall - max(0.0, LEAST_CATEGORY_5 - adversarial)

        best = WEIGHTS
        for name in (field.name for field in fields(Weights)):
            tried = [replace(best, **{name: round(getattr(best, name) * factor, 3)}) for factor in FACTORS]
            best = max([best, *tried], key=worth)
        return best

    def of(self, conversation: int) -> NDArray[np.bool_]:
        """Which questions are a conversation's."""
        return np.asarray(self._conversation == conversation)


def main() -> None:
    parser = argparse.ArgumentParser(description="Weights tuned leaving one conversation out.")
    parser.add_argument("file", type=Path)
    conversations = read(parser.parse_args().file)
    vectors = CachedVectors()
    folds = Folds(conversations, vectors)
    vectors.save()
    everything = np.ones(sum(len(conversation.questions) for conversation in conversations), np.bool_)
    shipped = folds.figures(WEIGHTS, everything)
    recalls = np.zeros(len(everything))
    for number, conversation in enumerate(conversations):
        weights = folds.tuned_without(number)
        chosen = folds.of(number)
        recalls[chosen] = folds.recalls(weights)[chosen]
        changed = {
            field.name: getattr(weights, field.name)
            for field in fields(Weights)
            if getattr(weights, field.name) != getattr(WEIGHTS, field.name)
        }
        print(
            conversation.name, [round(100 * value, 2) for value in folds.figures(weights, chosen)], changed, flush=True
        )
    categories = np.array([question.category for conversation in conversations for question in conversation.questions])
    left_out = (recalls[categories != 5].mean(), recalls[categories == 5].mean())
    found = {
        label: [round(100 * float(value), 2) for value in pair]
        for label, pair in (("shipped", shipped), ("left out", left_out))
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
