"""The bare tables of a database, for copying it whole: written by ``COPY``, read through a cursor of the server's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from psycopg import RawServerCursor

from toldonce.stores.copying import Row
from toldonce.stores.postgres.connection import Connection

_COLUMNS = b"""
SELECT attname, atttypid::bigint FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_COUNTED = ("owner", "conversation", "job", "delivery", "erasure")
"""Tables whose ids the database counts."""
_AT_ONCE = 500
"""Rows that the server sends at once."""


class PostgresTables:
    """See ``stores.copying.Tables``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def columns(self, table: str) -> list[str]:
        return [name for name, _ in self._columns(table)]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        with RawServerCursor(self._connection, "copying") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(_here(sql).encode(), values or None, binary=True)
            yield from cursor

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(_here(sql).encode(), values or None)

    def fill(self, table: str, rows: Iterable[Row], *, keep: bool = False) -> None:
        columns = self._columns(table)
        names = ", ".join(name for name, _ in columns)
        into = f"filling_{table}" if keep else table
        if keep:
            self.run(f"CREATE TEMP TABLE {into} (LIKE {table}) ON COMMIT DROP")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {into} ({names}) FROM STDIN (FORMAT binary)".encode()) as copy,
        ):
            copy.set_types([type_id for _, type_id in columns])
            for row in rows:
                copy.write_row(row)
        if keep:
            self.run(f"INSERT INTO {table} ({names}) SELECT {names} FROM {into} ON CONFLICT DO NOTHING")

    def secrets(self) -> dict[str, bytes]:
        return {name: bytes(value) for name, value in self._connection.execute(b"SELECT name, value FROM secret")}

    def keep_secret(self, name: str, value: bytes) -> None:
        self.run(
            "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
            (name, value),
        )

    def filled(self) -> None:
        for table in _COUNTED:
            column = "number" if table == "erasure" else "id"
            self.run(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), greatest(max({column}), 1), "
                f"max({column}) IS NOT NULL) FROM {table}"
            )

    def _columns(self, table: str) -> list[tuple[str, int]]:
        return [(str(name), int(type_id)) for name, type_id in self._connection.execute(_COLUMNS, (table,))]


class _Names(dict[str, str]):
    def __missing__(self, table: str) -> str:
        return table


def _here(sql: str) -> str:
    return sql.format_map(_Names())
