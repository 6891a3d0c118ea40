"""Writing the SQLite store: what is its own of a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import apsw

from toldonce.stores.examining import Examination
from toldonce.stores.protocol import Embedding, Unembedded
from toldonce.stores.sql.ids import SEQUENCE_BITS
from toldonce.stores.sql.write import Writing
from toldonce.stores.sqlite.conversation import SqliteConversations
from toldonce.stores.sqlite.database import SqliteDatabase
from toldonce.stores.sqlite.doctor import Doctor


class SqliteWrite(Writing):
    """One unit of work inside the writer's transaction."""

    def __init__(self, connection: apsw.Connection, digest_key: bytes) -> None:
        database = SqliteDatabase(connection)
        super().__init__(database, SqliteConversations(database), digest_key)
        self.connection = connection

    def examine(self, folder: Path | None) -> Examination:
        """Look at every row; with a folder, set aside what is damaged into a file there."""
        doctor = Doctor(self.connection)
        if folder is None:
            return doctor.examine()
        found = doctor.set_aside(folder)
        self.deleted_of |= doctor.owners
        return found

    def keep_vectors(self, vectors: Sequence[tuple[Unembedded, Embedding]]) -> int:
        kept = self._still_waiting(vectors)
        if kept:
            self._run("keep_vectors", *_side_by_side(kept))
            ids = [version.memory_id for version, _ in kept]
            touched = [(memory_id, self._bump(memory_id >> SEQUENCE_BITS)) for memory_id in ids]
            self._database.each(self._sql["touch"], json.dumps, touched)
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
