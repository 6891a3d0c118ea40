"""Rows that cannot be what was written: a disk that forgot, a copy that was cut, a bit that fell over.

SQLite says so of its pages, not of what a cell holds. So what is read is looked at: whoever asks for one row is told,
and whoever asks for many gets the others, and a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import apsw

from toldonce.priority import giving_way
from toldonce.stores.sql.columns import WRONG, Row, corrupt

_LOG = logging.getLogger(__name__)
T = TypeVar("T")

_IDS = "SELECT CASE typeof(id) WHEN 'integer' THEN id ELSE CAST(id AS BLOB) END FROM ({})"


class Rows:
    """The rows of a statement whose first column, ``id``, is theirs, made into something; damaged ones are left out.

    ``damaged`` counts them.
    """

    def __init__(self, connection: apsw.Connection, what: str, *, strict: bool = False) -> None:
        """``what``: for messages, of one row. ``strict``: raise ``CorruptStore`` at the first that is damaged."""
        self._connection = connection
        self._what = what
        self._strict = strict
        self.damaged = 0

    def read(self, sql: str, values: Sequence[Any], make: Callable[[Row], T]) -> Iterator[T]:
        """One by one, in the statement's order."""
        for row in self._fetched(sql, values):
            try:
                made = make(row)
            except WRONG as error:
                self._pass_over(row[0], error)
            else:
                yield made

    def _fetched(self, sql: str, values: Sequence[Any]) -> Iterator[Row]:
        count = 0
        try:
            for row in giving_way(self._connection.execute(sql, values)):
                count += 1
                yield row
        except UnicodeDecodeError:  # it ended the statement: the rows that are left are fetched one at a time
            query = sql.rstrip().rstrip(";")
            ids = [row[0] for row in self._connection.execute(_IDS.format(query), values)]
            for row_id in ids[count:]:
                which = "id" if type(row_id) is int else "CAST(id AS BLOB)"
                try:
                    yield from self._connection.execute(
                        f"SELECT * FROM ({query}) WHERE {which} = {apsw.format_sql_value(row_id)}", values
                    )
                except UnicodeDecodeError as error:
                    self._pass_over(row_id, error)

    def _pass_over(self, row_id: object, error: Exception) -> None:
        self.damaged += 1
        if self._strict:
            raise corrupt(f"{self._what} {row_id}") from error
        _LOG.error(
            "%s %s is damaged (%s) and left out. Set it aside with: toldonce doctor PATH",
            self._what,
            row_id,
            type(error).__name__,
        )
