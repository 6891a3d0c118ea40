"""One owner's index while it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from toldonce.index.ram.columns import Column, TokenBlocks, VectorBlocks
from toldonce.index.ram.postings import PASSAGE, Segment, passages, with_segment
from toldonce.index.ram.view import RamView
from toldonce.text.lexicon.english import ASKING
from toldonce.text.lexicon.people import ONE_AT_A_TIME
from toldonce.text.tokens import ASKED_OF_YOU, HOLDS, QUESTION, STOP_IDS, TEXT_END, stated, stem, token_id, token_ids
from toldonce.types import IndexRow

NO_ID = -(2**63)
"""Stands for "no previous memory" among ids."""

_NUMBERS = count()
_STOPS = np.unique(STOP_IDS)
_EMPTY = np.unique(np.append(STOP_IDS, token_ids(map(stem, sorted(ASKING)))))
"""Stop words, and what a question is put with."""


class _Marks:
    """Marks among a memory's tokens that each stand for one bit."""

    def __init__(self, bit_of: Mapping[str, int]) -> None:
        ordered = sorted((token_id(mark), bit) for mark, bit in bit_of.items())
        self._marks = np.array([mark for mark, _ in ordered], np.uint32)
        self._bits = np.array([bit for _, bit in ordered], np.uint64)

    def read(self, tokens: NDArray[np.uint32], row_of_token: NDArray[np.intp], rows: int) -> NDArray[np.uint64]:
        """By row: the bits of those of its tokens that are marks."""
        found = np.zeros(rows, np.uint64)
        at = self._marks.searchsorted(tokens)
        marking = np.flatnonzero(self._marks.take(at, mode="clip") == tokens)
        np.bitwise_or.at(found, row_of_token[marking], self._bits[at[marking]])
        return found


_STATED = _Marks({stated(attribute): 1 << bit for bit, attribute in enumerate(ONE_AT_A_TIME)})
_KINDS = _Marks({mark: int(kind) for kind, mark in HOLDS.items()})

OVERHEAD = 22_000
"""Bytes of an owner with one memory besides that memory: some thirty arrays and what a search derives of them. Measured
as what a process grows by with each such owner that is searched; it is most of what an owner of few memories costs."""

SPARSE = 4096
"""Dead rows from which, if they are a third of all, the index is built afresh."""


class OwnerIndex:
    """Rows in, views out.

    ``apply`` is for one thread at a time (it takes a lock); ``view`` may be called from any thread at any time and
    gives an immutable picture, whole: either before or after an ``apply``. Changing something costs
    as much as the rows changed, not as the rows there are, apart from copies of a few bytes a row.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._view: RamView | None = None
        self._reset()

    def _reset(self) -> None:
        self._row_of: dict[int, int] = {}
        self._speaker_codes: dict[str | None, int] = {}
        self._session_codes: dict[int, int] = {}
        self._ids = Column(np.int64)
        self._previous_ids = Column(np.int64)
        self._previous = Column(np.int32)
        self._following = Column(np.int32)
        self._session = Column(np.int32)
        self._speaker = Column(np.int32)
        self._said_at = Column(np.int64)
        self._by_assistant = Column(np.bool_)
        self._content_length = Column(np.int32)
        self._sketch = Column(np.uint64)
        self._questions = Column(np.bool_)
        self._stated = Column(np.uint64)
        self._kinds = Column(np.uint8)
        self._asked_of_you = Column(np.bool_)
        self._alive = Column(np.bool_)
        self._embedded = Column(np.bool_)
        self._vectors = VectorBlocks()
        self._token_vectors = TokenBlocks()
        self._tokens = Column(np.uint32)
        self._token_end = Column(np.int64)
        self._first_unit = Column(np.int32)
        self._unit_length = Column(np.int32)
        self._segments: tuple[Segment, ...] = ()
        self._dead_lists: dict[int, int] = {}
        self._dead_rows = 0
        self._live_units = 0
        self._live_length = 0
        self._links_stale = False
        self._greatest_id = NO_ID
        self._awaited: set[int] = set()

    def __len__(self) -> int:
        """Memories."""
        return len(self._row_of)

    @property
    def nbytes(self) -> int:
        """Bytes held, dictionaries and small objects estimated."""
        columns = (column for column in vars(self).values() if isinstance(column, (Column, TokenBlocks, VectorBlocks)))
        return (
            OVERHEAD
            + sum(column.nbytes for column in columns)
            + sum(segment.nbytes for segment in self._segments)
            + 110 * len(self._row_of)
            + 100 * (len(self._dead_lists) + len(self._session_codes))
        )

    def apply(self, rows: Sequence[IndexRow], deleted: Sequence[int] = ()) -> None:
        """Put memories in, anew or in place of what they were, and take memories out.

        A memory may come first without its vector and again with it. Within one call the last row of a memory counts
        and a memory that is in ``deleted`` too is gone. Ids that are not here may be deleted.
        """
        with self._lock:
            for row in rows:
                if row.vector is not None:
                    self._vectors.settle(len(row.vector))
            self._view = None
            gone = set(deleted)
            latest = {row.memory_id: row for row in rows if row.memory_id not in gone}
            added = self._embed_known(latest.values())
            replaced = [self._row_of[row.memory_id] for row in added if row.memory_id in self._row_of]
            removed = [self._row_of.pop(memory_id) for memory_id in gone if memory_id in self._row_of]
            if replaced or removed:
                self._bury(np.array(replaced + removed, np.intp))
            if added:
                self._append(added)
            if self._dead_rows > SPARSE and self._dead_rows * 3 > len(self._ids):
                self._rebuild()

    def view(self) -> RamView:
        """The index as it is now."""
        view = self._view
        if view is None:
            with self._lock:
                view = self._view = self._picture()
        return view

    def _embed_known(self, rows: Iterable[IndexRow]) -> list[IndexRow]:
        """Write the vectors that were all that was missing; give back the rows that are new or changed."""
        changed: list[IndexRow] = []
        arrived: list[int] = []
        by_token: list[NDArray[np.int8] | None] = []
        for row in rows:
            at = self._row_of.get(row.memory_id)
            if at is None or not self._same_words(row, at):
                changed.append(row)
            elif row.vector is not None and not self._embedded.values[at]:
                self._vectors.write(at, row.vector)
                arrived.append(at)
                by_token.append(row.token_vectors)
            elif (row.vector is not None) != self._embedded.values[at] or (
                row.vector is not None and not self._holds(at, row.vector, row.token_vectors)
            ):
                changed.append(row)
        if arrived:
            self._embedded.assign(arrived, True)
            self._token_vectors.assign(arrived, by_token)
        return changed

    def _holds(self, at: int, vector: NDArray[np.float32], by_token: NDArray[np.int8] | None) -> bool:
        """Whether these are a row's vectors."""
        known = self._token_vectors.row(at)
        same = known is None or by_token is None or np.array_equal(known, by_token)
        return self._vectors.holds(at, vector) and same and (known is None) == (by_token is None or not len(by_token))

    def _same_words(self, row: IndexRow, at: int) -> bool:
        """Whether all but the vector is as it was."""
        return (
            self._session_codes.get(row.session_id) == self._session.values[at]
            and self._speaker_codes.get(row.actor_id) == self._speaker.values[at]
            and row.said_at == self._said_at.values[at]
            and (row.role == "assistant") == self._by_assistant.values[at]
            and _or_none(row.previous_id) == self._previous_ids.values[at]
            and np.array_equal(row.tokens, self._tokens_of(at))
        )

    def _tokens_of(self, row: int) -> NDArray[np.uint32]:
        ends = self._token_end.values
        return self._tokens.values[ends[row - 1] if row else 0 : ends[row]]

    def _append(self, rows: Sequence[IndexRow]) -> None:
        start = len(self._ids)
        ids = [row.memory_id for row in rows]
        self._row_of.update(zip(ids, range(start, start + len(rows)), strict=True))
        self._ids.extend(ids)
        self._link(rows, start)
        self._session.extend([self._session_codes.setdefault(row.session_id, len(self._session_codes)) for row in rows])
        self._speaker.extend([self._speaker_codes.setdefault(row.actor_id, len(self._speaker_codes)) for row in rows])
        self._said_at.extend([row.said_at for row in rows])
        self._by_assistant.extend([row.role == "assistant" for row in rows])
        self._alive.extend([True] * len(rows))
        self._embedded.extend([row.vector is not None for row in rows])
        self._vectors.extend([row.vector for row in rows])
        self._token_vectors.extend([row.token_vectors for row in rows])
        self._post([row.tokens for row in rows])

    def _post(self, texts: Sequence[NDArray[np.uint32]]) -> None:
        """Put the texts of new rows into the inverted lists."""
        flat = np.concatenate(texts)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self._token_end.extend(np.cumsum(lengths) + len(self._tokens))
        self._tokens.extend(flat)

        kept = ~_among(_STOPS, flat)
        row_of_token = np.repeat(np.arange(len(texts)), lengths)
        for column, mark in ((self._questions, QUESTION), (self._asked_of_you, ASKED_OF_YOU)):
            marked = np.zeros(len(texts), np.bool_)
            marked[row_of_token[flat == token_id(mark)]] = True
            column.extend(marked)
        self._stated.extend(_STATED.read(flat, row_of_token, len(texts)))
        self._kinds.extend(_KINDS.read(flat, row_of_token, len(texts)))
        place = np.arange(len(flat)) - (np.cumsum(lengths) - lengths)[row_of_token]
        ends = np.full(len(texts), len(flat))
        at_end = np.flatnonzero(flat == token_id(TEXT_END))
        ends[row_of_token[at_end]] = place[at_end]
        spoken = place < ends[row_of_token]
        told = ~_among(_EMPTY, flat) & spoken
        self._content_length.extend(np.bincount(row_of_token[told], minlength=len(texts)))
        said = kept & spoken
        self._sketch.extend(_sketches(flat[said], np.bincount(row_of_token[said], minlength=len(texts))))
        row_of_token = row_of_token[kept]
        kept_lengths = np.bincount(row_of_token, minlength=len(texts))
        units = np.array(passages(kept_lengths.tolist()), np.int32)
        first_unit = np.cumsum(units, dtype=np.int32) - units
        unit_of_token = first_unit[row_of_token]
        if len(units) != units.sum():
            place = np.arange(len(row_of_token)) - (np.cumsum(kept_lengths) - kept_lengths)[row_of_token]
            unit_of_token = unit_of_token + np.minimum(place // PASSAGE, units[row_of_token] - 1).astype(np.int32)

        base = len(self._unit_length)
        self._first_unit.extend(first_unit + base)
        self._unit_length.extend(np.bincount(unit_of_token, minlength=int(units.sum())))
        self._live_units += int(units.sum())
        self._live_length += int(kept.sum())
        added = Segment.build(flat[kept], unit_of_token + np.int32(base), int(units.sum()))
        self._segments = with_segment(self._segments, added)

    def _link(self, rows: Sequence[IndexRow], start: int) -> None:
        """Say who follows whom. Going on with a talk is settled here; anything else is left to ``_relink``."""
        self._previous_ids.extend([_or_none(row.previous_id) for row in rows])
        in_order = len(rows) <= 8 and not self._links_stale
        previous = [-1] * len(rows)
        followed: dict[int, int] = {}
        for at, row in enumerate(rows):
            in_order = in_order and row.memory_id > self._greatest_id and row.memory_id not in self._awaited
            self._greatest_id = max(self._greatest_id, row.memory_id)
            before = self._row_of.get(row.previous_id) if in_order and row.previous_id is not None else None
            if before is None and row.previous_id is not None:
                self._awaited.add(row.previous_id)
            elif before is not None:
                previous[at] = before
                followed.setdefault(before, start + at)
        self._previous.extend(previous)
        self._following.extend([-1] * len(rows))
        self._links_stale = not in_order
        first_time = [before for before in followed if self._following.values[before] < 0]
        if in_order and first_time:
            self._following.assign(first_time, [followed[before] for before in first_time])

    def _relink(self) -> None:
        """Previous and following rows from ids. Of several memories after the same one, the first follows it."""
        self._links_stale = False
        rows = np.flatnonzero(self._alive.values)
        ids = self._ids.values[rows]
        order = np.argsort(ids, kind="stable")
        rows, ids = rows[order], ids[order]
        wanted = self._previous_ids.values[rows]
        at = np.minimum(np.searchsorted(ids, wanted), max(len(ids) - 1, 0))
        found = ids[at] == wanted
        self._awaited = set(wanted[~found & (wanted != NO_ID)].tolist())
        previous = np.full(len(self._ids), -1, np.int32)
        following = np.full(len(self._ids), -1, np.int32)
        previous[rows[found]] = rows[at[found]]
        following[rows[at[found]][::-1]] = rows[found][::-1]
        self._previous.assign(slice(len(previous)), previous)
        self._following.assign(slice(len(following)), following)

    def _bury(self, rows: NDArray[np.intp]) -> None:
        """Take rows out of sight and out of the statistics; their entries stay in the lists."""
        self._alive.assign(rows, False)
        self._dead_rows += len(rows)
        self._links_stale = True
        self._dead_lists = dict(self._dead_lists)
        ends = np.append(self._first_unit.values[1:], len(self._unit_length))
        for row in rows.tolist():
            first, end = int(self._first_unit.values[row]), int(ends[row])
            tokens = self._tokens_of(row)
            tokens = tokens[~_among(_STOPS, tokens)]
            self._live_units -= end - first
            self._live_length -= len(tokens)
            for unit in range(end - first):
                last = None if unit == end - first - 1 else (unit + 1) * PASSAGE
                for term in np.unique(tokens[unit * PASSAGE : last]).tolist():
                    self._dead_lists[term] = self._dead_lists.get(term, 0) + 1

    def _rebuild(self) -> None:
        """Start again from the live rows, in order of id."""
        speakers = list(self._speaker_codes)
        sessions = list(self._session_codes)
        rows = []
        for memory_id, at in sorted(self._row_of.items()):
            previous = int(self._previous_ids.values[at])
            rows.append(
                IndexRow(
                    memory_id=memory_id,
                    tokens=self._tokens_of(at),
                    vector=self._vectors.row(at) if self._embedded.values[at] else None,
                    previous_id=None if previous == NO_ID else previous,
                    session_id=sessions[self._session.values[at]],
                    role="assistant" if self._by_assistant.values[at] else "user",
                    actor_id=speakers[self._speaker.values[at]],
                    said_at=int(self._said_at.values[at]),
                    token_vectors=self._token_vectors.row(at),
                )
            )
        self._reset()
        if rows:
            self._append(rows)

    def _picture(self) -> RamView:
        if self._links_stale:
            self._relink()
        return RamView(
            number=next(_NUMBERS),
            ids=self._ids.values,
            alive=self._alive.values,
            embedded=self._embedded.values,
            previous=self._previous.values,
            following=self._following.values,
            session=self._session.values,
            speaker=self._speaker.values,
            by_assistant=self._by_assistant.values,
            tokens=self._tokens.values,
            token_end=self._token_end.values,
            content_length=self._content_length.values,
            sketch=self._sketch.values,
            questions=self._questions.values,
            stated=self._stated.values,
            kinds=self._kinds.values,
            asked_of_you=self._asked_of_you.values,
            said_at=self._said_at.values,
            speakers=tuple(self._speaker_codes),
            sessions=len(self._session_codes),
            vectors=self._vectors.blocks,
            token_vectors=self._token_vectors.view(),
            segments=self._segments,
            first_unit=self._first_unit.values,
            unit_length=self._unit_length.values,
            dead_lists=self._dead_lists,
            units=self._live_units,
            total_length=self._live_length,
        )


def _sketches(tokens: NDArray[np.uint32], lengths: NDArray[np.intp]) -> NDArray[np.uint64]:
    """By text, of ``lengths`` tokens each: a bit for every token's last six bits."""
    sketches = np.zeros(len(lengths), np.uint64)
    bits = np.uint64(1) << (tokens & np.uint32(63)).astype(np.uint64)
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    if len(starts):
        sketches[lengths > 0] = np.bitwise_or.reduceat(bits, starts)
    return sketches


def _among(known: NDArray[np.uint32], tokens: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which tokens are among the known ones, in order, without sorting these every time."""
    found: NDArray[np.bool_] = known.take(np.searchsorted(known, tokens), mode="clip") == tokens
    return found


def _or_none(previous_id: int | None) -> int:
    return NO_ID if previous_id is None else previous_id
