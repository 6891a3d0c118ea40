"""Mem0's whole filter grammar as one tree: what it means, whose memories it may show and where they lie."""

from __future__ import annotations

from recollect.filters.ids import entity_id
from recollect.filters.matching import matches
from recollect.filters.parse import parse_filters
from recollect.filters.scope import (
    OwnerDirectory,
    admits_user,
    candidate_owners,
    constrains_entity,
    named_users,
    visible,
)
from recollect.filters.tree import And, Condition, Filter, MetadataKey, Not, Or, Span

__all__ = [
    "And",
    "Condition",
    "Filter",
    "MetadataKey",
    "Not",
    "Or",
    "OwnerDirectory",
    "Span",
    "admits_user",
    "candidate_owners",
    "constrains_entity",
    "entity_id",
    "matches",
    "named_users",
    "parse_filters",
    "visible",
]
