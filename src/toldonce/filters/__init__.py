"""Mem0's whole filter grammar as one tree: what it means, whose memories it may show and where they lie."""

from __future__ import annotations

from toldonce.filters.ids import entity_id
from toldonce.filters.matching import matches
from toldonce.filters.parse import parse_filters
from toldonce.filters.scope import (
    OwnerDirectory,
    admits_user,
    candidate_owners,
    constrains_entity,
    named_users,
    visible,
)
from toldonce.filters.tree import And, Condition, Filter, MetadataKey, Not, Or, Span

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
