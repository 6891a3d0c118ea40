"""Making sure that no byte of a deleted row is left in the database's tables, and saying who holds that up.

PostgreSQL keeps deleted rows until nobody can see them, and then leaves their bytes on the page. So the tables are
written anew. What the server's log of writes, its replicas and its backups keep is theirs: see docs/postgres.md.
"""

from __future__ import annotations

from typing import Any

import psycopg

from toldonce.stores.postgres.connection import Connection

TABLES = (
    "owner", "conversation", "message", "memory", "locator", "memory_version", "membership", "token", "embedding",
    "unembedded", "rebuilt_embedding", "rebuilt_token", "source", "event", "operation", "change", "erasure",
    "erased_words", "call", "feedback", "export", "delivery", "job",
)  # fmt: skip
"""All that hold words, vectors or ids of what may be erased."""

PATIENCE = 10.0
"""Seconds that whoever only wants room back waits for a table."""

_NOW = b"SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_READERS = b"""
SELECT application_name, pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
  AND age(backend_xmin) > age(($1::text::numeric % 4294967296)::text::xid)
ORDER BY pid
"""
_HOLDERS = b"""
SELECT application_name, pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY pid
"""


def horizon(connection: Connection) -> str:
    """The first transaction that has not begun yet: whoever reads before it may still see what was deleted."""
    row = connection.execute(_NOW).fetchone()
    assert row is not None
    return str(row[0])


def readers(connection: Connection, before: str) -> list[tuple[str, int]]:
    """(program, session) of those who may still see what was deleted before this transaction."""
    return _named(connection.execute(_READERS, (before,)).fetchall())


def rewrite(connection: Connection, within: float) -> list[tuple[str, int]]:
    """Write all tables anew; those who are in the way after so many seconds. Nobody else uses a table meanwhile."""
    connection.execute(f"SET lock_timeout = {max(int(within * 1000), 1)}".encode())
    try:
        for table in TABLES:
            connection.execute(f"VACUUM (FULL) {table}".encode())
    except psycopg.errors.LockNotAvailable:
        return _named(connection.execute(_HOLDERS).fetchall()) or [("", 0)]
    finally:
        connection.execute(b"SET lock_timeout = 0")
    return []


def _named(rows: list[tuple[Any, ...]]) -> list[tuple[str, int]]:
    return [(str(name), int(session)) for name, session in rows]
