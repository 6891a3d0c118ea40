"""What each spelling becomes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from toldonce.errors import InvalidFilter
from toldonce.filters import And, Condition, Filter, MetadataKey, Not, Or, Span, parse_filters
from toldonce.filters.tree import EVERYTHING, Operator, Value

from .records import micros

DAY = Span(micros("2024-07-31T00:00:00"), micros("2024-07-31T23:59:59.999999"))
ALICE = Condition("user_id", "eq", "alice")
A1 = Condition("agent_id", "eq", "a1")
R1 = Condition("run_id", "eq", "r1")


def meta(key: str, operator: Operator, value: Value | tuple[Value, ...] | None) -> Condition:
    return Condition(MetadataKey(key), operator, value)


@pytest.mark.parametrize(
    ("filters", "tree"),
    [
        (None, EVERYTHING),
        ({}, EVERYTHING),
        ({"AND": [{}]}, EVERYTHING),
        ({"metadata": {}}, EVERYTHING),
        # entity ids
        ({"user_id": "alice"}, ALICE),
        ({"user_id": " alice "}, ALICE),
        ({"user_id": 42}, Condition("user_id", "eq", "42")),
        ({"user_id": {"eq": "alice"}}, ALICE),
        ({"user_id": {"ne": "alice"}}, Condition("user_id", "ne", "alice")),
        ({"user_id": {"in": ["alice", 7]}}, Condition("user_id", "in", ("alice", "7"))),
        ({"user_id": ("alice", "bob")}, Condition("user_id", "in", ("alice", "bob"))),
        ({"user_id": {"nin": ["alice"]}}, Condition("user_id", "nin", ("alice",))),
        ({"user_id": "*"}, Condition("user_id", "exists", None)),
        ({"user_id": {"eq": "*"}}, Condition("user_id", "exists", None)),
        ({"user_id": {"ne": "*"}}, Not(Condition("user_id", "exists", None))),
        ({"userId": "alice"}, ALICE),
        ({"agentId": "a1"}, A1),
        ({"appId": "x"}, Condition("app_id", "eq", "x")),
        ({"runId": "r1"}, R1),
        ({"userId": "alice", "user_id": "bob"}, And((ALICE, Condition("user_id", "eq", "bob")))),
        # logic
        ({"user_id": "alice", "agent_id": "a1"}, And((ALICE, A1))),
        ({"AND": [{"user_id": "alice"}]}, ALICE),
        ({"AND": [{"user_id": "alice"}, {"AND": [{"agent_id": "a1"}, {"run_id": "r1"}]}]}, And((ALICE, A1, R1))),
        ({"OR": [{"user_id": "alice"}, {"agent_id": "a1", "run_id": "r1"}]}, Or((ALICE, And((A1, R1))))),
        ({"AND": [{"user_id": "alice"}], "OR": [{"agent_id": "a1"}, {"run_id": "r1"}]}, And((ALICE, Or((A1, R1))))),
        ({"NOT": {"agent_id": "a1", "run_id": "r1"}}, Not(And((A1, R1)))),
        ({"NOT": [{"agent_id": "a1"}, {"run_id": "r1"}]}, Not(Or((A1, R1)))),
        ({"NOT": [{"agent_id": "a1"}]}, Not(A1)),
        ({"NOT": {"NOT": {"user_id": "alice"}}}, Not(Not(ALICE))),
        ({"memory_ids": ["M-1", " m-2 "]}, Condition("memory_id", "in", ("m-1", "m-2"))),
        ({"memory_ids": {"in": ["m-1"]}}, Condition("memory_id", "in", ("m-1",))),
        # metadata
        ({"metadata": {"mood": "glad", "score": {"gt": 3}}}, And((meta("mood", "eq", "glad"), meta("score", "gt", 3)))),
        ({"mood": "glad"}, meta("mood", "eq", "glad")),
        ({"mood": ["glad", ""]}, meta("mood", "in", ("glad", ""))),
        ({"mood": "*"}, meta("mood", "exists", None)),
        ({"done": {"ne": True}}, meta("done", "ne", True)),
        ({"tags": {"contains": 7}}, meta("tags", "contains", 7)),
        ({"metadata": {"user_id": "alice"}}, meta("user_id", "eq", "alice")),
        ({"metadata": {"AND": "x"}}, meta("AND", "eq", "x")),
        ({"größe": {"gte": "M"}}, meta("größe", "gte", "M")),
        # fields, or metadata called like them: what must not be, must not be in both
        ({"actor_id": "Bob"}, Or((Condition("actor_id", "eq", "Bob"), meta("actor_id", "eq", "Bob")))),
        ({"role": {"nin": ["user"]}}, And((Condition("role", "nin", ("user",)), meta("role", "nin", ("user",))))),
        ({"keywords": "pool"}, Or((Condition("text", "icontains", "pool"), meta("keywords", "icontains", "pool")))),
        (
            {"text": {"ne": "*"}},
            And((Not(Condition("text", "exists", None)), Not(meta("text", "exists", None)))),
        ),
        (
            {"created_at": {"gte": "2024-07-31", "lt": 0}},
            And(
                (
                    Or((Condition("created_at", "gte", DAY), meta("created_at", "gte", "2024-07-31"))),
                    Or((Condition("created_at", "lt", Span(0, 0)), meta("created_at", "lt", 0))),
                )
            ),
        ),
        ({"timestamp": date(2024, 7, 31)}, Condition("timestamp", "eq", DAY)),
    ],
)
def test_reads(filters: dict[str, Any] | None, tree: Filter) -> None:
    assert parse_filters(filters) == tree


@pytest.mark.parametrize(
    ("filters", "tree"),
    [
        # times
        ({"created_at": "2024-07-31"}, Condition("created_at", "eq", DAY)),
        ({"updated_at": {"gte": "2024-07-31"}}, Condition("updated_at", "gte", DAY)),
        ({"timestamp": {"gt": 1.5}}, Condition("timestamp", "gt", Span(1_500_000, 1_500_000))),
        (
            {"created_at": {"gte": "2024-07-31", "lt": 0}},
            And((Condition("created_at", "gte", DAY), Condition("created_at", "lt", Span(0, 0)))),
        ),
        ({"expiration_date": {"in": ["2024-07-31"]}}, Condition("expiration_date", "in", (DAY,))),
        ({"expiration_date": "*"}, Condition("expiration_date", "exists", None)),
        # content
        ({"text": {"contains": "coffee"}}, Condition("text", "contains", "coffee")),
        ({"keywords": {"contains": "coffee"}}, Condition("text", "contains", "coffee")),
        ({"keywords": {"icontains": "*"}}, Condition("text", "icontains", "*")),
        ({"keywords_search": "Coffee"}, Condition("text", "icontains", "Coffee")),
        ({"categories": ["food", "travel"]}, Condition("categories", "in", ("food", "travel"))),
        ({"categories": {"contains": "fin"}}, Condition("categories", "contains", "fin")),
    ],
)
def test_reads_fields_where_metadata_is_not_flat(filters: dict[str, Any], tree: Filter) -> None:
    assert parse_filters(filters, flat_metadata=False) == tree


@pytest.mark.parametrize(
    "filters",
    [
        {"user_id": "alice", "metadata": {"mood": "glad"}},
        {"AND": [{"userId": "alice"}, {"NOT": {"app_id": {"in": ["spam"]}}}], "OR": [{"run_id": "*"}]},
        {"memory_ids": ["m1"], "agentId": "a1"},
    ],
)
def test_the_platforms_keys_mean_the_same_without_flat_metadata(filters: dict[str, Any]) -> None:
    assert parse_filters(filters, flat_metadata=False) == parse_filters(filters)


@pytest.mark.parametrize("key", ["mood", "role", "actor_id", "session", "and", "$or", "", "user_id "])
def test_without_flat_metadata_an_unknown_key_is_an_error(key: str) -> None:
    with pytest.raises(InvalidFilter, match=r"AND\[0\]\..*: unknown key; allowed: user_id, agent_id") as refused:
        parse_filters({"AND": [{key: "x"}]}, flat_metadata=False)
    assert "metadata" in str(refused.value)


@pytest.mark.parametrize("key", ["session_id", "sessionId"])
def test_the_platform_calls_a_run_a_session_too(key: str) -> None:
    asked: dict[str, Any] = {"AND": [{key: {"in": ["r1"]}}]}
    assert parse_filters(asked, flat_metadata=False) == parse_filters({"run_id": ["r1"]})
    assert parse_filters(asked) == parse_filters({"metadata": {key: ["r1"]}})


def test_filters_that_match_different_memories_are_different() -> None:
    number, flag, fraction = (parse_filters({"metadata": {"n": value}}) for value in (1, True, 1.0))
    several = [parse_filters({"metadata": {"n": {"in": values}}}) for values in ([1, 2], [True, 2])]
    assert len({number, flag}) == 2
    assert len(set(several)) == 2
    assert number == parse_filters({"metadata": {"n": 1}})
    assert hash(number) == hash(parse_filters({"metadata": {"n": 1}}))
    assert fraction not in (number, flag)
