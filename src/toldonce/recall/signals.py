"""What speaks for a memory: one array over an owner's rows each, before any weight."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log1p
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.index.protocol import K1, Postings

Floats: TypeAlias = NDArray[np.float32]

COVERED_TERMS = 8
"""How many of a query's terms coverage looks at, the rarest first: one bit each."""
FUNCTION_WORD = 0.35
"""What a function word counts where it may tell something, as a share of what its rarity says."""
ENOUGH = 2.0
"""Rare words of a query, as many as that, make a match whole: a wish of twenty words need not be met word by word."""
SAMPLE = 4096
"""Memories from which the usual similarity is read."""
CROWD = 20
"""Memories that weigh as much as what is known of the embedder."""
BEFORE, AROUND, AFTER = 0.7, 0.5, 0.4
"""What a term counts that is not in the memory itself but in the one before it; in the one after it or two before; two
after. A talk names its subject once."""


_WORTH = [
    (np.arange(1 << bits)[:, None] >> np.arange(bits) & 1).astype(np.float32) for bits in range(COVERED_TERMS + 1)
]
"""By number of bits: for each combination of them, which are set."""


def idf(holding: float, units: int) -> float:
    """Inverse document frequency as Lucene has it; never negative."""
    return log1p((units - holding + 0.5) / (holding + 0.5))


class AskedBefore(NamedTuple):
    """By row, in [0, 1]: what is left of an earlier asking of the query."""

    itself: Floats
    """How much it only asks what the query asks."""
    reply: Floats
    """How much the row right before it does."""
    owed: Floats
    """How much of its likeness is that of such a question.

    The vectors of what comes next hold the question too, and are like the query for that alone.
    """
    heard: NDArray[np.intp]
    """Rows that answer what was asked back: "Where is the dentist?" "I do not know. When is it?" "Tuesday, Mill Road."
    """


class Words:
    """What the query's terms say of each row.

    ``bm25``: BM25 (Robertson & Zaragoza 2009), the best of the row's units; statistics are of the owner's live rows.
    ``held``: which of ``covered`` each unit holds, the n-th as bit n. ``covered``: idf of the terms that have a bit.
    ``enough``: the sum of all terms' idf, or of ``ENOUGH`` words nobody used if that is less: what a whole match has.
    Dead rows hold nothing.
    """

    __slots__ = ("bm25", "covered", "enough", "held", "terms")

    def __init__(self, view: IndexView, terms: NDArray[np.uint32], weak: Collection[int] = ()) -> None:
        """``weak``: those of the terms that are function words."""
        self.terms = terms
        found = _rarest_first(view, terms, weak)
        self.covered = [weight for weight, _ in found[:COVERED_TERMS]]
        self.enough = min(sum(weight for weight, _ in found), ENOUGH * log1p(view.statistics.units))
        lists = [(number, weight, part) for number, (weight, parts) in enumerate(found) for part in parts]
        count = len(view.length_norm)
        if lists:
            # All lists in one go: for a small owner the calls cost more than the numbers.
            units = np.concatenate([part.units for _, _, part in lists]).astype(np.intp)
            lengths = [len(part.units) for _, _, part in lists]
            # idf * (k1 + 1) * tf / (tf + norm)
            share = view.length_norm.take(units)
            share /= np.concatenate([part.counts for _, _, part in lists])
            share += np.float32(1.0)
            weights = np.array([weight * (K1 + 1) for _, weight, _ in lists], np.float32)
            np.divide(weights.repeat(lengths), share, out=share)
            scores = np.bincount(units, share, count).astype(np.float32)
            bits = np.array([1 << number if number < COVERED_TERMS else 0 for number, _, _ in lists], np.float32)
            held = np.bincount(units, bits.repeat(lengths), count).astype(np.uint8)
        else:
            scores, held = np.zeros(count, np.float32), np.zeros(count, np.uint8)
        if not view.whole:
            scores = np.maximum.reduceat(scores, view.first_unit)
        if len(view.dead):
            scores[view.dead] = 0.0
        self.bm25: Floats = scores
        self.held: NDArray[np.uint8] = held

    def coverage(self, view: IndexView, asked: AskedBefore, remarks: NDArray[np.intp]) -> Floats:
        """The share of the query, by idf, that a row and its neighbours hold; in [0, 1].

        Of several units the best counts. Long neighbours lend nothing: among many words, any are. Nothing is lent to
        ``remarks`` by the row before.
        """
        share = _WORTH[len(self.covered)] @ np.array(self.covered, np.float32)
        share /= min(share[-1], np.float32(self.enough)) or np.float32(1.0)
        held = self.held
        if not view.whole:
            held = held[_best_unit(view, share.take(held))]
        seen = held
        covered = share.take(seen) * (1 - asked.itself)
        lent = seen.copy()
        lent[view.long] = 0
        lent[(asked.itself >= 0.5) | (asked.reply >= 0.5)] = 0
        if len(view.dead):
            covered[view.dead] = 0.0
            lent[view.dead] = 0
        before, after = view.from_previous(lent), view.from_following(lent)
        around, behind = after | view.from_previous(before), view.from_following(after)
        before[remarks] = 0
        for found, counts in ((before, BEFORE), (around, AROUND), (behind, AFTER)):
            covered += (np.float32(counts) * share).take(found & ~seen)
            seen = seen | found
        heard, question = asked.heard, view.previous[view.previous[asked.heard]]
        covered[heard] += (np.float32(BEFORE) * share).take(held[question] & ~seen[heard])
        np.minimum(covered, np.float32(1.0), out=covered)
        return covered


def _rarest_first(
    view: IndexView, terms: NDArray[np.uint32], weak: Collection[int]
) -> list[tuple[float, Sequence[Postings]]]:
    """Each term's idf and lists. A term nobody used is there too, with no list: it was asked for and is missing."""
    units = view.statistics.units
    counts = [FUNCTION_WORD if term in weak else 1.0 for term in terms.tolist()]
    lists = zip(counts, view.term_lists(terms), strict=True)
    weighed = [(count * idf(found.document_frequency, units), found.parts) for count, found in lists]
    return sorted(weighed, key=itemgetter(0), reverse=True)


def _best_unit(view: IndexView, values: Floats) -> NDArray[np.intp]:
    """By row: which of its units has the greatest value, the first of equals."""
    greatest = np.repeat(np.maximum.reduceat(values, view.first_unit), view.passages)
    candidates = np.where(values == greatest, np.arange(len(values)), len(values))
    return np.minimum.reduceat(candidates, view.first_unit)


def stretched(view: IndexView, vector: Floats, unrelated: float | None) -> Floats:
    """Cosines from what is usual between unrelated texts (0) to sameness (1), whatever range an embedder has.

    What is usual is the median over the owner's memories. Where these are few it leans towards ``unrelated``, the
    embedder's own figure; where nobody knows that, towards how similar the memories are among each other.
    """
    similar = view.similarities(vector)
    without = np.concatenate((view.pending, view.dead))
    known = np.delete(similar, without) if len(without) else similar
    if not len(known):
        return np.zeros_like(similar)
    usual = _median(known[:: len(known) // SAMPLE + 1])
    prior = min(usual, view.typical_similarity) if unrelated is None else unrelated
    base = np.float32((usual * len(known) + prior * CROWD) / (len(known) + CROWD))
    similar -= base
    similar /= max(np.float32(1.0) - base, np.float32(1e-3))
    np.maximum(similar, 0.0, out=similar)
    similar[without] = 0.0
    return similar


def _median(values: Floats) -> float:
    """``np.median`` of a few thousand numbers takes four times as long."""
    middle = len(values) // 2
    parted = np.partition(values, (middle - 1 + len(values) % 2, middle))
    return float(parted[middle] if len(values) % 2 else (parted[middle - 1] + parted[middle]) / 2)


def session_strength(view: IndexView, scores: Floats, rows: NDArray[np.intp]) -> Floats:
    """Mean of the three best among ``rows`` in each session, a missing one counting zero; float32 (sessions,)."""
    codes = view.session[rows]
    best = scores[rows]
    order = np.lexsort((-best, codes))
    codes, best = codes[order], best[order]
    # A row is among its session's three best unless the one three places before is of the session too.
    best[3:][codes[3:] == codes[:-3]] = 0.0
    strength = np.bincount(codes, best, minlength=view.statistics.sessions) / 3
    return strength.astype(np.float32)
