"""The change feed in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import apsw

from toldonce.stores.feed import Change
from toldonce.stores.sqlite.damage import Rows, moment, number_or_none, text, text_or_none, whole
from toldonce.stores.sqlite.named import named_queries

_SQL = named_queries((resources.files(__package__) / "feed.sql").read_text("utf-8"))


class SqliteFeedRead:
    """Questions over a connection inside a transaction that someone else began."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def newest(self) -> int:
        return int(self._rows("newest").get)

    def changes(self, after: int, until: int, limit: int) -> list[Change]:
        return list(Rows(self._connection, "Change").read(_SQL["changes"], (after, until, limit), _change))

    def position(self, reader: str) -> int | None:
        return whole(f"The place of {reader} in the feed", lambda: number_or_none(self._rows("position", reader).get))

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(_SQL[name], values)


class SqliteFeedWrite(SqliteFeedRead):
    """Changes inside the writer's transaction."""

    def keep_position(self, reader: str, sequence: int) -> None:
        self._rows("keep_position", reader, sequence)

    def forget_before(self, at: int, limit: int) -> int:
        self._rows("forget_before", at, limit)
        return int(self._connection.changes())


def _change(row: Sequence[Any]) -> Change:
    sequence, project, uid, kind, event, at, words = row
    return Change(sequence, text(project), text(uid), text(kind), text(event), moment(at), text_or_none(words))
