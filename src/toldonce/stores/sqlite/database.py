"""Running named statements over a connection of apsw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

import apsw

from toldonce.stores.sqlite.damage import Rows
from toldonce.stores.sqlite.gathering import gathering
from toldonce.stores.sqlite.named import STATEMENTS


class SqliteDatabase:
    """See ``stores.sql.database.Database``."""

    statements = STATEMENTS

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    def reader(self, what: str, *, strict: bool = False) -> Rows:
        return Rows(self.connection, what, strict=strict)

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self.connection.execute(sql, values).fetchall()

    def value(self, sql: str, values: Sequence[Any]) -> Any:
        row = self.connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, values: Sequence[Any]) -> None:
        self.connection.execute(sql, values)

    def changed(self, sql: str, values: Sequence[Any]) -> int:
        self.connection.execute(sql, values)
        return int(self.connection.changes())

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(sql, rows)

    def each(self, sql: str, encode: Callable[[Sequence[Any]], str], rows: Sequence[Any]) -> None:
        try:
            self.connection.execute(sql, (encode(rows),))
        except apsw.ConstraintError:  # one of them is damaged, and SQLite writes rows whole
            for row in rows:
                with suppress(apsw.ConstraintError):
                    self.connection.execute(sql, (encode([row]),))

    def gathering(self) -> AbstractContextManager[None]:
        return gathering(self.connection)

    def vector(self, embedding: bytes) -> bytes:
        return embedding
