"""What holds for every filter and every memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toldonce.errors import InvalidFilter, InvalidTime
from toldonce.filters import candidate_owners, matches, named_users, parse_filters, visible
from toldonce.types import MemoryRecord

from . import oracle
from .records import Directory
from .strategies import filters, garbage, memories

several = st.lists(memories(), min_size=1, max_size=4)
thorough = settings(max_examples=100, deadline=None)


@thorough
@given(filters(), several)
def test_matches_what_a_naive_reading_matches(asked: dict[str, Any], records: list[MemoryRecord]) -> None:
    tree = parse_filters(asked)
    for record in records:
        assert matches(tree, record) == oracle.holds(asked, record)


@thorough
@given(filters(), several)
def test_no_memory_of_a_user_who_is_not_named_is_visible(asked: dict[str, Any], records: list[MemoryRecord]) -> None:
    tree = parse_filters(asked)
    users = oracle.names(asked)
    assert named_users(tree) == users
    for record in records:
        assert visible(tree, record) == (not users or record.user_id is None or record.user_id in users)


@thorough
@given(several, st.sampled_from(["alice", "bob"]), filters())
def test_no_or_branch_opens_anothers_memories(records: list[MemoryRecord], user: str, branch: dict[str, Any]) -> None:
    users = {user} | oracle.names(branch)
    tree = parse_filters({"OR": [{"user_id": user}, branch]})
    shown = [record for record in records if matches(tree, record) and visible(tree, record)]
    assert all(record.user_id is None or record.user_id in users for record in shown)
    assert all(record in shown for record in records if record.user_id == user)


@pytest.mark.parametrize("few", [0, 8])
def test_every_owner_of_a_match_is_a_candidate_and_no_strangers_is(few: int) -> None:
    @thorough
    @given(filters(), several)
    def check(asked: dict[str, Any], records: list[MemoryRecord]) -> None:
        tree = parse_filters(asked)
        directory = Directory(records)
        candidates = candidate_owners(tree, directory)
        shown = [record for record in records if matches(tree, record) and visible(tree, record)]
        assert {directory.owner_of(record) for record in shown} <= candidates
        if users := named_users(tree):
            strangers = {
                owner for (kind, name), owner in directory.owners.items() if kind == "user" and name not in users
            }
            assert not candidates & strangers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toldonce.filters.scope._FEW", few)  # so that four memories are enough to be narrowed
        check()


@thorough
@given(filters(), st.sampled_from(["user_id", "agent_id", "run_id"]))
def test_an_entity_that_must_hold_spares_listing_every_owner(asked: dict[str, Any], key: str) -> None:
    directory = Directory([])
    candidate_owners(parse_filters({"AND": [{key: "*" if key == "user_id" else "x"}, asked]}), directory)
    assert "all_owners" not in directory.asked


@settings(max_examples=500, deadline=None)
@given(garbage(), st.booleans())
def test_anything_is_read_or_refused(given_filters: Any, flat_metadata: bool) -> None:
    try:
        parse_filters(given_filters, flat_metadata=flat_metadata)
    except (InvalidFilter, InvalidTime) as refused:
        str(refused).encode()


@thorough
@given(garbage(), memories())
def test_whatever_is_read_can_be_asked(given_filters: Any, record: MemoryRecord) -> None:
    try:
        tree = parse_filters({"NOT": [{"mood": given_filters}], "AND": [{"categories": given_filters}]})
    except (InvalidFilter, InvalidTime):
        return
    matches(tree, record)
    candidate_owners(tree, Directory([record]))
