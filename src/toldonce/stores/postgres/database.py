"""Running named statements over a connection of psycopg, many of them in one round trip."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import psycopg

from toldonce.stores.postgres.connection import Connection
from toldonce.stores.postgres.named import STATEMENTS
from toldonce.stores.postgres.vectors import Vector
from toldonce.stores.sql.columns import WRONG, Row, corrupt

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

_SCRATCH = tuple(
    f"CREATE TEMP TABLE gone_{table} ({key} PRIMARY KEY) ON COMMIT DROP"
    for table, key in (
        ("memory", "id bigint"),
        ("message", "id bigint"),
        ("version", "id bigint"),
        ("uid", "uid text"),
    )
)


class PostgresDatabase:
    """See ``stores.sql.database.Database``.

    In a pipeline a statement whose rows nobody wants yet waits for one whose rows somebody does: they go together.
    """

    statements = STATEMENTS

    def __init__(self, connection: Connection, pipeline: psycopg.Pipeline) -> None:
        self._connection = connection
        self._pipeline = pipeline

    def later(self, sql: str, values: Sequence[Any]) -> Callable[[], list[Any]]:
        """What gives all rows, once they are wanted."""
        return self._execute(sql, values).fetchall

    def reader(self, what: str, *, strict: bool = False) -> Rows:
        return Rows(self, what, strict=strict)

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self._execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any]) -> Any:
        row = self._execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, values: Sequence[Any]) -> None:
        self._execute(sql, values)

    def changed(self, sql: str, values: Sequence[Any]) -> int:
        cursor = self._execute(sql, values)
        self._pipeline.sync()
        return cursor.rowcount

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.cursor(binary=True).executemany(_encoded(sql), rows)

    def each(self, sql: str, encode: Callable[[Sequence[Any]], str], rows: Sequence[Any]) -> None:
        self._execute(sql, (encode(rows),))  # columns have types here: none is damaged

    @contextmanager
    def gathering(self) -> Iterator[None]:
        for table in _SCRATCH:
            self._execute(table, ())
        yield

    def vector(self, embedding: bytes) -> Vector | None:
        return Vector(embedding) if embedding else None

    def _execute(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._connection.execute(_encoded(sql), values or None, binary=True)


class Rows:
    """See ``stores.sql.database.Rows``."""

    def __init__(self, database: PostgresDatabase, what: str, *, strict: bool) -> None:
        self._database = database
        self._what = what
        self._strict = strict
        self.damaged = 0

    def read(self, sql: str, values: Sequence[Any], make: Callable[[Row], T]) -> Iterator[T]:
        for row in self._database.rows(sql, values):
            try:
                made = make(row)
            except WRONG as error:
                self.damaged += 1
                if self._strict:
                    raise corrupt(f"{self._what} {row[0]}") from error
                _LOG.error("%s %s is damaged (%s) and left out", self._what, row[0], type(error).__name__)
            else:
                yield made


@cache
def _encoded(sql: str) -> bytes:
    return sql.encode()
