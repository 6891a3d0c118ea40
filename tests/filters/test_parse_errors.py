"""What cannot be read is refused, with its place and what is allowed there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from toldonce.errors import InvalidFilter, InvalidTime
from toldonce.filters import parse_filters
from toldonce.filters.parse import MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES

IDS = 'allowed: eq, ne, in, nin, "*"'
TIMES = "allowed: a date (2024-07-31), an ISO datetime"


@pytest.mark.parametrize(
    ("filters", "place", "remedy"),
    [
        # not a filter at all
        ([{"user_id": "alice"}], "filters", "must be an object, not a list"),
        ("user_id=alice", "filters", "must be an object, not a string"),
        (0, "filters", "must be an object"),
        ({1: "x"}, "filters", "keys must be strings, not a number"),
        ({"AND": [{None: "x"}]}, "AND[0]", "keys must be strings, not null"),
        # logic
        ({"AND": {"user_id": "alice"}}, "AND", "must be a list of filters, not an object"),
        ({"OR": "alice"}, "OR", "must be a list of filters, not a string"),
        ({"AND": []}, "AND", "must not be empty"),
        ({"OR": []}, "OR", "must not be empty"),
        ({"NOT": []}, "NOT", "must not be empty"),
        ({"NOT": {}}, "NOT", "must not be empty"),
        ({"NOT": None}, "NOT", "must be a list of filters, not null"),
        ({"OR": [{"user_id": "alice"}, {}]}, "OR[1]", "must not be empty"),
        ({"OR": [{"user_id": "alice"}, {"AND": [{}]}]}, "OR[1]", "must not be empty"),
        ({"NOT": [{"metadata": {}}]}, "NOT[0]", "must not be empty"),
        ({"AND": [{"user_id": "alice"}, None]}, "AND[1]", "must be an object, not null"),
        ({"AND": ["user_id"]}, "AND[0]", "must be an object, not a string"),
        # entity ids
        ({"user_id": None}, "user_id", "must not be null"),
        ({"user_id": ""}, "user_id", "user_id must not be empty"),
        ({"userId": ""}, "userId", "user_id must not be empty"),
        ({"user_id": []}, "user_id", "must not be an empty list"),
        ({"user_id": {}}, "user_id", f"must not be empty; {IDS}"),
        ({"user_id": True}, "user_id", "must be a string, not a boolean"),
        ({"user_id": 1.5}, "user_id", "must be a string, not a number"),
        ({"user_id": "alice\tsmith"}, "user_id", "must not contain whitespace"),
        ({"user_id": "a\0"}, "user_id", "must not contain a null byte"),
        ({"user_id": "a\ud800"}, "user_id", "must not contain a lone surrogate"),
        ({"user_id": ["alice", None]}, "user_id[1]", "must not be null"),
        ({"user_id": {"in": "alice"}}, "user_id.in", "must be a list, not a string"),
        ({"user_id": {"in": []}}, "user_id.in", "must not be an empty list"),
        ({"user_id": {"in": ["alice", "*"]}}, "user_id.in[1]", '"*" must stand alone'),
        ({"user_id": {"nin": ["*"]}}, "user_id.nin[0]", '"*" must stand alone'),
        ({"user_id": {"eq": ["alice"]}}, "user_id.eq", "must be a string, not a list"),
        ({"user_id": {"gt": "alice"}}, "user_id.gt", IDS),
        ({"user_id": {"contains": "ali"}}, "user_id.contains", IDS),
        ({"user_id": {"$ne": "alice"}}, "user_id.$ne", f"unknown operator; {IDS}"),
        ({"user_id": {"exists": None}}, "user_id.exists", f"unknown operator; {IDS}"),
        ({"user_id": {1: "alice"}}, "user_id", "keys must be strings"),
        # times
        ({"created_at": None}, "created_at", "must not be null"),
        ({"OR": [{"user_id": "a"}, {"created_at": {"gte": "soon"}}]}, "OR[1].created_at.gte", TIMES),
        ({"created_at": {">=": "2024-07-31"}}, "created_at.>=", "unknown operator; allowed: eq, ne, in, nin, gt"),
        ({"updated_at": {"contains": "2024"}}, "updated_at.contains", "contains cannot be asked here"),
        ({"timestamp": {"in": ["2024-07-31", "2024-13-01"]}}, "timestamp.in[1]", TIMES),
        ({"created_at": True}, "created_at", "must be a date"),
        # content
        ({"keywords": ["a"]}, "keywords", "in cannot be asked here; allowed: contains, icontains"),
        ({"keywords": {"eq": "a"}}, "keywords.eq", "allowed: contains, icontains"),
        ({"keywords": ""}, "keywords", "must not be empty"),
        ({"text": {"icontains": ""}}, "text.icontains", "must not be empty"),
        ({"text": 5}, "text", "must be a string, not a number"),
        ({"categories": {"gt": "a"}}, "categories.gt", "gt cannot be asked here"),
        ({"categories": {"contains": ["a"]}}, "categories.contains", "must be a string, not a list"),
        ({"memory_ids": []}, "memory_ids", "must not be an empty list"),
        ({"memory_ids": [""]}, "memory_ids[0]", "a memory id must not be empty"),
        ({"memory_ids": "*"}, "memory_ids", '"*" cannot be asked here; allowed: eq, ne, in, nin'),
        # metadata
        ({"metadata": "glad"}, "metadata", "must be an object of metadata keys and values, not a string"),
        ({"metadata": None}, "metadata", "must be an object"),
        ({"metadata": {"mood": None}}, "metadata.mood", 'NOT with "*" for none'),
        ({"metadata": {"mood": {"like": "x"}}}, "metadata.mood.like", "unknown operator; allowed: eq, ne, in, nin, gt"),
        ({"metadata": {"address": {"city": "Bonn"}}}, "metadata.address.city", "unknown operator"),
        ({"metadata": {"mood": {"eq": {"a": 1}}}}, "metadata.mood.eq", "must be a string, a number or a boolean"),
        ({"metadata": {"": 1}}, "metadata.''", "a metadata key must not be empty"),
        ({"a\0": 1}, "'a\\x00'", "a metadata key must not contain a null byte"),
        ({"a\ud800": 1}, "'a\\ud800'", "a metadata key must not contain a lone surrogate"),
        ({"score": float("nan")}, "score", "must be a finite number"),
        ({"score": {"gt": True}}, "score.gt", "booleans have no order"),
        ({"score": {"icontains": 3}}, "score.icontains", "must be a string, not a number"),
        ({"score": {"in": [1, [2]]}}, "score.in[1]", "must be a string, a number or a boolean, not a list"),
        ({"and": [{"user_id": "alice"}]}, "and[0]", "must be a string, a number or a boolean, not an object"),
    ],
)
def test_refuses(filters: Any, place: str, remedy: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse_filters(filters)
    assert str(refused.value).startswith(f"{place}: ")
    assert remedy in str(refused.value)
    str(refused.value).encode()  # can be printed and sent


def test_refuses_a_datetime_object_without_a_zone() -> None:
    with pytest.raises(InvalidTime, match=r"^AND\[0\]\.created_at\.gte: "):
        parse_filters({"AND": [{"created_at": {"gte": datetime(2024, 7, 31)}}]})


@pytest.mark.parametrize("wrap", [lambda f: {"AND": [f]}, lambda f: {"OR": [f]}, lambda f: {"NOT": f}])
def test_refuses_a_filter_that_is_too_deep(wrap: Any) -> None:
    filters: dict[str, Any] = {"user_id": "alice"}
    for _ in range(MAX_DEPTH):
        filters = wrap(filters)
    parse_filters(filters)
    for _ in range(10_000):
        filters = wrap(filters)
    with pytest.raises(InvalidFilter, match=f"at most {MAX_DEPTH} levels deep"):
        parse_filters(filters)


def test_refuses_too_many_conditions_and_values() -> None:
    conditions = [{"user_id": f"u{number}"} for number in range(MAX_CONDITIONS)]
    parse_filters({"OR": conditions})
    with pytest.raises(InvalidFilter, match=f"at most {MAX_CONDITIONS} conditions"):
        parse_filters({"OR": [*conditions, {"user_id": "one more"}]})
    half = [f"u{number}" for number in range(MAX_VALUES // 2)]
    parse_filters({"user_id": half, "agent_id": half})
    with pytest.raises(InvalidFilter, match=f"run_id: a filter may list at most {MAX_VALUES} values"):
        parse_filters({"user_id": half, "agent_id": half, "run_id": ["r"]})


def test_the_work_is_bounded_even_for_a_filter_that_repeats_itself() -> None:
    filters: dict[str, Any] = {}
    for _ in range(MAX_DEPTH):
        filters = {"AND": [filters, filters]}  # 2**32 empty filters
    with pytest.raises(InvalidFilter, match="conditions"):
        parse_filters(filters)
