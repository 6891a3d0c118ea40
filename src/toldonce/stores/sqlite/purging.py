"""Making sure that no byte of a deleted row is left in the file or its log, and saying who holds that up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from toldonce.stores.sqlite.connection import connect
from toldonce.stores.sqlite.scrub import can_scrub, scrub

_BUSY = 100
"""Milliseconds that a checkpoint waits for readers, while nobody can write."""
_LOCKS = Path("/proc/locks")
_FIRST_READ_LOCK = 123
_LAST_READ_LOCK = 127
"""Bytes of the file ``-shm`` that readers lock ("WAL-Index File Format", sqlite.org/walformat.html)."""


def purge(path: Path) -> bool:
    """Empty the log and overwrite what the file keeps of deleted rows; False: somebody reads the log.

    Call while nobody can write; where somebody has, all the same, it is False too.
    """
    with closing(connect(path, writes=True)) as connection:
        connection.set_busy_timeout(_BUSY)

        def fold() -> bool:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0)

        if not fold():
            return False
        if can_scrub(connection.pragma("page_count")):
            connection.execute("BEGIN IMMEDIATE")
            if path.with_name(path.name + "-wal").stat().st_size:
                connection.execute("ROLLBACK")
                return False
            scrub(path)
        else:
            connection.execute("VACUUM; BEGIN IMMEDIATE").fetchall()
        # Whatever is committed has every connection read its pages anew.
        connection.execute("DELETE FROM setting WHERE key = 'purged'")
        connection.execute("INSERT INTO setting (key, value) VALUES ('purged', '')")
        connection.execute("COMMIT")
        return fold() or can_scrub(connection.pragma("page_count"))


def readers(path: Path) -> Sequence[int]:
    """The processes that read now, where the system tells."""
    log = path.with_name(path.name + "-shm")
    found: set[int] = set()
    with suppress(OSError):
        status = log.stat()
        where = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in _LOCKS.read_text().splitlines():
            fields = line.split()
            if where not in fields:
                continue
            process, _, first, last = fields[fields.index(where) - 1 :][:4]
            if last.isdigit() and int(last) >= _FIRST_READ_LOCK and int(first) <= _LAST_READ_LOCK:
                found.add(int(process))
    return sorted(found)
