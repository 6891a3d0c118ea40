"""Users never mix."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.filters import (
    admits_user,
    candidate_owners,
    constrains_entity,
    matches,
    named_users,
    parse_filters,
    visible,
)
from toldonce.types import MemoryRecord

from .records import Directory, record

ALICE_A1 = record(user_id="alice", agent_id="a1", run_ids=("r1",))
ALICE = record(user_id="alice")
BOB_A1 = record(user_id="bob", agent_id="a1", run_ids=("r1",))
A1 = record(user_id=None, agent_id="a1")
R2 = record(user_id=None, run_ids=("r2",))
EVERYONE = (ALICE_A1, ALICE, BOB_A1, A1, R2)

OF_USERS, NO_USER, ALL = "owners_of_users", "owners_without_user", "all_owners"
WITH_AGENT, WITH_RUN = "owners_with agent", "owners_with run"


@pytest.mark.parametrize(
    ("filters", "users"),
    [
        ({}, set()),
        ({"user_id": "alice"}, {"alice"}),
        ({"user_id": {"eq": "alice"}}, {"alice"}),
        ({"user_id": ["alice", "bob"]}, {"alice", "bob"}),
        ({"user_id": "*"}, set()),
        ({"user_id": {"ne": "alice"}}, set()),
        ({"user_id": {"nin": ["alice"]}}, set()),
        ({"NOT": {"user_id": "alice"}}, set()),
        ({"NOT": [{"user_id": "alice"}]}, set()),
        ({"NOT": {"user_id": {"ne": "alice"}}}, set()),
        ({"NOT": {"NOT": {"user_id": "alice"}}}, {"alice"}),
        ({"NOT": {"AND": [{"NOT": [{"OR": [{"user_id": "alice"}]}]}]}}, {"alice"}),
        ({"OR": [{"user_id": "alice"}, {"agent_id": "a1"}]}, {"alice"}),
        ({"OR": [{"user_id": "alice"}, {"user_id": "*"}]}, {"alice"}),
        ({"AND": [{"user_id": "alice"}, {"NOT": {"user_id": "bob"}}]}, {"alice"}),
        ({"agent_id": "alice", "metadata": {"user_id": "bob"}}, set()),
    ],
)
def test_names(filters: dict[str, Any], users: set[str]) -> None:
    assert named_users(parse_filters(filters)) == users


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"OR": [{"user_id": "alice"}, {"agent_id": "a1"}]}, (ALICE_A1, ALICE, A1)),
        ({"OR": [{"user_id": "alice"}, {"agent_id": "a1"}, {"run_id": "r1"}]}, (ALICE_A1, ALICE, A1)),
        ({"OR": [{"user_id": "alice"}, {"user_id": "*"}]}, (ALICE_A1, ALICE)),
        ({"OR": [{"user_id": "alice"}, {"user_id": {"ne": "alice"}}]}, (ALICE_A1, ALICE, A1, R2)),
        ({"OR": [{"user_id": "alice"}, {"NOT": {"user_id": "carol"}}]}, (ALICE_A1, ALICE, A1, R2)),
        ({"user_id": "alice", "agent_id": "a1"}, (ALICE_A1,)),
        ({"agent_id": "a1"}, (ALICE_A1, BOB_A1, A1)),  # names nobody
        ({"user_id": {"ne": "alice"}}, (BOB_A1, A1, R2)),
        ({"user_id": "carol", "NOT": {"user_id": "bob"}}, ()),
    ],
)
def test_shows(filters: dict[str, Any], shown: tuple[MemoryRecord, ...]) -> None:
    tree = parse_filters(filters)
    assert tuple(one for one in EVERYONE if visible(tree, one) and matches(tree, one)) == shown


def test_admits_named_users_and_nobody() -> None:
    tree = parse_filters({"OR": [{"user_id": "alice"}, {"agent_id": "a1"}]})
    assert admits_user(tree, "alice")
    assert admits_user(tree, None)
    assert not admits_user(tree, "bob")
    assert admits_user(parse_filters({"agent_id": "a1"}), "bob")


@pytest.mark.parametrize(
    ("filters", "constrained"),
    [
        ({}, False),
        ({"user_id": "alice"}, True),
        ({"run_id": ["r1"]}, True),
        ({"app_id": "*"}, True),
        ({"OR": [{"text": "x"}, {"agent_id": "a1"}]}, True),
        ({"user_id": {"ne": "alice"}}, False),
        ({"user_id": {"nin": ["alice"]}}, False),
        ({"user_id": {"ne": "*"}}, False),
        ({"NOT": {"user_id": "alice"}}, False),
        ({"created_at": {"gte": "2024-07-31"}, "mood": "glad"}, False),
    ],
)
def test_tells_whether_an_entity_is_constrained(filters: dict[str, Any], constrained: bool) -> None:
    assert constrains_entity(parse_filters(filters)) == constrained


@pytest.mark.parametrize(
    ("filters", "owners", "asked"),
    [
        ({"user_id": "alice"}, [ALICE], [OF_USERS]),
        ({"user_id": "carol"}, [], [OF_USERS]),
        # an agent may be in every owner: it is not listed to find alice's one among them
        ({"agent_id": "a1", "user_id": "alice"}, [ALICE], [OF_USERS]),
        (
            {"OR": [{"user_id": "alice"}, {"agent_id": "a1"}]},
            [ALICE, A1, R2],
            [OF_USERS, NO_USER],
        ),
        ({"agent_id": "a1"}, [ALICE, BOB_A1, A1], [WITH_AGENT]),
        ({"agent_id": "a1", "run_id": "r1"}, [ALICE, BOB_A1], [WITH_AGENT, WITH_RUN]),
        ({"agent_id": "a1", "text": "x", "NOT": {"run_id": "r1"}}, [ALICE, BOB_A1, A1], [WITH_AGENT]),
        (
            {"OR": [{"agent_id": "a1"}, {"run_id": "r2"}]},
            [ALICE, BOB_A1, A1, R2],
            [WITH_AGENT, WITH_RUN],
        ),
        ({"user_id": "*"}, [ALICE, BOB_A1], ["owners_with user"]),
        ({"OR": [{"agent_id": "a1"}, {"text": "x"}]}, [ALICE, BOB_A1, A1, R2], [WITH_AGENT, ALL]),
        ({"user_id": {"ne": "alice"}}, [ALICE, BOB_A1, A1, R2], [ALL]),
        ({}, [ALICE, BOB_A1, A1, R2], [ALL]),
    ],
)
def test_finds_the_owners_and_asks_no_more_than_it_needs(
    filters: dict[str, Any], owners: list[MemoryRecord], asked: list[str]
) -> None:
    directory = Directory(EVERYONE)
    assert candidate_owners(parse_filters(filters), directory) == {directory.owner_of(memory) for memory in owners}
    assert directory.asked == asked


def test_narrows_many_named_users_by_what_else_is_asked() -> None:
    users = [f"u{number}" for number in range(20)]
    memories = [record(user_id=user, agent_id="rare" if user == "u7" else "a1") for user in users]
    directory = Directory([*memories, A1, BOB_A1])
    tree = parse_filters({"user_id": users, "agent_id": "rare"})
    assert candidate_owners(tree, directory) == {directory.owner_of(memories[7])}
