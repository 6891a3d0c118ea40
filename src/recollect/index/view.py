"""One owner's index as it stood at one moment: immutable, so that ranking needs no lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.index.postings import Segment


@dataclass(frozen=True, slots=True, eq=False)
class IndexView:
    """Arrays by row. Rows are in order of arrival, not of id; a rewritten memory leaves a dead row behind."""

    ids: NDArray[np.int64]
    """Memory ids."""
    alive: NDArray[np.bool_]
    all_alive: bool
    embedded: NDArray[np.bool_]
    """Whether the row has its vector yet."""
    all_embedded: bool
    previous: NDArray[np.int32]
    """Row of the memory said right before in the same session, or -1."""
    following: NDArray[np.int32]
    """Row of the memory said right after, or -1."""
    not_after_row_before: NDArray[np.intp]
    """Rows whose ``previous`` is not simply the row before: few, so that neighbours' values are moved as one block."""
    not_before_row_after: NDArray[np.intp]
    """Rows whose ``following`` is not simply the next row."""
    session: NDArray[np.int32]
    """Dense code of its session."""
    speaker: NDArray[np.int32]
    """Index into ``speakers``."""
    by_assistant: NDArray[np.bool_]
    questions: NDArray[np.bool_]
    """Something is asked in it."""
    asked_of_you: NDArray[np.bool_]
    """And nothing is said of the one who asks."""
    said_at: NDArray[np.int64]
    """Microseconds since 1970."""

    speakers: tuple[str | None, ...]
    sessions: int
    """How many session codes there are."""

    vectors: tuple[NDArray[np.float32], ...]
    """Blocks of rows; may reach beyond the last row, empty while nothing is embedded."""

    segments: tuple[Segment, ...]
    first_unit: NDArray[np.int32]
    """By row: its first unit. A row's units are neighbours."""
    unit_length: NDArray[np.int32]
    """By unit: tokens."""
    dead_lists: Mapping[int, int]
    """Term -> how many entries of its list belong to dead rows."""
    live_units: int
    live_length: int
    """Tokens in all units of live rows."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def count(self) -> int:
        """Memories, without dead rows."""
        return int(np.count_nonzero(self.alive))

    @property
    def names(self) -> tuple[str, ...]:
        """Speakers known by a name or label."""
        return tuple(speaker for speaker in self.speakers if speaker is not None)

    def mask(self, memory_ids: Iterable[int]) -> NDArray[np.bool_]:
        """The rows of these memories, as ``rank`` takes them; ids that are not here are passed over."""
        wanted = np.fromiter(memory_ids, np.int64)
        return np.isin(self.ids, wanted) & self.alive

    def document_frequency(self, term: int) -> int:
        """How many live units hold a term."""
        held = -self.dead_lists.get(term, 0)
        for segment in self.segments:
            at = int(np.searchsorted(segment.terms, np.uint32(term)))
            if at < len(segment.terms) and segment.terms[at] == term:
                held += int(segment.starts[at + 1] - segment.starts[at])
        return held

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Dot product of every row's vector with this one, zero where there is none; float32 (rows,)."""
        out = np.zeros(len(self), np.float32)
        start = 0
        for block in self.vectors:
            rows = min(len(block), len(self) - start)
            if rows <= 0:
                break
            np.dot(block[:rows], vector, out=out[start : start + rows])
            start += rows
        if not self.all_embedded:
            out[~self.embedded] = 0.0
        return out
