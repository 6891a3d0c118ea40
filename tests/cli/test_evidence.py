from __future__ import annotations

from toldonce.cli.evidence import Figure, figures, recalled_fraction
from toldonce.cli.transcript import Question


def question(category: int | None) -> Question:
    return Question("?", None, ("D1:1",), category)


def test_a_turn_counts_once_however_many_memories_came_from_it() -> None:
    found = [frozenset({"a", "b"}), frozenset({"a"}), frozenset[str]()]

    assert recalled_fraction(["a", "b"], found) == 1.0
    assert recalled_fraction(["a", "c"], found) == 0.5
    assert recalled_fraction(["c"], []) == 0.0


def test_category_five_stays_out_of_the_overall_figure() -> None:
    of = [(question(1), 0.5), (question(4), 1.0), (question(4), 0.0), (question(5), 0.0)]

    assert figures(of) == [
        Figure("categories 1-4", 3, 0.5),
        Figure("1 multi-hop", 1, 0.5),
        Figure("4 single-hop", 2, 0.5),
        Figure("5 adversarial", 1, 0.0),
    ]


def test_questions_without_categories_have_one_figure() -> None:
    assert figures([(question(None), 1.0), (question(None), 0.5)]) == [Figure("all questions", 2, 0.75)]
    assert figures([]) == []
