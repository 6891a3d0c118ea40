"""Keying a store's digests: on its first opening with this secret, whatever key they had before."""

from __future__ import annotations

import apsw

from toldonce.stores.sql.digests import Digests
from toldonce.stores.sqlite.database import SqliteDatabase
from toldonce.text.digests import key_name

_SETTING = "digest key"
_AT_ONCE = 4096


def rekey(connection: apsw.Connection, key: bytes) -> None:
    """Make every digest anew if they were made with another key or with none. Call under the write lock.

    One transaction: after a crash it begins again.
    """
    wanted = key_name(key)
    if connection.execute("SELECT CAST(value AS BLOB) FROM setting WHERE key = ?", (_SETTING,)).get == wanted.encode():
        return
    digests = Digests(SqliteDatabase(connection))
    with connection:
        last = 0
        while ids := digests.messages_after(last, _AT_ONCE):
            digests.keep_messages(key, ids)
            last = ids[-1]
        last = 0
        while ids := digests.memories_after(last, _AT_ONCE):
            digests.keep_memories(key, ids)
            last = ids[-1]
        connection.execute(
            "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            (_SETTING, wanted),
        )
