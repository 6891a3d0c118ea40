"""Writing a store: the statements behind each step of a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence

from toldonce.errors import StoreError
from toldonce.stores.protocol import Changes, EditedMemory, Embedding, MemoryForUpdate, Unembedded
from toldonce.stores.sql.columns import corrupt, number, whole
from toldonce.stores.sql.conversation import Conversations
from toldonce.stores.sql.database import Database
from toldonce.stores.sql.edits import Edits
from toldonce.stores.sql.erasing import ErasingWriter
from toldonce.stores.sql.feed import FeedWriter
from toldonce.stores.sql.ids import SEQUENCE_BITS, first_id
from toldonce.stores.sql.jobs import JobsWriter
from toldonce.stores.sql.read import Reader
from toldonce.stores.sql.rebuilding import RebuildWriter
from toldonce.stores.sql.serving import ServingWriter
from toldonce.stores.sql.transfer import TransferWriter
from toldonce.types import EntityKind


class Writing(Reader):
    """One unit of work inside the writer's transaction."""

    serving_writer: type[ServingWriter] = ServingWriter
    erasing_writer: type[ErasingWriter] = ErasingWriter
    rebuild_writer: type[RebuildWriter] = RebuildWriter
    """What a store may have of its own."""

    def __init__(self, database: Database, conversations: Conversations, digest_key: bytes) -> None:
        super().__init__(database, conversations, digest_key)
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
        return self.serving_writer(self._database, self._note_removal)

    @property
    def jobs(self) -> JobsWriter:
        return JobsWriter(self._database)

    @property
    def feed(self) -> FeedWriter:
        return FeedWriter(self._database)

    @property
    def erasing(self) -> ErasingWriter:
        forget = self.deleted_of.update
        return self.erasing_writer(
            self._database,
            self.digest_key,
            self._edits,
            self.for_update,
            forget,
            self._note_removal,
            self._database.gathering,
        )

    @property
    def transfer(self) -> TransferWriter:
        append = self._conversations.append
        return TransferWriter(self._database, self.digest_key, self._reserve, self._bump, append)

    @property
    def rebuilding(self) -> RebuildWriter:
        return self.rebuild_writer(self._database)

    def keep_setting(self, key: str, value: str | None) -> None:
        if value is None:
            self._run("drop_setting", key)
        else:
            self._run("keep_setting", key, value)

    def ensure_owner(self, project: str, kind: EntityKind, entity_id: str, now: int) -> int:
        owner_id = self._value("owner_by_name", project, kind, entity_id)
        if owner_id is None:
            owner_id = self._value("add_owner", project, kind, entity_id, now)
        if owner_id is None:  # somebody else has made it meanwhile
            owner_id = self._value("owner_by_name", project, kind, entity_id)
        return int(owner_id)

    def _bump(self, owner_id: int) -> int:
        if owner_id not in self._versions:
            version = self._value("bump_owner", owner_id)
            self._versions[owner_id] = whole(f"Owner {owner_id}", lambda: number(version))
        return self._versions[owner_id]

    def _reserve(self, owner_id: int, count: int) -> int:
        reserved = self._row("reserve_ids", owner_id, count, int(owner_id not in self._versions)) or (None, None)
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
        return self._conversations.apply(changes, owner_id, self._reserve, self._bump)

    def edit(self, edited: EditedMemory, now: int) -> list[int]:
        return self._edits.edit(edited, now)

    def delete(self, project: str, memories: Sequence[MemoryForUpdate], now: int) -> list[int]:
        self.deleted_of.update(memory.owner_id for memory in memories)
        return self._edits.delete(project, memories, now) if memories else []

    def leave_run(self, project: str, memories: Sequence[MemoryForUpdate], run_id: str) -> None:
        if memories:
            self._removes = True
            self._edits.leave_run(project, memories, run_id)

    def _still_waiting(self, vectors: Sequence[tuple[Unembedded, Embedding]]) -> list[tuple[Unembedded, Embedding]]:
        """Those of versions whose stamps still fit; they wait no longer."""
        stamps = json.dumps([(version.version_id, version.stamp) for version, _ in vectors])
        taken = {row[0] for row in self._rows("take_unembedded", stamps)}
        return [(version, embedding) for version, embedding in vectors if version.version_id in taken]
