"""Ids that keep rows together: those of one owner, and messages of one conversation, share their upper bits."""

from __future__ import annotations

SEQUENCE_BITS = 24
SEQUENCES = 1 << SEQUENCE_BITS
"""Memories and versions of one owner, or messages of one conversation."""
MOST_OWNERS = 1 << (63 - SEQUENCE_BITS)
"""And conversations: what an id has room for."""


def first_id(high: int) -> int:
    """The lowest id under an owner or conversation."""
    return high << SEQUENCE_BITS


def last_id(high: int) -> int:
    """The highest."""
    return (high << SEQUENCE_BITS) | ((1 << SEQUENCE_BITS) - 1)
