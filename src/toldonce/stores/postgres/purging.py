"""Making sure that no byte of a deleted row is left in the database's tables, and saying who holds that up.

PostgreSQL keeps deleted rows until nobody can see them, and then leaves their bytes on the page. So the tables are
written anew. What the server's log of writes, its replicas and its backups keep is theirs: see docs/postgres.md.
"""

from __future__ import annotations

from typing import Any

import psycopg

from toldonce.stores.postgres.connection import Connection

PATIENCE = 10.0
"""Seconds that whoever only wants room back waits for a table."""

_NOW = b"SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_READERS = b"""
SELECT application_name, pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
  AND age(backend_xmin) > age(($1::text::numeric % 4294967296)::text::xid)
ORDER BY pid
"""
_TABLES = b"""
SELECT t.oid::regclass::text, i.relname FROM pg_index AS x
JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid
WHERE x.indisprimary AND t.relname NOT IN ('opener', 'secret', 'toldonce_schema')
  AND t.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'memory'::regclass)
ORDER BY t.relname
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
    """Write all tables anew; those who are in the way after so many seconds. Nobody else uses a table meanwhile.

    ``CLUSTER`` drops what nobody can see as ``VACUUM FULL`` does, and is allowed in a transaction, which a time limit
    can belong to.
    """
    wait = f"SET LOCAL lock_timeout = {max(int(within * 1000), 1)}".encode()
    try:
        for table, key in connection.execute(_TABLES).fetchall():
            with connection.transaction():
                connection.execute(wait)
                connection.execute(f"CLUSTER {table} USING {key}".encode())
    except psycopg.errors.LockNotAvailable:
        return _named(connection.execute(_HOLDERS).fetchall()) or [("", 0)]
    return []


def _named(rows: list[tuple[Any, ...]]) -> list[tuple[str, int]]:
    return [(str(name), int(session)) for name, session in rows]
