"""Where an erasure gathers what is to go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

_SCRATCH = """
    CREATE TEMP TABLE IF NOT EXISTS gone_memory (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE IF NOT EXISTS gone_message (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE IF NOT EXISTS gone_version (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE IF NOT EXISTS gone_uid (uid TEXT PRIMARY KEY)
"""
_EMPTY = "; ".join(f"DELETE FROM gone_{table}" for table in ("memory", "message", "version", "uid"))


@contextmanager
def gathering(connection: apsw.Connection) -> Iterator[None]:
    """Empty temporary tables, which are in RAM only; what is deleted meanwhile is overwritten. See also scrub.py."""
    connection.execute(f"PRAGMA secure_delete=ON; {_SCRATCH}; {_EMPTY}").fetchall()
    try:
        yield
    finally:
        connection.execute(f"{_EMPTY}; PRAGMA secure_delete=OFF").fetchall()
