"""Named locks between processes, which end with the connection of whoever has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from toldonce.errors import StoreError
from toldonce.stores.postgres.connection import connect, our_errors, shown

_TAKE = b"SELECT pg_try_advisory_xact_lock(hashtextextended('lock ' || $1::text, 0))"
_STAY = b"SET LOCAL idle_in_transaction_session_timeout = 0"
"""However long it takes. It also ends the statement before, which would go on seeing what is deleted meanwhile."""
_HOLDER = b"""
SELECT a.application_name, a.pid FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended('lock ' || $1::text, 0)
"""


@contextmanager
def named_lock(url: str, name: str) -> Iterator[None]:
    """Be the only one who does what ``name`` says. A lock of a transaction: it holds behind a pool of sessions too."""
    with closing(connect(url)) as connection:
        with our_errors(url):
            connection.execute(b"BEGIN")
            taken = connection.execute(_TAKE, (name,)).fetchone()
            holder = None if taken and taken[0] else connection.execute(_HOLDER, (name,)).fetchone()
        if taken is None or not taken[0]:
            who = "Another process" if holder is None else f"{holder[0] or 'a program'} (session {holder[1]})"
            raise StoreError(f"{who} has {shown(url)} for this ({name}). Wait for it, or stop it first.")
        with our_errors(url):
            connection.execute(_STAY)
        yield
