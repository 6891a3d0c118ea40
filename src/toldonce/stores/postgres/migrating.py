"""Bringing a database to this version's tables, by one process at a time.

Steps named ``pre`` only add: they are run when new code opens the store, while old code still uses it. Steps named
``post`` take away what old code needs. ``toldonce migrate`` runs them, once no old code has the store open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg

from toldonce.errors import CorruptStore, StoreError
from toldonce.locks import lock_wait
from toldonce.stores.postgres.connection import Connection, connect, newer, our_errors, require_server, shown
from toldonce.stores.postgres.named import migrations
from toldonce.stores.postgres.presence import older
from toldonce.stores.sql.named import Step

_PATIENCE = 2.0
"""Seconds that a step waits for a table. Whoever asks for the table meanwhile queues up behind it."""
_PAUSE = 0.2
"""Seconds for which they go first then."""

_LOCK = b"SELECT pg_advisory_xact_lock(8028075772389192821)"
_NUMBERS = b"SELECT number FROM toldonce_schema"
POST_STEP = b"SELECT coalesce(max(number) FILTER (WHERE post), 0) FROM toldonce_schema"
"""The last step that older versions do not survive."""
_KEEP = b"INSERT INTO toldonce_schema (number, post) VALUES ($1, $2)"
_TABLE = b"""
CREATE TABLE toldonce_schema (
    number     bigint PRIMARY KEY,
    post       boolean NOT NULL DEFAULT false,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""
_AHEAD = b"""
SELECT coalesce(max(sequence), 0) >> 20 >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM change
"""
_RENUMBER = b"""
DO $$ BEGIN
    UPDATE feed_reader SET sequence = (SELECT count(*) FROM change AS c WHERE c.sequence <= feed_reader.sequence);
    UPDATE webhook SET since = (SELECT count(*) FROM change AS c WHERE c.sequence <= webhook.since);
    UPDATE change SET sequence = numbered.number
    FROM (SELECT sequence, row_number() OVER (ORDER BY sequence) AS number FROM change) AS numbered
    WHERE change.sequence = numbered.sequence;
END $$
"""
_IS_THERE = b"SELECT to_regclass('toldonce_schema') IS NOT NULL, to_regclass('memory') IS NOT NULL"
_EXTENSION = b"CREATE EXTENSION IF NOT EXISTS vector"


def holds_store(connection: Connection) -> bool:
    """Whether any step was run."""
    return bool(_numbers(connection))


def migrate(connection: Connection, url: str) -> None:
    """Run the ``pre`` steps that are left, all or none of them; in an empty database, every step.

    Raises ``NewerStore`` and other ``StoreError``s.
    """
    steps = migrations()
    done = _numbers(connection)
    _require_known(connection, url, done, steps)
    if not all(step.number in done or step.post for step in steps):
        _patiently(connection, url, lambda: _open_steps(connection, url, steps))
    if _is_restored(connection):
        _patiently(connection, url, lambda: _number_changes_anew(connection))


def migrate_whole(url: str) -> list[int]:
    """Run all steps that are left; their numbers. Refuses ``post`` ones while older versions have the store open."""
    with closing(connect(url)) as connection:
        require_server(connection, url)
        steps = migrations()
        with our_errors(url):
            _require_known(connection, url, _numbers(connection), steps)
            return _patiently(connection, url, lambda: _whole(connection, url, steps))


def _open_steps(connection: Connection, url: str, steps: Sequence[Step]) -> list[int]:
    done = _numbers(connection)
    if not done:
        _begin(connection, url)
        return _run(connection, steps)
    left = [step for step in steps if step.number not in done]
    pre = [step for step in left if not step.post]
    overdue = [step for step in left if step.post and pre and step.number < pre[-1].number]
    if overdue:
        raise StoreError(
            f"{shown(url)} lacks step {overdue[0].number} of an earlier version, which no program of a still older one "
            "survives. Stop those, and run: toldonce migrate"
        )
    return _run(connection, pre)


def _whole(connection: Connection, url: str, steps: Sequence[Step]) -> list[int]:
    done = _numbers(connection)
    if not done:
        _begin(connection, url)
    left = [step for step in steps if step.number not in done]
    for step in left:
        if done and step.post and (still := older(connection, step.number)):
            raise StoreError(
                f"An older version has {shown(url)} open: {', '.join(still)}. Stop it, and repeat this; nothing was "
                "changed. What was killed counts for another minute."
            )
        _run(connection, [step])
    return [step.number for step in left]


def _run(connection: Connection, steps: Sequence[Step]) -> list[int]:
    for step in steps:
        connection.execute(step.script.encode())
        connection.execute(_KEEP, (step.number, step.post))
    return [step.number for step in steps]


def _patiently(connection: Connection, url: str, run: Callable[[], list[int]]) -> list[int]:
    """Run steps in one transaction, and again while a table is in use, without holding up others for long."""
    until = time.monotonic() + lock_wait()
    while True:
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {int(_PATIENCE * 1000)}".encode())
                connection.execute(_LOCK)
                return run()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > until:
                raise StoreError(
                    f"The tables of {shown(url)} could not be brought up to date: somebody has had them in use all "
                    "the time (see pg_stat_activity), or brings them up to date. Nothing was changed; try again."
                ) from error
        time.sleep(_PAUSE)


def _is_restored(connection: Connection) -> bool:
    """Whether changes have numbers of transactions that are still to come: of another server, by ``pg_restore``."""
    return bool(connection.execute(_AHEAD).fetchall()[0][0])


def _number_changes_anew(connection: Connection) -> list[int]:
    if _is_restored(connection):  # still: nobody else did it
        connection.execute(_RENUMBER)
    return []


def _numbers(connection: Connection) -> set[int]:
    """The steps that were run; none: there is no store."""
    there = connection.execute(_IS_THERE).fetchone()
    if there is None or not there[0]:
        return set()
    return {int(row[0]) for row in connection.execute(_NUMBERS)}


def _require_known(connection: Connection, url: str, done: set[int], steps: Sequence[Step]) -> None:
    newest = steps[-1].number
    if done and max(done) > newest:
        row = connection.execute(POST_STEP).fetchone()
        if row is not None and row[0] > newest:
            raise newer(url, row[0], newest)


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
