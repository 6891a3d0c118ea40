"""Facts among memories: a fact and the words that prove it do not both take a place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from toldonce.recall.scoring import Scored


def once_each(ranked: Iterable[Scored], proofs: Mapping[int, Collection[int]]) -> Iterator[Scored]:
    """The ranking without what says again what stands above it. ``proofs``: by fact, the memories that prove it."""
    told: set[int] = set()
    for scored in ranked:
        proof = proofs.get(scored.memory_id)
        if scored.memory_id in told or (proof is not None and not told.isdisjoint(proof)):
            continue
        told.add(scored.memory_id)
        told.update(proof or ())
        yield scored
