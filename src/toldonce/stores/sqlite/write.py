"""Writing the SQLite store: the statements behind each step of a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from toldonce.errors import StoreError
from toldonce.stores.examining import Examination
from toldonce.stores.protocol import Changes, EditedMemory, Embedding, MemoryForUpdate, Unembedded
from toldonce.stores.sql.columns import corrupt, number, whole
from toldonce.stores.sql.edits import Edits
from toldonce.stores.sql.erasing import ErasingWriter
from toldonce.stores.sql.feed import FeedWriter
from toldonce.stores.sql.ids import SEQUENCE_BITS, first_id
from toldonce.stores.sql.jobs import JobsWriter
from toldonce.stores.sql.rebuilding import RebuildWriter
from toldonce.stores.sql.serving import ServingWriter
from toldonce.stores.sql.transfer import TransferWriter
from toldonce.stores.sqlite import conversation
from toldonce.stores.sqlite.doctor import Doctor
from toldonce.stores.sqlite.gathering import gathering
from toldonce.stores.sqlite.read import SqliteRead
from toldonce.types import EntityKind


class SqliteWrite(SqliteRead):
    """One unit of work inside the writer's transaction."""

    def __init__(self, connection: Any, digest_key: bytes) -> None:
        super().__init__(connection, digest_key)
        self._versions: dict[int, int] = {}
        self._edits = Edits(self._database, self._bump, self._reserve)
        self.deleted_of: set[int] = set()
        """Owners of whom something was deleted."""
        self._removes = False

    @property
    def frees(self) -> bool:
        """Whether this takes something away, or notes that it was: it may be done on a full disk."""
        return self._removes or bool(self.deleted_of)

    def _note_removal(self) -> None:
        self._removes = True

    @property
    def serving(self) -> ServingWriter:
        return ServingWriter(self._database, self._note_removal)

    @property
    def jobs(self) -> JobsWriter:
        return JobsWriter(self._database)

    @property
    def feed(self) -> FeedWriter:
        return FeedWriter(self._database)

    @property
    def erasing(self) -> ErasingWriter:
        forget = self.deleted_of.update
        return ErasingWriter(
            self._database,
            self.digest_key,
            self._edits,
            self.for_update,
            forget,
            self._note_removal,
            partial(gathering, self._connection),
        )

    @property
    def transfer(self) -> TransferWriter:
        append = partial(conversation.append, self._connection)
        return TransferWriter(self._database, self.digest_key, self._reserve, self._bump, append)

    @property
    def rebuilding(self) -> RebuildWriter:
        return RebuildWriter(self._database)

    def examine(self, folder: Path | None) -> Examination:
        """Look at every row; with a folder, set aside what is damaged into a file there."""
        doctor = Doctor(self._connection)
        if folder is None:
            return doctor.examine()
        found = doctor.set_aside(folder)
        self.deleted_of |= doctor.owners
        return found

    def keep_setting(self, key: str, value: str | None) -> None:
        if value is None:
            self._rows("drop_setting", key)
        else:
            self._rows("keep_setting", key, value)

    def ensure_owner(self, project: str, kind: EntityKind, entity_id: str, now: int) -> int:
        owner_id = self._value("owner_by_name", project, kind, entity_id)
        if owner_id is None:
            self._rows("add_owner", project, kind, entity_id, now)
            owner_id = self._connection.last_insert_rowid()
        return int(owner_id)

    def _bump(self, owner_id: int) -> int:
        if owner_id not in self._versions:
            version = self._value("bump_owner", owner_id)
            self._versions[owner_id] = whole(f"Owner {owner_id}", lambda: number(version))
        return self._versions[owner_id]

    def _reserve(self, owner_id: int, count: int) -> int:
        reserved = self._value("reserve_ids", owner_id, count, owner_id not in self._versions)
        first, version = whole(f"Owner {owner_id}", lambda: (number(reserved[0]), number(reserved[1])))
        if first < 1:
            raise corrupt(f"Owner {owner_id}")  # its next memory would be another owner's
        self._versions[owner_id] = version
        if first + count > 1 << SEQUENCE_BITS:
            if first > self._value("greatest_sequence", owner_id) + 1:
                raise corrupt(f"Owner {owner_id}")
            raise StoreError(f"This owner has written {first} memories and versions, the most one owner can hold.")
        return first_id(owner_id) + first

    def apply(self, changes: Changes) -> list[int]:
        owner_id = changes.owner_id
        if owner_id is None:
            owner_id = self.ensure_owner(*changes.address[:3], changes.at)
        return conversation.apply(self._connection, changes, owner_id, self._reserve, self._bump)

    def edit(self, edited: EditedMemory, now: int) -> list[int]:
        return self._edits.edit(edited, now)

    def delete(self, project: str, memories: Sequence[MemoryForUpdate], now: int) -> list[int]:
        self.deleted_of.update(memory.owner_id for memory in memories)
        return self._edits.delete(project, memories, now) if memories else []

    def leave_run(self, project: str, memories: Sequence[MemoryForUpdate], run_id: str) -> None:
        if memories:
            self._removes = True
            self._edits.leave_run(project, memories, run_id)

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, Embedding]]) -> int:
        stamps = json.dumps([(version.version_id, version.stamp) for version, _ in vectors])
        taken = {row[0] for row in self._rows("take_unembedded", stamps)}
        kept = [(version, embedding) for version, embedding in vectors if version.version_id in taken]
        if kept:
            self._rows("keep_vectors", *_side_by_side(kept))
            ids = [version.memory_id for version, _ in kept]
            touched = [(memory_id, self._bump(memory_id >> SEQUENCE_BITS)) for memory_id in ids]
            try:
                self._rows("touch", json.dumps(touched))
            except apsw.ConstraintError:  # one of them is damaged, and SQLite writes rows whole: not those of others
                for one in touched:
                    with suppress(apsw.ConstraintError):
                        self._rows("touch", json.dumps([one]))
        return len(kept)


def _side_by_side(embedded: Sequence[tuple[Unembedded, Embedding]]) -> tuple[str, bytes]:
    """The arguments of ``keep_vectors``. Places count from one, as SQL does."""
    places: list[tuple[int, int, int, int, int | None]] = []
    end = 1
    for version, (vector, tokens) in embedded:
        behind = end + len(vector)
        places.append((version.version_id, end, len(vector), behind, None if tokens is None else len(tokens)))
        end = behind + len(tokens or b"")
    return json.dumps(places), b"".join(vector + (tokens or b"") for _, (vector, tokens) in embedded)
