"""One owner's index as it stood at one moment: all of its memories, and so its own corpus statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numkong
import numpy as np
from numpy.typing import ArrayLike, NDArray

from toldonce.index.protocol import K1, B, Postings, TermList
from toldonce.index.ram.columns import TokenVectors
from toldonce.index.ram.postings import Segment
from toldonce.index.statistics import Statistics
from toldonce.text.kinds import Kind
from toldonce.text.names import is_personal
from toldonce.text.tokens import REPLY, STOP_IDS, TEXT_END, stem_id, token_id, words

_END = token_id(TEXT_END)
_REPLY = token_id(REPLY)
_STOPS = frozenset(STOP_IDS.tolist())

LONG = 45
"""Tokens without stop words: some 80 words of English. A message half as long again as what ``text.keys`` still lets
into the next one's key."""

SAMPLE = 64
"""Memories whose similarity among each other stands for that of all."""

Scalar = TypeVar("Scalar", bound=np.generic)


class Moves:
    """Carries values between neighbours: as one block, since most rows' neighbour lies beside them, then the others."""

    def __init__(self, neighbours: NDArray[np.int32], step: int) -> None:
        here = np.arange(len(neighbours))
        beside = (neighbours == here - step) & (neighbours >= 0)
        self._step = step
        self._alone = np.flatnonzero(neighbours < 0)
        self._apart = np.flatnonzero(~beside & (neighbours >= 0))
        self._source = neighbours[self._apart]

    def __call__(self, values: NDArray[Scalar]) -> NDArray[Scalar]:
        """Each row's neighbour's value; zero where it has none."""
        moved = np.empty_like(values)
        if self._step > 0:
            moved[1:] = values[:-1]
        else:
            moved[:-1] = values[1:]
        moved[self._alone] = 0
        if len(self._apart):
            moved[self._apart] = values[self._source]
        return moved


@dataclass(frozen=True, eq=False)
class RamView:
    """Arrays by row. Rows are in order of arrival, not of id; a rewritten memory leaves a dead row behind."""

    number: int
    """Of all views in this process no other has it."""
    ids: NDArray[np.int64]
    """Memory ids."""
    alive: NDArray[np.bool_]
    embedded: NDArray[np.bool_]
    """Whether the row has its vector yet."""
    previous: NDArray[np.int32]
    """Row of the memory said right before in the same session, or -1."""
    following: NDArray[np.int32]
    """Row of the memory said right after, or -1."""
    session: NDArray[np.int32]
    """Dense code of its session."""
    speaker: NDArray[np.int32]
    """Index into ``speakers``."""
    by_assistant: NDArray[np.bool_]
    tokens: NDArray[np.uint32]
    """Of all rows, one row after the other."""
    token_end: NDArray[np.int64]
    """By row: where its tokens end."""
    content_length: NDArray[np.int32]
    """By row: tokens of what was said, without stop words and what a question is put with ("do you remember")."""
    sketch: NDArray[np.uint64]
    """By row: a bit for each token of what was said, stop words left out. Sets that differ by n have sketches that
    differ by at most n bits.
    """
    questions: NDArray[np.bool_]
    """Something is asked in it."""
    stated: NDArray[np.uint64]
    """By row: a bit for each of ``lexicon.people.ONE_AT_A_TIME`` that it states something about."""
    kinds: NDArray[np.uint8]
    """By row: a bit for each ``text.kinds.Kind`` of thing that it holds."""
    asked_of_you: NDArray[np.bool_]
    """And nothing is said of the one who asks."""
    said_at: NDArray[np.int64]
    """Microseconds since 1970."""

    speakers: tuple[str | None, ...]
    sessions: int
    """How many session codes there are."""

    vectors: tuple[NDArray[np.float16], ...]
    """Blocks of rows; may reach beyond the last row, empty while nothing is embedded."""

    token_vectors: TokenVectors

    segments: tuple[Segment, ...]
    first_unit: NDArray[np.int32]
    """By row: its first unit. A row's units are neighbours."""
    unit_length: NDArray[np.int32]
    """By unit: tokens."""
    dead_lists: Mapping[int, int]
    """Term -> how many entries of its list belong to dead rows."""
    units: int
    """Of live rows."""
    total_length: int
    """Tokens in all units of live rows."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def statistics(self) -> Statistics:
        """The view has a row for every memory: it counts itself."""
        return self

    @cached_property
    def from_previous(self) -> Moves:
        """How values get from each row to the one said right after it."""
        return Moves(self.previous, 1)

    @cached_property
    def from_following(self) -> Moves:
        """How values get from each row to the one said right before it."""
        return Moves(self.following, -1)

    @cached_property
    def dead(self) -> NDArray[np.intp]:
        """Rows that are no memory any more."""
        return np.flatnonzero(~self.alive)

    @cached_property
    def pending(self) -> NDArray[np.intp]:
        """Rows that have no vector yet."""
        return np.flatnonzero(~self.embedded)

    @cached_property
    def passages(self) -> NDArray[np.intp]:
        """By row: how many units it has."""
        return np.diff(np.append(self.first_unit, len(self.unit_length)))

    @cached_property
    def whole(self) -> bool:
        """Whether every row is one unit."""
        return len(self.unit_length) == len(self)

    @cached_property
    def long(self) -> NDArray[np.intp]:
        """Rows too long to tell what their neighbours are about."""
        return np.flatnonzero((self.passages > 1) | (self.unit_length[self.first_unit] > LONG))

    @cached_property
    def typical_similarity(self) -> float:
        """The median similarity of the memories among each other, read from some of them; 0 for fewer than two."""
        rows = np.flatnonzero(self.alive & self.embedded)
        rows = rows[:: len(rows) // SAMPLE + 1]
        if len(rows) < 2:
            return 0.0
        return float(np.median(self.likeness(rows, rows)[np.triu_indices(len(rows), 1)]))

    def likeness(self, some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float32]:
        """Dot products of the vectors of some rows with those of others, each of which has one: (some, others)."""
        products = np.zeros((len(some), len(others)))
        numkong.cdist(self._vectors_of(some), self._vectors_of(others), "dot", out=products)
        return products.astype(np.float32)

    def _vectors_of(self, rows: NDArray[np.intp]) -> NDArray[np.float16]:
        starts = np.cumsum([0, *map(len, self.vectors)])
        blocks = np.searchsorted(starts, rows, side="right") - 1
        places = zip(blocks.tolist(), (rows - starts[blocks]).tolist(), strict=True)
        return np.stack([self.vectors[block][place] for block, place in places])

    @cached_property
    def length_norm(self) -> NDArray[np.float32]:
        """By unit: BM25's k1 * (1 - b + b * length / mean length)."""
        mean = max(self.total_length / max(self.units, 1), 1.0)
        norm = self.unit_length.astype(np.float32) / np.float32(mean)
        norm *= np.float32(K1 * B)
        norm += np.float32(K1 * (1 - B))
        return norm

    @cached_property
    def speaks_by_name(self) -> NDArray[np.bool_]:
        """By row: said by somebody with a name."""
        personal = [speaker is not None and is_personal(speaker) for speaker in self.speakers]
        return np.array(personal, np.bool_)[self.speaker]

    @cached_property
    def by_unnamed_assistant(self) -> NDArray[np.bool_]:
        """By row: said by an assistant without a name of its own."""
        return self.by_assistant & ~self.speaks_by_name

    @cached_property
    def long_replies(self) -> NDArray[np.intp]:
        """Rows of several passages said by an assistant without a name."""
        return np.flatnonzero(self.by_unnamed_assistant & (self.passages > 1))

    @cached_property
    def changes(self) -> NDArray[np.intp]:
        """Rows that say that something changed, or answer a question that does ("Who comes instead?")."""
        changing = self.kinds & np.uint8(Kind.CHANGE) != 0
        return np.flatnonzero(changing | self.from_previous(changing & self.questions))

    @cached_property
    def remarks(self) -> NDArray[np.intp]:
        """Rows that an assistant without a name says right after a statement: "Okay, noted."."""
        return np.flatnonzero((self.previous >= 0) & self.by_unnamed_assistant & ~self.questions[self.previous])

    @cached_property
    def answers(self) -> NDArray[np.intp]:
        """Rows said right after a question. An assistant without a name answers every question: that tells nothing."""
        asked_before = (self.previous >= 0) & self.questions[self.previous] & ~self.by_unnamed_assistant
        return np.flatnonzero(asked_before)

    @cached_property
    def answered(self) -> NDArray[np.intp]:
        """The questions right before ``answers``."""
        return self.previous[self.answers].astype(np.intp)

    @cached_property
    def question_rows(self) -> NDArray[np.intp]:
        """Rows in which something is asked."""
        return np.flatnonzero(self.questions)

    @cached_property
    def question_units(self) -> NDArray[np.intp]:
        """By question row: its first unit."""
        return self.first_unit[self.question_rows].astype(np.intp)

    @cached_property
    def question_share(self) -> NDArray[np.float32]:
        """By question row: twice what one word is of what was said, names left out."""
        rows = self.question_rows
        said = np.maximum(self.content_length[rows] - self.speaks_by_name[rows], 1)
        return np.float32(2) / said.astype(np.float32)

    @cached_property
    def asks_another(self) -> NDArray[np.intp]:
        """Rows that ask and tell nothing, between people or by an assistant."""
        return np.flatnonzero(self.asked_of_you & (self.speaks_by_name | self.by_assistant))

    @property
    def count(self) -> int:
        """Memories, without dead rows."""
        return len(self) - len(self.dead)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Speakers of live rows, by name or label."""
        rows = np.bincount(self.speaker[self.alive], minlength=len(self.speakers)).tolist()
        return tuple(name for name, said in zip(self.speakers, rows, strict=True) if said and name is not None)

    @cached_property
    def name_ids(self) -> frozenset[int]:
        """Ids of the words in the names of those who talk, which stand before what they said."""
        return frozenset(stem_id(word) for name in self.names for word in words(name))

    def mask(self, memory_ids: ArrayLike) -> NDArray[np.bool_]:
        """The rows of these memories, as ``rank`` takes them; ids that are not here are passed over."""
        return np.isin(self.ids, np.asarray(memory_ids, np.int64)) & self.alive

    def document_frequency(self, term: int) -> int:
        """How many live units hold a term."""
        held = -self.dead_lists.get(term, 0)
        for segment in self.segments:
            at = int(np.searchsorted(segment.terms, np.uint32(term)))
            if at < len(segment.terms) and segment.terms[at] == term:
                held += int(segment.starts[at + 1] - segment.starts[at])
        return held

    def term_lists(self, terms: NDArray[np.uint32]) -> list[TermList]:
        """Where each term is, looked up in one go for each segment."""
        parts: list[list[Postings]] = [[] for _ in terms]
        holding = [-self.dead_lists.get(term, 0) for term in terms.tolist()]
        for segment in self.segments:
            if not len(segment.terms):
                continue
            at = segment.terms.searchsorted(terms)
            held = (segment.terms.take(at, mode="clip") == terms).nonzero()[0]
            at = at[held]
            starts, ends = segment.starts[at].tolist(), segment.starts[at + 1].tolist()
            for number, start, end in zip(held.tolist(), starts, ends, strict=True):
                parts[number].append(Postings(segment.units[start:end], segment.counts[start:end]))
                holding[number] += end - start
        return [TermList(*found) for found in zip(holding, parts, strict=True)]

    def said(self, row: int) -> list[int]:
        """The tokens of what was said, in order."""
        tokens: list[int] = self.tokens[self.token_end[row - 1] if row else 0 : self.token_end[row]].tolist()
        return tokens[: tokens.index(_END)] if _END in tokens else tokens

    def replies(self, row: int) -> bool:
        """Whether a question stands in it before its answer."""
        return _REPLY in self.tokens[self.token_end[row - 1] if row else 0 : self.token_end[row]]

    def content(self, row: int) -> frozenset[int]:
        """The same tokens, each once, stop words left out."""
        return frozenset(self.said(row)) - _STOPS

    @cached_property
    def by_token(self) -> NDArray[np.bool_]:
        """By row: its tokens have vectors."""
        return self.token_vectors.size > 0

    def token_similarities(self, rows: NDArray[np.intp], tokens: NDArray[np.int8]) -> NDArray[np.float32]:
        """By query token and row: the dot product with the nearest of the row's tokens; rows that are ``by_token``."""
        if not len(rows):
            return np.empty((len(tokens), 0), np.float32)
        gathered = self.token_vectors.gathered(rows)
        products = np.asarray(numkong.dots_packed(gathered, numkong.dots_pack(tokens)))
        counts = self.token_vectors.size[rows]
        nearest: NDArray[np.int32] = np.maximum.reduceat(products, np.cumsum(counts) - counts, axis=0)
        return nearest.T.astype(np.float32)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Dot product of every row's vector with this one, zero where there is none; float32 (rows,)."""
        half = vector.astype(np.float16)[np.newaxis]
        # Of doubles, which numkong fills directly: for floats it copies all rows first. Zeros, since the last rows may
        # have no block of vectors yet.
        out = np.zeros((1, len(self)))
        start = 0
        for block in self.vectors:
            rows = min(len(block), len(self) - start)
            if rows <= 0:
                break
            numkong.cdist(half, block[:rows], "dot", out=out[:, start : start + rows])
            start += rows
        similar: NDArray[np.float32] = out[0].astype(np.float32)
        if len(self.pending):
            similar[self.pending] = 0.0
        return similar
