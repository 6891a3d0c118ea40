"""The view of an owner's memories that ``recall`` ranks: arrays by row, immutable, so that ranking needs no lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toldonce.index.statistics import Statistics

Scalar = TypeVar("Scalar", bound=np.generic)

K1 = 0.9
B = 0.4
"""BM25's parameters: measured against 1.2 / 0.75 and others; short turns want little normalisation of length."""


class Postings(NamedTuple):
    """Some of a term's list: units in ascending order, and how often each holds the term."""

    units: NDArray[np.int32]
    counts: NDArray[np.uint8]


class TermList(NamedTuple):
    """A term in the whole corpus, and where the view's rows hold it."""

    document_frequency: int
    """Units of the corpus that hold the term."""
    parts: Sequence[Postings]
    """Empty if none of the view's rows does. May name units of rows that are deleted."""


class Neighbours(Protocol):
    """Carries values from each row to its neighbour in the talk."""

    def __call__(self, values: NDArray[Scalar]) -> NDArray[Scalar]:
        """By row: the value of its neighbour, zero where it has none."""
        ...


class IndexView(Protocol):
    """Arrays by row, of some or all of an owner's memories. A row that is not ``alive`` is no memory any more.

    A *unit* is what BM25 scores: a short memory whole, a long one in passages. A row's units are neighbours.
    """

    @property
    def number(self) -> int:
        """No other view in this process has this number."""
        ...

    @property
    def statistics(self) -> Statistics:
        """Figures about all of the owner's memories."""
        ...

    def __len__(self) -> int:
        """Rows."""
        ...

    @property
    def ids(self) -> NDArray[np.int64]:
        """Memory ids."""
        ...

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which rows are memories."""
        ...

    @property
    def dead(self) -> NDArray[np.intp]:
        """Rows that are not."""
        ...

    @property
    def pending(self) -> NDArray[np.intp]:
        """Rows without a vector."""
        ...

    @property
    def session(self) -> NDArray[np.int32]:
        """Code of the row's session, below ``statistics.sessions``."""
        ...

    @property
    def speakers(self) -> tuple[str | None, ...]:
        """Who speaks, by code."""
        ...

    @property
    def speaker(self) -> NDArray[np.int32]:
        """Code of who said the row."""
        ...

    @property
    def said_at(self) -> NDArray[np.int64]:
        """Microseconds since 1970."""
        ...

    @property
    def questions(self) -> NDArray[np.bool_]:
        """Something is asked in the row."""
        ...

    @property
    def stated(self) -> NDArray[np.uint64]:
        """By row: a bit for each of ``lexicon.people.ONE_AT_A_TIME`` that it states something about."""
        ...

    @property
    def kinds(self) -> NDArray[np.uint8]:
        """By row: a bit for each ``text.kinds.Kind`` of thing that it holds."""
        ...

    @property
    def question_rows(self) -> NDArray[np.intp]:
        """The same as row numbers."""
        ...

    @property
    def question_units(self) -> NDArray[np.intp]:
        """By question row: its first unit."""
        ...

    @property
    def question_share(self) -> NDArray[np.float32]:
        """By question row: twice what one word is of what was said, names left out."""
        ...

    @property
    def asks_another(self) -> NDArray[np.intp]:
        """Rows that ask somebody else and tell nothing."""
        ...

    @property
    def changes(self) -> NDArray[np.intp]:
        """Rows that say that something changed, or answer a question that does."""
        ...

    @property
    def remarks(self) -> NDArray[np.intp]:
        """Rows that an assistant without a name says right after a statement."""
        ...

    @property
    def answers(self) -> NDArray[np.intp]:
        """Rows said right after a question."""
        ...

    @property
    def answered(self) -> NDArray[np.intp]:
        """The questions before ``answers``."""
        ...

    @property
    def by_assistant(self) -> NDArray[np.bool_]:
        """Said by an assistant."""
        ...

    @property
    def by_unnamed_assistant(self) -> NDArray[np.bool_]:
        """Said by an assistant without a name of its own."""
        ...

    @property
    def long_replies(self) -> NDArray[np.intp]:
        """Rows of several units said by an assistant without a name."""
        ...

    @property
    def long(self) -> NDArray[np.intp]:
        """Rows too long to tell what their neighbours are about."""
        ...

    @property
    def sketch(self) -> NDArray[np.uint64]:
        """A bit for each content word: sets that differ by n words have sketches that differ by at most n bits."""
        ...

    @property
    def whole(self) -> bool:
        """Whether every row is one unit."""
        ...

    @property
    def first_unit(self) -> NDArray[np.int32]:
        """By row: its first unit."""
        ...

    @property
    def passages(self) -> NDArray[np.intp]:
        """By row: how many units it has."""
        ...

    @property
    def length_norm(self) -> NDArray[np.float32]:
        """By unit: BM25's k1 * (1 - b + b * length / mean length)."""
        ...

    @property
    def previous(self) -> NDArray[np.int32]:
        """By row: the row said right before it in the session, or -1."""
        ...

    @property
    def typical_similarity(self) -> float:
        """The median similarity of the owner's memories among each other; 0 for fewer than two."""
        ...

    @property
    def embedded(self) -> NDArray[np.bool_]:
        """Which rows have a vector."""
        ...

    def likeness(self, some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float32]:
        """Dot products of the vectors of some rows with those of others, each of which has one: (some, others)."""
        ...

    @property
    def from_previous(self) -> Neighbours:
        """Carries values to each row from the one said right before it in the session."""
        ...

    @property
    def from_following(self) -> Neighbours:
        """Carries values to each row from the one said right after it in the session."""
        ...

    @property
    def name_ids(self) -> frozenset[int]:
        """Ids of the words in the names of those who talk."""
        ...

    def term_lists(self, terms: NDArray[np.uint32]) -> list[TermList]:
        """Where each term is."""
        ...

    def mask(self, memory_ids: ArrayLike) -> NDArray[np.bool_]:
        """The rows of these memories; ids that are not here are passed over."""
        ...

    def said(self, row: int) -> list[int]:
        """The tokens of what was said, in order."""
        ...

    def replies(self, row: int) -> bool:
        """Whether a question stands in it before its answer."""
        ...

    def content(self, row: int) -> frozenset[int]:
        """The same tokens, each once, without stop words."""
        ...

    @property
    def by_token(self) -> NDArray[np.bool_]:
        """By row: its tokens have vectors (see ``embedders.tokens``)."""
        ...

    def token_similarities(self, rows: NDArray[np.intp], tokens: NDArray[np.int8]) -> NDArray[np.float32]:
        """(tokens, rows): the dot product of each token with the nearest of each row's; all of them ``by_token``."""
        ...

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Dot product of every row's vector with this one, zero where a row has none; float32 (rows,)."""
        ...
