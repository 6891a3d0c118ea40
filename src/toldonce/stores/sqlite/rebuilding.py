"""A rebuild's tables in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from typing import Any

import apsw

from toldonce.stores.protocol import Embedding, Unembedded
from toldonce.stores.rebuilding import Outdated, Stretch
from toldonce.stores.sqlite.damage import Rows, moment, whole
from toldonce.stores.sqlite.ids import SEQUENCE_BITS, last_id
from toldonce.stores.sqlite.named import named_queries
from toldonce.stores.sqlite.rows import unembedded

_SQL = named_queries((resources.files(__package__) / "rebuilding.sql").read_text("utf-8"))


class SqliteRebuildRead:
    """Questions over a connection inside a transaction that someone else began."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(_SQL[name], values)

    def next(self, after_owner: int, limit: int) -> Stretch:
        found = Stretch()
        owners: list[Any] = whole("A table of owners", self._rows("behind", after_owner, limit).fetchall)
        for owner_id, version, changed, memory_id in owners:
            room = limit - found.memories
            rows: list[Any] = whole(
                f"A memory of owner {owner_id}", self._rows("changed", owner_id, changed, memory_id, room).fetchall
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
        return int(self._rows("done").get), int(self._rows("all").get)

    def _versions(self, memory_id: int) -> list[Outdated]:
        sayings = tuple(row[0] for row in self._rows("sayings", memory_id))
        return list(Rows(self._connection, "Version").read(_SQL["versions"], (memory_id,), partial(_outdated, sayings)))


class SqliteRebuildWrite(SqliteRebuildRead):
    """The statements of a rebuild, inside the writer's transaction."""

    def forget(self) -> None:
        self._connection.execute(_SQL["forget"])

    def keep(
        self,
        stretch: Stretch,
        vectors: Sequence[tuple[Unembedded, Embedding]],
        tokens: Sequence[tuple[Unembedded, bytes]],
    ) -> None:
        embedded = [(v.version_id, v.memory_id, v.stamp, made.vector, made.tokens) for v, made in vectors]
        self._connection.executemany(_SQL["keep_vector"], embedded)
        tokenised = [(v.version_id, v.memory_id, v.stamp, made) for v, made in tokens]
        self._connection.executemany(_SQL["keep_tokens"], tokenised)
        self._connection.executemany(_SQL["keep_place"], stretch.places)

    def switch(self, left: Stretch, *, tokens: bool, refused: bool = False) -> None:
        waiting = [outdated.version for outdated in left.versions]
        self._connection.executemany(_SQL["drop_vector"], [(v.version_id,) for v in waiting])
        self._connection.execute(_SQL["switch_vectors"])
        if refused:  # looking at every vector takes its time
            self._connection.execute(_SQL["await_refused"])
        if tokens:
            self._connection.execute(_SQL["switch_tokens"])
        rows = [(v.version_id, v.memory_id >> SEQUENCE_BITS) for v in waiting]
        self._connection.executemany(_SQL["await_vector"], rows)
        self.forget()


def _outdated(sayings: tuple[int, ...], row: Sequence[Any]) -> Outdated:
    return Outdated(unembedded(row[:7]), moment(row[7]), sayings)
