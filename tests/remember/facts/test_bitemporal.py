"""As of every moment, every fact of random lives with its two times, its proofs and what took its place.

``make facts`` runs 10,000 lives (TOLDONCE_FACT_LIVES); the tests run a slice.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.remember.facts.bitemporal import Known, life, must_be_known
from toldonce import Memory
from toldonce.remember.facts import Fact, Statement, claims, facts_of
from toldonce.times import as_datetime, iso

LIVES = int(os.environ.get("TOLDONCE_FACT_LIVES", "300"))
BATCH = 100
START = 1_700_000_000_000_000


def known(facts: list[Fact]) -> list[Known]:
    by_id = {fact.id: fact for fact in facts}
    found = []
    for fact in facts:
        successor = None if fact.superseded_by is None else by_id[fact.superseded_by]
        found.append(
            Known(
                fact.attribute,
                fact.value,
                fact.valid_from,
                fact.valid_to,
                fact.recorded_at,
                fact.superseded_at,
                None if successor is None else (successor.value, successor.evidence[0]),
                fact.evidence,
            )
        )
    return found


def in_order(facts: list[Known]) -> list[Known]:
    return sorted(facts, key=repr)


@pytest.mark.parametrize("first", range(0, LIVES, BATCH))
def test_as_of_every_moment_of_a_life(first: int) -> None:
    for seed in range(first, min(first + BATCH, LIVES)):
        random = Random(seed)
        events = life(random, START, random.randrange(2, 10))
        statements = [
            Statement(event.id, event.said_at, event.recorded_at, tuple(claims(event.text, event.said_at)))
            for event in events
        ]
        random.shuffle(statements)
        for moment in (event.recorded_at for event in events):
            expected = in_order(must_be_known(events, moment))
            assert in_order(known(facts_of(statements, moment))) == expected, (seed, moment)
        assert any(event.kind == "say" for event in events) == bool(must_be_known(events, events[-1].recorded_at))


def test_the_oracle_tells_a_wrong_answer() -> None:
    events = life(Random(3), START, 8)
    statements = [
        Statement(event.id, event.said_at, event.recorded_at, tuple(claims(event.text, event.said_at)))
        for event in events
    ]
    moment = events[-1].recorded_at
    for left_out in range(len(statements)):
        fewer = [statement for place, statement in enumerate(statements) if place != left_out]
        if known(facts_of(fewer, moment)) != known(facts_of(statements, moment)):
            return
    raise AssertionError("no statement of this life matters")


def test_several_owners_of_one_store(tmp_path: Path) -> None:
    """The same through the library: told in turns, asked as of each moment at which something was learned."""
    owners = {f"user{seed}": life(Random(seed), START, 6) for seed in range(8)}
    with Memory(folder=tmp_path) as memory:
        learned: dict[str, list[tuple[str, int]]] = {owner: [] for owner in owners}
        for step in range(6):
            for owner, events in owners.items():
                event = events[step]
                text = f"{event.text} Note {step} of {owner}."  # words said again would be one memory
                told = memory.add(text, user_id=owner, timestamp=as_datetime(event.said_at), infer=False)
                learned[owner].append((told["results"][0]["id"], event.said_at))
        for owner, events in owners.items():
            _compare(memory, owner, events, [uid for uid, _ in learned[owner]])


def _compare(memory: Memory, owner: str, events: list[Any], uids: list[str]) -> None:
    """Of one owner: values, times and links at the end, and what holds as of each step."""
    by_uid = dict(zip(uids, (event.id for event in events), strict=True))
    end = max(event.recorded_at for event in events)
    expected = {
        (one.attribute, one.value, iso(one.valid_from), one.valid_to and iso(one.valid_to), one.evidence)
        for one in must_be_known(events, end)
    }
    facts = memory.facts(owner, history=True)["results"]
    assert {
        (
            fact["attribute"],
            fact["value"],
            fact["valid_from"],
            fact["valid_to"],
            tuple(by_uid[uid] for uid in fact["evidence"]),
        )
        for fact in facts
    } == expected, owner
    for step, uid in enumerate(uids):
        recorded = memory.history(uid)[0]["created_at"]
        standing = {
            (one.attribute, one.value) for one in must_be_known(events[: step + 1], end) if one.valid_to is None
        }
        at = memory.facts(owner, as_of=recorded, history=True)["results"]
        assert {(fact["attribute"], fact["value"]) for fact in at if fact["valid_to"] is None} == standing, (
            owner,
            step,
        )
