"""The change feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toldonce.stores.feed import Change
from toldonce.stores.sql.columns import moment, number_or_none, text, text_or_none, whole
from toldonce.stores.sql.database import Part


class FeedReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "feed"

    def newest(self) -> int:
        return int(self._value("newest"))

    def changes(self, after: int, until: int, limit: int) -> list[Change]:
        return self._all("Change", _change, "changes", after, until, limit)

    def position(self, reader: str) -> int | None:
        return whole(f"The place of {reader} in the feed", lambda: number_or_none(self._value("position", reader)))


class FeedWriter(FeedReader):
    """Changes inside the writer's transaction."""

    def keep_position(self, reader: str, sequence: int) -> None:
        self._run("keep_position", reader, sequence)

    def forget_before(self, at: int, limit: int) -> int:
        return self._changed("forget_before", at, limit)


def _change(row: Sequence[Any]) -> Change:
    sequence, project, uid, kind, event, at, words = row
    return Change(sequence, text(project), text(uid), text(kind), text(event), moment(at), text_or_none(words))
