"""What is shown once: near-duplicates, and an assistant's echo of what is shown anyway."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.priority import give_way
from toldonce.text.lexicon.english import FILLERS, TELLING
from toldonce.text.tokens import STOP_IDS, stem, token_id

SAME = 0.8
"""Jaccard similarity of their words from which two memories say the same."""
DIFFERENT = 3
"""Words by which they may differ at most: in a long text a fifth is a paragraph of its own."""
_LEFT_OUT = frozenset(token_id(stem(word)) for word in FILLERS) | (
    frozenset(STOP_IDS.tolist()) - {token_id(stem(word)) for word in TELLING} - {token_id(word) for word in TELLING}
)
"""Words that come and go when something is said again; stop words like "not" and "before" are none of them, nor is
what says how sure somebody is, or who it was that said it."""
AHEAD = 32
"""How far down the ranking a person's own statement takes the place of the assistant's echo of it."""


def distinct(view: IndexView, ranked: NDArray[np.intp], asked: frozenset[int], limit: int) -> list[tuple[int, int]]:
    """The first ``limit`` of ``ranked`` rows (best first) that do not merely repeat, each with the row whose place it
    has. ``asked``: the query's terms.

    People repeat themselves and both stay unless the words are the same; an assistant that restates what it was told
    makes way for the statement, which takes its place. What stands again at the beginning of an answer ("The knee
    hurts. Which one? — The left.") is shown with the answer, where the better of them ranks.
    """
    own: list[tuple[int, frozenset[int]]] | None = None
    chosen: list[tuple[int, int]] = []
    sketches: list[int] = []
    echoes: list[frozenset[int]] = []
    for start in range(0, len(ranked), AHEAD):
        rows = ranked[start : start + AHEAD]
        before = np.array(sketches, np.uint64)
        for place, by_assistant in zip(rows.tolist(), view.by_unnamed_assistant[rows].tolist(), strict=True):
            give_way()
            if len(chosen) == limit:
                return chosen
            row = place
            if by_assistant:
                own = _own_statements(view, ranked[:AHEAD]) if own is None else own
                content = view.content(place) - asked
                said = next((row for row, other in own if content <= other), None)
                if (said is None and any(content <= other for other in echoes)) or (said is not None and not content):
                    continue
                echoes.append(view.content(place))
                row = place if said is None else said
            # Most pairs part here; only what may be the same is compared word by word.
            sketch = int(view.sketch[row])
            alike = _alike(sketch, before) if len(before) else []
            alike += [n for n in range(len(before), len(chosen)) if (sketch ^ sketches[n]).bit_count() <= DIFFERENT]
            if any(_same(view.said(row), view.said(chosen[n][0])) for n in alike):
                continue
            longer = _in_answer(view, row, sketch, chosen, sketches)
            if longer is None:
                chosen.append((row, place))
                sketches.append(sketch)
            else:
                chosen[longer] = (max(row, chosen[longer][0], key=lambda one: len(view.said(one))), chosen[longer][1])
    return chosen


def _in_answer(view: IndexView, row: int, sketch: int, chosen: list[tuple[int, int]], before: list[int]) -> int | None:
    """Which of ``chosen`` begins with all that a row says, before its answer, or is what the row begins with."""
    said: list[int] | None = None
    for number, other in enumerate(before):
        if sketch & ~other and other & ~sketch:  # neither holds all words of the other
            continue
        said = view.said(row) if said is None else said
        chosen_said = view.said(chosen[number][0])
        longer, beginning = (row, chosen_said) if len(said) > len(chosen_said) else (chosen[number][0], said)
        if view.replies(longer) and view.said(longer)[: len(beginning)] == beginning:
            return number
    return None


def _alike(sketch: int, others: NDArray[np.uint64]) -> list[int]:
    """Which of the others differ by ``DIFFERENT`` bits at most: a thousand at once, as each has a thousand others."""
    parted = others ^ np.uint64(sketch)
    for _ in range(DIFFERENT):
        parted &= parted - np.uint64(1)  # takes the lowest bit away; 0 stays 0
    found: list[int] = np.flatnonzero(parted == 0).tolist()
    return found


def _own_statements(view: IndexView, rows: NDArray[np.intp]) -> list[tuple[int, frozenset[int]]]:
    """What people stated, of these rows."""
    own = ~view.by_unnamed_assistant[rows] & ~view.questions[rows]
    return [(row, view.content(row)) for row in rows[own].tolist()]


def _same(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one of two memories says all that the other says, in the same order, and little more.

    A word in the place of another is another fact: "the rent is 950" is not "the rent is 900", nor is "Ana owes Bo"
    "Bo owes Ana".
    """
    shorter, longer = sorted(([word for word in said if word not in _LEFT_OUT] for said in (one, other)), key=len)
    if not shorter:
        return list(one) == list(other)
    words, others = frozenset(shorter), frozenset(longer)
    different = len(others - words)
    if not words <= others or different > DIFFERENT or different > (1 - SAME) * len(others):
        return False
    return shorter == [word for word in longer if word in words]
