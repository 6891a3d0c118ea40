"""What is shown once: near-duplicates, and an assistant's echo of what is shown anyway."""

from __future__ import annotations

from collections.abc import Sequence

from recollect.index.view import IndexView

SAME = 0.8
"""Jaccard similarity of their words from which two memories say the same."""
DIFFERENT = 3
"""Words by which they may differ at most: in a long text a fifth is a paragraph of its own."""
AHEAD = 32
"""How far down the ranking a person's own statement takes the place of the assistant's echo of it."""


def distinct(view: IndexView, ranked: list[int], asked: frozenset[int], limit: int) -> list[int]:
    """The first ``limit`` of ``ranked`` rows (best first) that do not merely repeat. ``asked``: the query's terms.

    People repeat themselves and both stay unless the words are the same; an assistant that restates what it was told
    makes way for the one who said it.
    """
    said_by_assistant = view.by_unnamed_assistant[ranked].tolist()
    assistants = {row for row, by_assistant in zip(ranked, said_by_assistant, strict=True) if by_assistant}
    own = _own_statements(view, ranked[:AHEAD], assistants) if assistants else []
    chosen: list[int] = []
    echoes: list[frozenset[int]] = []
    sketches = view.sketch[ranked].tolist()
    shown: list[tuple[int, int]] = []
    for row, sketch in zip(ranked, sketches, strict=True):
        if len(chosen) == limit:
            break
        if row in assistants:
            content = view.content(row)
            if any(content - asked <= other for other in (*own, *echoes)):
                continue
            echoes.append(content)
        if any(
            # Most pairs part here; only what may be the same is compared word by word.
            (sketch ^ other).bit_count() <= DIFFERENT and _same(view.content(row), view.content(at))
            for at, other in shown
        ):
            continue
        chosen.append(row)
        shown.append((row, sketch))
    return chosen


def _own_statements(view: IndexView, rows: Sequence[int], assistants: set[int]) -> list[frozenset[int]]:
    """What people stated, of these rows."""
    return [view.content(row) for row in rows if row not in assistants and not view.questions[row]]


def _same(one: frozenset[int], other: frozenset[int]) -> bool:
    if one == other:
        return True
    if abs(len(one) - len(other)) > DIFFERENT:
        return False
    different = len(one ^ other)
    return different <= DIFFERENT and different <= (1 - SAME) * len(one | other)
