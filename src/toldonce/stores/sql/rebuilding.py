"""A rebuild's tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from toldonce.stores.protocol import Embedding, Unembedded
from toldonce.stores.rebuilding import Outdated, Stretch
from toldonce.stores.sql.columns import moment, whole
from toldonce.stores.sql.database import Part
from toldonce.stores.sql.ids import SEQUENCE_BITS, last_id
from toldonce.stores.sql.rows import unembedded


class RebuildReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "rebuilding"

    def next(self, after_owner: int, limit: int) -> Stretch:
        found = Stretch()
        owners: list[Any] = whole("A table of owners", partial(self._rows, "behind", after_owner, limit))
        for owner_id, version, changed, memory_id in owners:
            room = limit - found.memories
            rows: list[Any] = whole(
                f"A memory of owner {owner_id}", partial(self._rows, "changed", owner_id, changed, memory_id, room)
            )
            found.memories += len(rows)
            for row in rows:
                if row[2]:  # the vectors of one that was deleted are gone already
                    found.versions += self._versions(row[0])
            if len(rows) == room:
                found.places.append((owner_id, rows[-1][1], rows[-1][0]))
                return found
            found.places.append((owner_id, version, last_id(owner_id)))
        found.ended = len(owners) < limit
        return found

    def progress(self) -> tuple[int, int]:
        return int(self._value("done")), int(self._value("all"))

    def _versions(self, memory_id: int) -> list[Outdated]:
        sayings = tuple(row[0] for row in self._rows("sayings", memory_id))
        return self._all("Version", partial(_outdated, sayings), "versions", memory_id)


class RebuildWriter(RebuildReader):
    """The statements of a rebuild, inside the writer's transaction."""

    def forget(self) -> None:
        self._run("forget")

    def keep(
        self,
        stretch: Stretch,
        vectors: Sequence[tuple[Unembedded, Embedding]],
        tokens: Sequence[tuple[Unembedded, bytes]],
    ) -> None:
        embedded = [
            (v.version_id, v.memory_id, v.stamp, self._database.vector(made.vector), made.tokens) for v, made in vectors
        ]
        self._many("keep_vector", embedded)
        tokenised = [(v.version_id, v.memory_id, v.stamp, made) for v, made in tokens]
        self._many("keep_tokens", tokenised)
        self._many("keep_place", stretch.places)

    def switch(self, left: Stretch, *, tokens: bool, refused: bool = False) -> None:
        waiting = [outdated.version for outdated in left.versions]
        self._many("drop_vector", [(v.version_id,) for v in waiting])
        self._run("switch_vectors")
        if refused:  # looking at every vector takes its time
            self._run("await_refused")
        if tokens:
            self._run("switch_tokens")
        rows = [(v.version_id, v.memory_id >> SEQUENCE_BITS) for v in waiting]
        self._many("await_vector", rows)
        self.forget()


def _outdated(sayings: tuple[int, ...], row: Sequence[Any]) -> Outdated:
    return Outdated(unembedded(row[:7]), moment(row[7]), sayings)
