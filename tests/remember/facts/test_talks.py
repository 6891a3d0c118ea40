"""What the rules find in twenty talks in five languages, against what a careful person would note."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.remember.facts.talks import TALKS, Talk
from toldonce.remember.facts import Statement, claims, facts_of
from toldonce.remember.verbatim import draft
from toldonce.types import Message

AT = int(datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp()) * 1_000_000
PRECISION = 0.95
RECALL = 0.8
"""Below what is measured, so that a rule that is lost is noticed."""


def noted(talk: Talk) -> set[tuple[str, str]]:
    """The facts that hold after a talk."""
    before: list[Message] = []
    statements = []
    for number, (role, text) in enumerate(talk.said):
        message = Message(role, text, said_at=AT + number)
        kept = draft(message, before)
        before.append(message)
        if role == "user" and kept is not None:
            at = AT + number
            statements.append(Statement(f"m{number}", at, at, tuple(claims(kept.text, at))))
    return {(fact.attribute, fact.value) for fact in facts_of(statements) if fact.valid_to is None}


def test_twenty_talks_are_read_with_precision(record_property: Callable[[str, object], None]) -> None:
    assert len(TALKS) == 20
    right = wrong = missed = 0
    for talk in TALKS:
        found = noted(talk)
        right += len(found & talk.facts)
        wrong += len(found - talk.facts)
        missed += len(talk.facts - found)
        for what, facts in (("WRONG", found - talk.facts), ("missed", talk.facts - found)):
            for fact in sorted(facts):
                print(what, talk.language, fact)
    precision, recall = right / (right + wrong), right / (right + missed)
    print(f"precision {precision:.3f}, recall {recall:.3f} of {right + missed} facts in {len(TALKS)} talks")
    record_property("recall", recall)
    assert precision >= PRECISION
    assert recall >= RECALL
