"""The bare tables of a folder, for copying it whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from toldonce.stores.copying import Row
from toldonce.stores.sqlite.secrets import keep_secret, secrets_of

_OWN_NAMES = {"embedding": "vector"}


class SqliteTables:
    """See ``stores.copying.Tables``."""

    def __init__(self, connection: apsw.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    def columns(self, table: str) -> list[str]:
        return [str(row[1]) for row in self._connection.execute(f"PRAGMA table_info({_own(table)})")]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        return self._connection.execute(_here(sql), values)

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(_here(sql), values)

    def fill(self, table: str, rows: Iterable[Row], *, keep: bool = False) -> None:
        places = ", ".join("?" for _ in self.columns(table))
        self._connection.executemany(f"INSERT {'OR IGNORE' if keep else ''} INTO {_own(table)} VALUES ({places})", rows)

    def secrets(self) -> dict[str, bytes]:
        return secrets_of(self._folder)

    def keep_secret(self, name: str, value: bytes) -> None:
        keep_secret(self._folder, name, value)

    def filled(self) -> None:
        pass  # SQLite's own count of ids goes on behind the greatest


def _own(table: str) -> str:
    return _OWN_NAMES.get(table, table)


class _Names(dict[str, str]):
    def __missing__(self, table: str) -> str:
        return _own(table)


def _here(sql: str) -> str:
    return sql.format_map(_Names()).replace("$", "?")
