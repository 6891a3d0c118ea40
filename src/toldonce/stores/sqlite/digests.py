"""Keying a store's digests: on its first opening with this secret, whatever key they had before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import apsw

from toldonce.stores.sqlite.damage import Rows
from toldonce.stores.sqlite.ids import SEQUENCE_BITS
from toldonce.text.digests import about, key_name, words_digest

_SETTING = "digest key"
_AT_ONCE = 4096
_NEAR = 32
"""Messages before and after one that made no memory, among which its call's metadata is looked for."""
_DETAILS = "json_array(n.metadata, n.expires_on) FROM source AS s JOIN memory AS n ON n.id = s.memory_id"
_SAID = f"""SELECT m.id, m.role, m.name, m.content, m.agent_id, m.app_id,
                   coalesce((SELECT {_DETAILS} WHERE s.message_id = m.id AND s.kind = 'said' LIMIT 1),
                            (SELECT {_DETAILS} JOIN message AS o ON o.id = s.message_id
                             WHERE o.id BETWEEN m.id - {_NEAR} AND m.id + {_NEAR}
                             AND o.id >> {SEQUENCE_BITS} = m.id >> {SEQUENCE_BITS} AND s.kind = 'said'
                             AND o.agent_id IS m.agent_id AND o.app_id IS m.app_id
                             ORDER BY o.recorded_at <> m.recorded_at, abs(o.id - m.id) LIMIT 1))
            FROM message AS m"""
"""Messages with the metadata and last day of the memory that each made, or that one of the same call made.

A journal has no metadata of its own; what one call told has the same.
"""
_WITH_SILENT = f"""SELECT DISTINCT m.id FROM json_each(?) AS told CROSS JOIN message AS m
                       ON m.id BETWEEN told.value - {_NEAR} AND told.value + {_NEAR}
                       AND m.id >> {SEQUENCE_BITS} = told.value >> {SEQUENCE_BITS}
                   WHERE m.id = told.value
                      OR NOT EXISTS (SELECT 1 FROM source AS s WHERE s.message_id = m.id AND s.kind = 'said')"""
_KNOWN = """SELECT m.id, m.role, m.actor_id, v.text, m.agent_id, m.app_id, m.metadata, m.expires_on
            FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
            WHERE m.id IN (SELECT value FROM json_each(?))"""


def rekey(connection: apsw.Connection, key: bytes) -> None:
    """Make every digest anew if they were made with another key or with none. Call under the write lock.

    One transaction: after a crash it begins again.
    """
    wanted = key_name(key)
    if connection.execute("SELECT CAST(value AS BLOB) FROM setting WHERE key = ?", (_SETTING,)).get == wanted.encode():
        return
    with connection:
        _messages(connection, key)
        _memories(connection, key)
        connection.execute(
            "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            (_SETTING, wanted),
        )


def _messages(connection: Any, key: bytes) -> None:
    last = 0
    while ids := connection.execute(
        "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?", (last, _AT_ONCE)
    ).fetchall():
        _keep(connection, key, [row[0] for row in ids])
        last = ids[-1][0]


def of_messages(connection: Any, key: bytes, message_ids: Sequence[int]) -> None:
    """Make the digests of these messages anew, and of silent ones beside them, now that the memories are there."""
    if message_ids:
        told = (json.dumps(message_ids),)
        _keep(connection, key, [row[0] for row in connection.execute(_WITH_SILENT, told)])


def _keep(connection: Any, key: bytes, message_ids: Sequence[int]) -> None:
    sql = f"{_SAID} WHERE m.id IN (SELECT value FROM json_each(?))"
    made = list(Rows(connection, "Message").read(sql, (json.dumps(message_ids),), partial(_of_message, key)))
    connection.executemany("UPDATE message SET digest = ? WHERE id = ?", made)


def _of_message(key: bytes, row: tuple[Any, ...]) -> tuple[bytes, int]:
    message_id, role, name, content, agent_id, app_id, details = row
    metadata, expires_on = json.loads(details) if details else ("{}", None)
    return _digest(key, role, name, content, agent_id, app_id, metadata, expires_on), message_id


def _memories(connection: Any, key: bytes) -> None:
    last = 0
    while ids := connection.execute(
        "SELECT id FROM memory WHERE id > ? AND digest IS NOT NULL ORDER BY id LIMIT ?", (last, _AT_ONCE)
    ).fetchall():
        which = json.dumps([row[0] for row in ids])
        made = list(Rows(connection, "Memory").read(_KNOWN, (which,), lambda row: (_digest(key, *row[1:]), row[0])))
        connection.executemany("UPDATE memory SET digest = ? WHERE id = ?", made)
        last = ids[-1][0]


def _digest(key: bytes, role: str, name: str | None, text: str, *details: Any) -> bytes:
    agent_id, app_id, metadata, expires_on = details
    return words_digest(key, role, name, text, *about(agent_id, app_id, json.loads(metadata), expires_on))
