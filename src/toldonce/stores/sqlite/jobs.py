"""Jobs in SQLite."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from importlib import resources
from typing import Any

import apsw

from toldonce.stores.jobs import FARTHEST, Job, Wanted
from toldonce.stores.sqlite.damage import WRONG, data, json_object, number
from toldonce.stores.sqlite.named import named_queries

_LOG = logging.getLogger(__name__)

_SQL = named_queries((resources.files(__package__) / "jobs.sql").read_text("utf-8"))


class SqliteJobsRead:
    """Questions over a connection inside a transaction that someone else began."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def next_due(self, now: int, wanted: Wanted) -> int | None:
        due: int | None = self._rows("next_due", now, now + FARTHEST, *_lists(wanted)).get
        return due

    def counts(self) -> dict[str, int]:
        return dict(self._rows("counts"))

    def _rows(self, name: str, *values: Any) -> apsw.Cursor:
        return self._connection.execute(_SQL[name], values)


class SqliteJobsWrite(SqliteJobsRead):
    """Changes inside the writer's transaction."""

    def add(
        self,
        kind: str,
        payload: dict[str, Any],
        due_at: int,
        *,
        share: str = "",
        lane: str = "",
        priority: int = 0,
        key: str | None = None,
    ) -> None:
        self._rows("add", kind, json.dumps(payload), due_at, share, lane, priority, key)

    def lease(self, now: int, until: int, wanted: Wanted) -> Job | None:
        while (row := self._rows("lease", now, now + FARTHEST, *_lists(wanted), until).fetchone()) is not None:
            try:
                return _job(row)
            except WRONG:
                _LOG.error("Job %s is damaged and dropped: it cannot be carried out", row[0])
                self._rows("drop", row[0])
        return None

    def put_back(self, job: Job, due_at: int, payload: dict[str, Any] | None = None) -> bool:
        kept = None if payload is None else json.dumps(payload)
        return self._rows("put_back", job.id, job.attempts, due_at, kept).fetchone() is not None

    def finish(self, job: Job) -> bool:
        return self._rows("finish", job.id, job.attempts).fetchone() is not None


def _job(row: Sequence[Any]) -> Job:
    job_id, kind, payload, attempts, share, lane = row
    words = [data(one).decode() for one in (kind, payload, share, lane)]
    return Job(job_id, words[0], json_object(words[1]), number(attempts), *words[2:])


def _lists(wanted: Wanted) -> list[str]:
    lists = (wanted.kinds, wanted.without_shares, wanted.without_lanes, wanted.without_ids)
    return [json.dumps(list(names)) for names in lists]
