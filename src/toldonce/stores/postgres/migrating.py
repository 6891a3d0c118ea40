"""Bringing a database to this version's tables, by one process at a time.

Steps named ``pre`` run before new code uses the store, while old code still does. Steps named ``post`` run once no old
code does: ``toldonce migrate``.
"""

from __future__ import annotations

import psycopg

from toldonce.errors import CorruptStore, StoreError
from toldonce.stores.postgres.connection import Connection, newer, shown
from toldonce.stores.postgres.named import migrations

_LOCK = b"SELECT pg_advisory_xact_lock(8028075772389192821)"
_VERSION = b"SELECT max(number) FROM toldonce_schema"
_TABLE = b"CREATE TABLE toldonce_schema (number bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
_IS_THERE = b"SELECT to_regclass('toldonce_schema') IS NOT NULL, to_regclass('memory') IS NOT NULL"
_EXTENSION = b"CREATE EXTENSION IF NOT EXISTS vector"


def version_of(connection: Connection) -> int:
    """The last step that was run; 0: there is no store."""
    there = connection.execute(_IS_THERE).fetchone()
    if there is None or not there[0]:
        return 0
    row = connection.execute(_VERSION).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def migrate(connection: Connection, url: str) -> None:
    """Run the steps that are left, all or none of them. Raises ``NewerStore`` and other ``StoreError``s."""
    steps = migrations()
    newest = steps[-1][0]
    version = version_of(connection)
    if version > newest:
        raise newer(url, version, newest)
    if version == newest:
        return
    with connection.transaction():
        connection.execute(_LOCK)
        version = version_of(connection)
        if version == 0:
            _begin(connection, url)
        for number, script in steps:
            if number > version:
                connection.execute(script.encode())
                connection.execute(b"INSERT INTO toldonce_schema (number) VALUES ($1)", (number,))


def _begin(connection: Connection, url: str) -> None:
    there = connection.execute(_IS_THERE).fetchone()
    if there is not None and there[1]:
        raise CorruptStore(f"{shown(url)} holds tables of another program. Name an empty database.")
    try:
        with connection.transaction():
            connection.execute(_EXTENSION)
    except psycopg.Error as error:
        raise StoreError(
            f"{shown(url)} has no pgvector, and it cannot be added ({' '.join(str(error).split())}). Install pgvector "
            "on the server, and run CREATE EXTENSION vector in the database as a role that may."
        ) from error
    connection.execute(_TABLE)
