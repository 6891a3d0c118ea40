"""Jobs."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from toldonce.stores.jobs import FARTHEST, Job, Wanted
from toldonce.stores.sql.columns import WRONG, data, json_object, number
from toldonce.stores.sql.database import Part

_LOG = logging.getLogger(__name__)


class JobsReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "jobs"

    def next_due(self, now: int, wanted: Wanted) -> int | None:
        due: int | None = self._value("next_due", now, now + FARTHEST, *_lists(wanted))
        return due

    def counts(self) -> dict[str, int]:
        return dict(self._rows("counts"))

    def keyed(self, prefix: str) -> list[Job]:
        found: list[Job] = []
        for row in self._rows("keyed", prefix):
            with suppress(*WRONG):  # whoever leases a damaged job drops it
                found.append(_job(row))
        return found


class JobsWriter(JobsReader):
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
        self._run("add", kind, json.dumps(payload), due_at, share, lane, priority, key)

    def lease(self, now: int, until: int, wanted: Wanted) -> Job | None:
        while (row := self._row("lease", now, now + FARTHEST, *_lists(wanted), until)) is not None:
            try:
                return _job(row)
            except WRONG:
                _LOG.error("Job %s is damaged and dropped: it cannot be carried out", row[0])
                self._run("drop", row[0])
        return None

    def put_back(self, job: Job, due_at: int, payload: dict[str, Any] | None = None) -> bool:
        kept = None if payload is None else json.dumps(payload)
        return self._row("put_back", job.id, job.attempts, due_at, kept) is not None

    def finish(self, job: Job) -> bool:
        return self._row("finish", job.id, job.attempts) is not None


def _job(row: Sequence[Any]) -> Job:
    job_id, kind, payload, attempts, share, lane = row
    words = [data(one).decode() for one in (kind, payload, share, lane)]
    return Job(job_id, words[0], json_object(words[1]), number(attempts), *words[2:])


def _lists(wanted: Wanted) -> list[str]:
    lists = (wanted.kinds, wanted.without_shares, wanted.without_lanes, wanted.without_ids)
    return [json.dumps(list(names)) for names in lists]
