"""What each condition means for a memory."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.filters import Condition, MetadataKey, matches, parse_filters
from toldonce.filters.tree import Operator

from .records import micros, record

FULL = record(
    id="0190f0aa-0000-7000-8000-00000000000a",
    text="Straße: likes strong Coffee",
    user_id="alice",
    agent_id="a1",
    run_ids=("r1", "r2"),
    actor_id="Alice B",
    expires_on="2024-07-31",
    metadata={
        "mood": "glad",
        "score": 3,
        "share": 0.5,
        "done": True,
        "nothing": None,
        "tags": ["New", 7, True, ["deep"]],
        "address": {"city": "Bonn"},
        "broken": float("nan"),
        "categories": ["Personal Finance", "food"],
    },
)
BARE = record(user_id=None, run_ids=("r9",))


def asked(filters: dict[str, Any]) -> tuple[bool, bool]:
    """Whether it holds for the full and for the bare memory."""
    tree = parse_filters(filters)
    return matches(tree, FULL), matches(tree, BARE)


@pytest.mark.parametrize(
    ("filters", "full", "bare"),
    [
        ({}, True, True),
        ({"user_id": "alice"}, True, False),
        ({"user_id": "Alice"}, False, False),
        ({"user_id": "*"}, True, False),
        ({"user_id": {"ne": "*"}}, False, True),
        ({"user_id": {"ne": "alice"}}, False, True),  # not equal, or missing
        ({"user_id": {"ne": "bob"}}, True, True),
        ({"user_id": {"in": ["alice", "bob"]}}, True, False),
        ({"user_id": {"nin": ["alice", "bob"]}}, False, True),
        ({"app_id": "*"}, False, False),
        ({"run_id": "r1"}, True, False),  # every run it was said in
        ({"run_id": "r2"}, True, False),
        ({"run_id": {"ne": "r1"}}, False, True),
        ({"run_id": ["r2", "r9"]}, True, True),
        ({"run_id": "*"}, True, True),
        # logic
        ({"user_id": "alice", "run_id": "r9"}, False, False),
        ({"OR": [{"user_id": "alice"}, {"run_id": "r9"}]}, True, True),
        ({"NOT": {"user_id": "alice", "agent_id": "a2"}}, True, True),  # the object as a whole
        ({"NOT": [{"user_id": "alice"}, {"agent_id": "a2"}]}, False, True),  # none of them
        ({"AND": [{"agent_id": "a1"}], "OR": [{"run_id": "r9"}, {"run_id": "r8"}]}, False, False),
        ({"AND": [{"agent_id": "a1"}], "OR": [{"run_id": "r9"}, {"run_id": "r2"}]}, True, False),
        # content
        ({"text": "Straße: likes strong Coffee"}, True, False),
        ({"text": {"contains": "Coffee"}}, True, False),
        ({"text": {"contains": "COFFEE"}}, False, False),
        ({"text": {"icontains": "STRASSE"}}, True, False),
        ({"keywords": {"contains": "coffee"}}, False, True),
        ({"keywords": "coffee"}, True, True),
        ({"keywords_search": {"icontains": "tea"}}, False, False),
        ({"memory_ids": ["0190F0AA-0000-7000-8000-00000000000A"]}, True, False),
        ({"memory_ids": {"nin": ["0190f0aa-0000-7000-8000-00000000000a"]}}, False, True),
        ({"categories": "food"}, True, False),
        ({"categories": {"in": ["fun", "food"]}}, True, False),
        ({"categories": {"in": ["Food"]}}, False, False),
        ({"categories": {"nin": ["food"]}}, False, True),
        ({"categories": {"contains": "FINANCE"}}, True, False),
        ({"categories": {"contains": "financial"}}, False, False),
        ({"categories": "*"}, True, False),
        ({"actor_id": "Alice B"}, True, False),
        ({"role": "user"}, True, True),
        ({"role": {"ne": "user"}}, False, False),
        # metadata
        ({"mood": "glad"}, True, False),
        ({"mood": {"ne": "glad"}}, False, True),
        ({"mood": "*"}, True, False),
        ({"nothing": "*"}, False, False),
        ({"nothing": {"ne": "x"}}, True, True),
        ({"score": 3}, True, False),
        ({"score": 3.0}, True, False),
        ({"score": "3"}, False, False),
        ({"score": {"in": ["3", 3]}}, True, False),
        ({"done": True}, True, False),
        ({"done": 1}, False, False),
        ({"done": {"nin": [1, 1.0, "true"]}}, True, True),
        ({"score": {"gt": 2, "lte": 3}}, True, False),
        ({"score": {"gte": 10**400}}, False, False),
        ({"score": {"lt": "9"}}, False, False),
        ({"mood": {"gte": "g", "lt": "h"}}, True, False),
        ({"done": {"lte": 1}}, False, False),
        ({"missing": {"lt": 5}}, False, False),
        ({"NOT": {"missing": {"lt": 5}}}, True, True),
        ({"broken": {"gte": 0}}, False, False),
        ({"broken": "*"}, True, False),
        ({"mood": {"contains": "la"}}, True, False),
        ({"score": {"contains": 3}}, False, False),
        ({"tags": "New"}, True, False),
        ({"tags": "Ne"}, False, False),
        ({"tags": {"in": [7, "x"]}}, True, False),
        ({"tags": {"ne": "New"}}, False, True),
        ({"tags": {"nin": ["x", 1]}}, True, True),
        ({"tags": {"contains": "New"}}, True, False),
        ({"tags": {"contains": "Ne"}}, False, False),
        ({"tags": {"icontains": "new"}}, True, False),
        ({"tags": {"contains": 7}}, True, False),
        ({"tags": {"contains": 1}}, False, False),  # the list holds True, not 1
        ({"mood": {"contains": 7}}, False, False),
        ({"address": {"contains": "city"}}, False, False),
        ({"address": {"gt": 1}}, False, False),
    ],
)
def test_holds(filters: dict[str, Any], full: bool, bare: bool) -> None:
    assert asked(filters) == (full, bare)


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2024-07-30T23:59:59.999999", {"lt", "lte", "ne"}),
        ("2024-07-31T00:00:00", {"gte", "lte", "eq", "in"}),
        ("2024-07-31T23:59:59.999999", {"gte", "lte", "eq", "in"}),
        ("2024-08-01T00:00:00", {"gt", "gte", "ne"}),
    ],
)
@pytest.mark.parametrize("key", ["created_at", "updated_at", "timestamp"])
def test_a_date_is_its_whole_day(key: str, moment: str, holds: set[str]) -> None:
    at = micros(moment)
    memory = record(
        created_at=at if key == "created_at" else 0,
        updated_at=at if key == "updated_at" else 0,
        said_at=at if key == "timestamp" else 0,
    )
    for operator in ("eq", "ne", "gt", "gte", "lt", "lte"):
        assert matches(parse_filters({key: {operator: "2024-07-31"}}), memory) == (operator in holds)
    assert matches(parse_filters({key: ["2024-07-31", "1999-01-01"]}), memory) == ("in" in holds)
    assert matches(parse_filters({key: {"nin": ["2024-07-31"]}}), memory) != ("in" in holds)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("2024-07-31", True),
        ({"gte": "2024-07-31"}, True),
        ({"gt": "2024-07-31"}, False),
        ({"gt": "2024-07-30"}, True),
        ({"lt": "2024-08-01"}, True),
        ({"gt": "2024-07-31T12:00:00Z"}, True),  # it holds until the day is over
        ({"lte": "2024-07-31T12:00:00Z"}, False),
    ],
)
def test_a_memory_expires_at_the_end_of_its_day(condition: object, holds: bool) -> None:
    assert matches(parse_filters({"expiration_date": condition}), FULL) == holds


def test_a_memory_that_never_expires_has_no_expiration_date() -> None:
    assert asked({"expiration_date": "*"}) == (True, False)
    assert asked({"expiration_date": {"gte": "2000-01-01"}}) == (True, False)
    assert asked({"expiration_date": {"ne": "2024-07-31"}}) == (False, True)


@pytest.mark.parametrize("operator", ["eq", "gt", "contains", "icontains", "in", "exists"])
def test_a_condition_that_makes_no_sense_does_not_raise(operator: Operator) -> None:
    for value in (None, True, (), ("x", 1)):
        for field in ("text", "created_at", "run_id"):
            matches(Condition(field, operator, value), FULL)


def test_booleans_have_no_order() -> None:
    assert not matches(Condition(MetadataKey("done"), "gte", True), FULL)
