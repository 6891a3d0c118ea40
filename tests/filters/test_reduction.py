"""A filter held against one owner's memories."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.filters import parse_filters
from toldonce.filters.reduction import NOTHING, for_owner
from toldonce.filters.tree import EVERYTHING, Filter


def left(filters: dict[str, Any], kind: Any = "user", entity_id: str = "ann") -> Filter:
    return for_owner(parse_filters(filters), kind, entity_id)


@pytest.mark.parametrize(
    "filters",
    [
        {"user_id": "ann"},
        {"user_id": {"in": ["bob", "ann"]}},
        {"OR": [{"user_id": "ann"}, {"agent_id": "a1"}]},
        {"user_id": "*", "NOT": [{"user_id": "bob"}]},
    ],
)
def test_what_the_owner_decides_is_decided(filters: dict[str, Any]) -> None:
    assert left(filters) == EVERYTHING


@pytest.mark.parametrize(
    "filters", [{"user_id": "bob"}, {"user_id": "bob", "kind": "tea"}, {"NOT": {"user_id": "ann"}}]
)
def test_owners_a_filter_excludes_are_nothing(filters: dict[str, Any]) -> None:
    assert left(filters) == NOTHING


def test_what_memories_differ_in_is_left() -> None:
    assert left({"user_id": "ann", "run_id": "r1"}) == parse_filters({"run_id": "r1"})
    assert left({"user_id": "ann", "NOT": {"kind": "tea"}}) == parse_filters({"NOT": {"kind": "tea"}})
    assert left({"OR": [{"user_id": "bob"}, {"agent_id": "a1"}]}) == parse_filters({"agent_id": "a1"})


def test_an_agents_own_memories_have_no_user() -> None:
    assert left({"agent_id": "a1", "NOT": {"user_id": "*"}}, "agent", "a1") == EVERYTHING
    assert left({"user_id": "*"}, "agent", "a1") == NOTHING
    assert left({"user_id": "ann"}, "run", "r1") == NOTHING
