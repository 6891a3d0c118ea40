"""From a ranking to what is shown: the records, and no more of them than fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toldonce.priority import giving_way
from toldonce.recall.passages import passage_for
from toldonce.recall.scoring import Scored
from toldonce.types import MemoryRecord

CHARACTERS_A_TOKEN = 4
"""The usual estimate for English text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A recalled memory, and why."""

    scored: Scored
    record: MemoryRecord
    passage: str | None
    """The part of a long memory that the query is about."""

    @property
    def tokens(self) -> int:
        """What it takes of a budget: its passage, or all of it."""
        return -(-len(self.passage or self.record.text) // CHARACTERS_A_TOKEN)


def hits(ranked: Sequence[Scored], records: Mapping[int, MemoryRecord], query: str) -> list[Hit]:
    """The ranking with its records; memories that were deleted meanwhile are passed over."""
    return [
        Hit(scored, record, passage_for(record.text, query))
        for scored in giving_way(ranked)
        if (record := records.get(scored.memory_id)) is not None
    ]


def fitting(found: Sequence[Hit], token_budget: int) -> Iterator[Hit]:
    """The best that fit into so many tokens, best first: what is too long makes way for the next that is not."""
    left = token_budget
    for hit in found:
        if hit.tokens <= left:
            left -= hit.tokens
            yield hit
