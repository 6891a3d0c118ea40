"""What the index in RAM keeps of an owner's memories, with their vectors side by side."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toldonce.stores.sql.columns import WRONG, data, moment, number, number_or_none, text_or_none
from toldonce.stores.sql.database import Rows
from toldonce.stores.sql.rows import role
from toldonce.types import TOKEN_DIMENSIONS, IndexRow

_LOG = logging.getLogger(__name__)

_BLOCK = 1024
"""Vectors read into one piece of memory."""

_APART = 2.0
"""Vectors have one length, but for rounding. One that is so many times as long as the median was not written so."""


def index_rows(rows: Rows, sql: str, values: tuple[Any, ...]) -> tuple[list[IndexRow], list[int]]:
    """The rows of a statement, and the ids of those that are of deleted memories.

    A memory that is damaged is left out. One whose vector is damaged is compared by its words.
    """
    vectors = Vectors()
    found: list[IndexRow] = []
    deleted: list[int] = []

    def read(row: tuple[Any, ...]) -> None:
        memory_id, deleted_at, ids, embedding, previous_id, session_id, said_by, actor_id, said_at, small = row
        if deleted_at is not None:
            deleted.append(memory_id)
            return
        text_or_none(actor_id)
        tokens = np.frombuffer(b"" if ids is None else data(ids), np.uint32)
        links = number_or_none(previous_id), number(session_id)
        at = moment(said_at)
        vector = None if embedding is None else vectors.keep(embedding, len(found), memory_id)
        by_token = None if small is None else _by_token(small, memory_id)
        found.append(IndexRow(memory_id, tokens, vector, *links, role(said_by), actor_id, at, by_token))

    for _ in rows.read(sql, values, read):
        pass
    for place in vectors.damaged():
        found[place] = found[place]._replace(vector=None, token_vectors=None)
        _told(found[place].memory_id)
    return found, deleted


class Vectors:
    """Vectors side by side, in memory that goes back to the system: one by one they leave holes in the heap."""

    def __init__(self) -> None:
        self._blocks: list[tuple[NDArray[np.float32], list[int]]] = []
        """Each with the places of the rows its vectors belong to."""

    def keep(self, embedding: Any, place: int, memory_id: int) -> NDArray[np.float32] | None:
        """The vector of a row; None if these are no numbers, or more or fewer than before."""
        try:
            vector = np.frombuffer(data(embedding), np.float32)
            dimensions = self._blocks[0][0].shape[1] if self._blocks else len(vector)
            if len(vector) != dimensions or not dimensions:
                raise ValueError("of another length")
        except WRONG:
            _told(memory_id)
            return None
        if not self._blocks or len(self._blocks[-1][1]) == _BLOCK:
            pages = mmap.mmap(-1, _BLOCK * vector.nbytes)
            self._blocks.append((np.frombuffer(pages, np.float32).reshape(_BLOCK, -1), []))
        block, places = self._blocks[-1]
        row: NDArray[np.float32] = block[len(places)]
        row[:] = vector
        places.append(place)
        return row

    def damaged(self) -> Iterator[int]:
        """Places of rows whose vectors cannot have been written so."""
        for block, places in self._blocks:
            kept = block[: len(places)]
            with np.errstate(all="ignore"):
                squares = np.einsum("ij,ij->i", kept, kept)
                usual = np.median(squares[np.isfinite(squares)]) if np.isfinite(squares).any() else 0.0
                right = (squares <= usual * _APART**2) & (squares * _APART**2 >= usual)
            yield from (places[row] for row in np.flatnonzero(~right).tolist())


def _by_token(small: Any, memory_id: int) -> NDArray[np.int8] | None:
    """Vectors of tokens; None if they cannot have been written so."""
    try:
        return np.frombuffer(data(small), np.int8).reshape(-1, TOKEN_DIMENSIONS)
    except WRONG:
        _told(memory_id)
        return None


def _told(memory_id: int) -> None:
    _LOG.error("The vector of memory %s is damaged. Set it aside with: toldonce doctor PATH", memory_id)
