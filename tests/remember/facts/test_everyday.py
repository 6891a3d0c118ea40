"""The profiles of five people after months of talk, as read by hand: all they state is true at the end."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from toldonce.remember.facts import Statement, begun, claims, facts_of, holds, profile_of
from toldonce.remember.verbatim import draft
from toldonce.types import Message

TALKS: dict[str, list[tuple[str, Any, str]]] = json.loads(Path(__file__).with_name("everyday.json").read_text("utf-8"))
TRUE: dict[str, dict[str, Any]] = {
    "p11": {
        "instruction": [
            "Don't ever tell me somewhere's accessible because the website says so",
            "Good thought. Make it nine instead",
        ],
        "occupation": "lawyer",
        "cat": ["Denning"],
    },
    "p13": {
        "instruction": [
            "Always with twenty-four hours, please, never this a.m. p.m., one time I lost a briefing because of this",
            "you don't call me before seventeen",
        ],
        "home": "Alvalade",
        "occupation": "purser",
        "brother": ["Caio"],
        "cat": ["Paçoca"],
    },
    "p15": {"instruction": ["You don't finish the word for me. Ever"], "sister": ["Meena"]},
    "p17": {"preferred name": "Miss Icy", "daughter": ["Yvonne"], "husband": "Winston"},  # he is dead, as she says not
    "p19": {
        "instruction": ["Don't ever give me calories or my weight"],
        "occupation": "manager",
        "allergy": ["sesame"],
        "diet": ["vegan"],
        "niece": ["Lwazi"],
    },
}


def micros(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp()) * 1_000_000


@pytest.mark.parametrize("who", TRUE)
def test_what_a_profile_states_is_true_at_the_end(who: str) -> None:
    before: list[Message] = []
    statements = []
    for number, (time, role, text) in enumerate(TALKS[who]):
        at = micros(time)
        message = Message(role, text, said_at=at)
        kept = draft(message, before)
        before.append(message)
        if role == "user" and kept is not None:
            statements.append(Statement(f"m{number}", at, at, tuple(claims(kept.text, at))))
    end = micros(TALKS[who][-1][0])
    assert profile_of(fact for fact in facts_of(statements) if holds(fact, end) and begun(fact, end)) == TRUE[who]
