"""Connecting to PostgreSQL, and saying in our own words what it found wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from toldonce.errors import CorruptStore, DiskFull, InvalidConfig, NewerStore, StoreError, ToldonceError, Unreachable
from toldonce.stores.place import DatabaseUrl

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

OLDEST = 15
"""The first major version that is used."""
_CONNECT_WITHIN = 10
"""Seconds, unless the URL says otherwise (``connect_timeout``)."""

_STATE = b"""
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on', pg_backend_pid()
"""


class StoreUnreachable(StoreError, Unreachable):
    """The database does not answer, or not us."""


class Interrupted(StoreUnreachable):
    """The connection was lost before anything was committed: the same may be tried again."""


class Again(StoreError):
    """The database broke the transaction off, and nothing of it was written: the same may be tried again."""


def read_url(url: str) -> dict[str, Any]:
    """The parts of a URL, as libpq reads them. Raises ``InvalidConfig``."""
    try:
        parts: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise InvalidConfig(
            f"The address of the store cannot be read ({str(error).strip()}). It looks like "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        ) from error
    return parts


def shown(url: str) -> str:
    """A URL for people to read, without what is secret in it."""
    return str(DatabaseUrl(url))


def connect(url: str) -> Connection:
    """A connection outside any transaction. Raises ``StoreUnreachable`` with what the server says."""
    options: dict[str, Any] = {"application_name": f"toldonce {os.getpid()}", "connect_timeout": _CONNECT_WITHIN}
    given = read_url(url)
    for name in options.keys() & given.keys():
        del options[name]
    try:
        connection = psycopg.connect(url, autocommit=True, cursor_factory=RawCursor, **options)
    except psycopg.OperationalError as error:
        raise StoreUnreachable(
            f"{shown(url)} cannot be opened: {_said(error)}. Check that the server runs there and has connections "
            "left, that the database exists (createdb), and the user and password in the address."
        ) from error
    connection.adapters.register_dumper(int, Int8Dumper)  # one type for all numbers, so that a statement has one plan
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    return connection


def require_server(connection: Connection, url: str) -> None:
    """Refuse servers that are too old, and such as only copy another.

    Behind a pool of sessions, such as PgBouncer's, nothing may be left in one: then no statement is prepared either.
    """
    if connection.info.server_version < OLDEST * 10_000:
        major = connection.info.server_version // 10_000
        raise StoreError(f"{shown(url)} is PostgreSQL {major}; Toldonce needs {OLDEST} or newer.")
    [(read_only, session)] = connection.execute(_STATE).fetchall()
    if read_only:
        raise StoreError(
            f"{shown(url)} is a replica, or read-only: nothing can be written there. Name the primary, or all servers "
            "with target_session_attrs=read-write."
        )
    if session != connection.info.backend_pid:  # who greeted us is not who answers
        connection.prepare_threshold = None


@contextmanager
def our_errors(url: str) -> Iterator[None]:
    """Turn psycopg's errors into ours, with the remedy."""
    try:
        yield
    except ToldonceError:
        raise
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise Again(f"{shown(url)} broke the transaction off ({_said(error)}): nothing was written.") from error
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(
            f"Another process has been writing for the same owner in {shown(url)} for too long (see "
            "TOLDONCE_LOCK_WAIT): nothing was written. See who it is in pg_stat_activity."
        ) from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction) as error:
        raise CorruptStore(
            f"The tables of {shown(url)} are not those this version of Toldonce made ({_said(error)}). Restore them "
            "from a backup, or restart this program if a newer version has changed them."
        ) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise StoreError(f"{shown(url)} has become read-only ({_said(error)}). Name the primary.") from error
    except psycopg.errors.DiskFull as error:
        raise DiskFull(f"The disk of {shown(url)} is full: nothing was written. Make room and try again.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreError(
            f"The role that opens {shown(url)} may not do that: {_said(error)}. Let it own the tables, or make the "
            "store with a role that does."
        ) from error
    except psycopg.errors.IntegrityError as error:  # ours to keep: what is there contradicts what is to be written
        raise CorruptStore(f"Nothing was written to {shown(url)}: {_said(error)}.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Interrupted(f"The connection to {shown(url)} was lost: {_said(error)}.") from error
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL at {shown(url)} could not do it: {_said(error)}.") from error


def newer(url: str, version: int, known: int) -> NewerStore:
    """The error about a store of a later version."""
    return NewerStore(
        f"{shown(url)} was made by a newer Toldonce (schema {version}; this one knows {known}). "
        "Upgrade with pip install -U toldonce, and restart this program."
    )


def _said(error: Exception) -> str:
    """What the server said, on one line."""
    return " ".join(str(error).split()).rstrip(".")
