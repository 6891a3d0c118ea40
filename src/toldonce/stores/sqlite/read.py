"""Reading the SQLite store."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import apsw

from toldonce.stores.sql.read import Reader, Shown
from toldonce.stores.sqlite.conversation import SqliteConversations
from toldonce.stores.sqlite.database import SqliteDatabase


def reader(
    connection: apsw.Connection, digest_key: bytes, shown: Shown | None = None, known: dict[Hashable, Any] | None = None
) -> Reader:
    """Questions over a connection inside a transaction that someone else began; see ``Reader``."""
    database = SqliteDatabase(connection)
    return Reader(database, SqliteConversations(database), digest_key, shown, known)
