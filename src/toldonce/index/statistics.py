"""Figures about all memories of an owner, whichever of them a view has rows for."""

from __future__ import annotations

from typing import Protocol


class Statistics(Protocol):
    """What BM25 and the reading of a query need of the whole corpus.

    A view over a part of an owner's memories (candidates that a database found) has the same statistics as a view over
    all of them. So a term weighs the same, and a name is known, in both.
    """

    @property
    def count(self) -> int:
        """Memories that are not deleted."""
        ...

    @property
    def units(self) -> int:
        """Units of text of these memories: a short memory is one, a long one has several."""
        ...

    @property
    def total_length(self) -> int:
        """Tokens in all units."""
        ...

    @property
    def sessions(self) -> int:
        """Session codes in use: every row's code is lower."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Names or labels of those who speak in these memories."""
        ...

    def document_frequency(self, term: int) -> int:
        """How many units hold a term."""
        ...
