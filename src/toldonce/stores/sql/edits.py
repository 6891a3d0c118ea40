"""Changing and deleting memories, so that no neighbour's vector keeps words that are gone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from toldonce.stores.protocol import EditedMemory, MemoryForUpdate
from toldonce.stores.sql.database import Database, Part
from toldonce.stores.sql.rows import fact_text, memberships, metadata_text
from toldonce.types import Scope
from toldonce.uids import new_uid

_DERIVED = ("drop_tokens", "drop_vectors", "drop_unembedded", "drop_rebuilt_tokens", "drop_rebuilt_vectors")

Bump: TypeAlias = Callable[[int], int]
"""Opens an owner's next version, once a transaction."""


class Edits(Part):
    """The statements of an edit or a delete, inside the writer's transaction."""

    file = "edits"

    def __init__(self, database: Database, bump: Bump, reserve: Callable[[int, int], int]) -> None:
        super().__init__(database)
        self._bump = bump
        self._reserve = reserve

    def edit(self, edited: EditedMemory, now: int) -> list[int]:
        """See ``WriteMemories.edit``."""
        before = edited.before
        changed = self._bump(before.owner_id)
        metadata = metadata_text(edited.metadata)
        details = (metadata, edited.expires_on, now, edited.digest, edited.said_at, fact_text(edited.fact))
        self._run("keep_details", before.id, changed, *details)
        version, waiting = before.version_id, []
        if edited.text != before.text:
            version = self._reserve(before.owner_id, 1)
            self._run("add_version", version, before.id, edited.text, edited.said_at, now)
            self._run("close_version", before.version_id, now, version)
            self._run("drop_unembedded", _json([before.version_id]))
            self._run("keep_version", before.id, version)
            self._run("await_vector", version, changed)
            successors = self._rows("successors", _json([before.id]))
            waiting = [version, *self._embed_again([(row[0], row[1], changed) for row in successors])]
        if edited.tokens is not None:
            self._run("keep_tokens", version, edited.tokens)
        self._log("UPDATE", [(before.id, before.version_id, version)], now)
        return waiting

    def delete(self, project: str, memories: Sequence[MemoryForUpdate], now: int) -> list[int]:
        """See ``WriteMemories.delete``."""
        previous = {memory.id: memory.previous_id for memory in memories}
        gone = _json(list(previous))
        self._run("mark_deleted", _json([(m.id, self._bump(m.owner_id)) for m in memories if not m.damaged]), now)
        if unreadable := [(m.id, self._bump(m.owner_id)) for m in memories if m.damaged]:
            self._run("bury", _json(unreadable), now)
        versions = _json([row[0] for row in self._rows("versions_of", gone)])
        for statement in _DERIVED:
            self._run(statement, versions)
        self._end_memberships(project, [(m, (*m.earlier_runs, m.scope.run_id)) for m in memories])
        owners = _json(list({memory.owner_id for memory in memories}))
        lasts = self._rows("lasts", owners, gone)
        if lasts:
            self._each("keep_lasts", [(row[0], _survivor(row[1], previous)) for row in lasts])
        self._log("DELETE", [(memory.id, memory.version_id, None) for memory in memories], now)
        successors = self._rows("successors", gone)
        if not successors:
            return []
        relinked = [(row[0], row[1], self._bump(row[3]), _survivor(row[2], previous)) for row in successors]
        self._each("relink", relinked)
        return self._embed_again(relinked)

    def leave_run(self, project: str, memories: Sequence[MemoryForUpdate], run_id: str) -> None:
        """See ``WriteMemories.leave_run``."""
        leaving = _json([memory.id for memory in memories])
        said = self._rows("sayings_in_run", leaving, run_id)
        self._run("drop_sources", _json(said))
        taken = Counter(row[0] for row in said)
        last: dict[int, int] = dict(self._rows("last_sayings", leaving))
        rows = []
        for memory in memories:
            runs = [run for run in (*memory.earlier_runs, memory.scope.run_id) if run not in (None, run_id)]
            earlier = json.dumps(runs[:-1]) if runs[:-1] else None
            sayings = max(memory.sayings - taken[memory.id], 1)
            changed = self._bump(memory.owner_id)
            rows.append((memory.id, changed, runs[-1], earlier, sayings, last.get(memory.id) or memory.said_at))
        self._run("keep_runs", _json(rows))
        ended = _json([("run", run_id, memory.owner_id, memory.id) for memory in memories])
        self._run("end_memberships", ended, project)

    def _end_memberships(self, project: str, runs_of: Sequence[tuple[MemoryForUpdate, Sequence[str | None]]]) -> None:
        ended = {
            (kind, entity, memory.owner_id, memory.id)
            for memory, runs in runs_of
            for run in runs
            for kind, entity in memberships(
                Scope(memory.scope.user_id, memory.scope.agent_id, memory.scope.app_id, run)
            )
        }
        self._run("end_memberships", _json(list(ended)), project)
        if unknown := [memory.id for memory, _ in runs_of if memory.damaged]:
            self._run("end_all_memberships", _json(unknown), project)

    def _embed_again(self, memories: Sequence[tuple[Any, ...]]) -> list[int]:
        """Drop the vectors of (memory, version, owner version) and let them wait for new ones; the versions."""
        versions = [memory[1] for memory in memories]
        if versions:
            self._run("drop_vectors", _json(versions))
            self._run("drop_rebuilt_vectors", _json(versions))
            self._run("embed_again", _json(memories))
            self._each("touch", memories)
        return versions

    def _log(self, kind: str, entries: Sequence[tuple[int, int, int | None]], now: int) -> None:
        uid = new_uid(now)
        self._run("add_event", uid, kind, now)
        self._run("add_operations", _json(entries), uid, kind)
        self._run("add_changes", _json(entries))

    def _each(self, name: str, rows: Sequence[Any]) -> None:
        self._database.each(self._sql[name], _json, rows)


def _survivor(memory_id: int | None, previous: Mapping[int, int | None]) -> int | None:
    """The nearest memory before one that is going which is not going too."""
    while memory_id is not None and memory_id in previous:
        memory_id = previous[memory_id]
    return memory_id


def _json(rows: Sequence[Any]) -> str:
    return json.dumps(rows)
