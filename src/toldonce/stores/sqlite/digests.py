"""Keying a store's digests: on its first opening with this secret, whatever key they had before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import apsw

from toldonce.text.digests import about, key_name, words_digest

_SETTING = "digest key"
_AT_ONCE = 4096
_SAID = """SELECT m.id, m.role, m.name, m.content, m.agent_id, m.app_id,
                  (SELECT json_array(n.metadata, n.expires_on) FROM source AS s JOIN memory AS n ON n.id = s.memory_id
                   WHERE s.message_id = m.id AND s.kind = 'said' LIMIT 1)
           FROM message AS m"""
"""Messages with the metadata and last day of the memory that each made."""


def rekey(connection: apsw.Connection, key: bytes) -> None:
    """Make every digest anew if they were made with another key or with none. Call under the write lock.

    One transaction: after a crash it begins again.
    """
    wanted = key_name(key)
    if connection.execute("SELECT value FROM setting WHERE key = ?", (_SETTING,)).get == wanted:
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
    while rows := connection.execute(f"{_SAID} WHERE m.id > ? ORDER BY m.id LIMIT ?", (last, _AT_ONCE)).fetchall():
        _keep(connection, key, rows)
        last = rows[-1][0]


def of_messages(connection: Any, key: bytes, message_ids: Sequence[int]) -> None:
    """Make the digests of these messages anew, now that the memories which they made are there."""
    if message_ids:
        which = json.dumps(message_ids)
        rows = connection.execute(f"{_SAID} WHERE m.id IN (SELECT value FROM json_each(?))", (which,)).fetchall()
        _keep(connection, key, rows)


def _keep(connection: Any, key: bytes, rows: Sequence[tuple[Any, ...]]) -> None:
    made = []
    for message_id, role, name, content, agent_id, app_id, details in rows:
        metadata, expires_on = json.loads(details) if details else ("{}", None)
        made.append((_digest(key, role, name, content, agent_id, app_id, metadata, expires_on), message_id))
    connection.executemany("UPDATE message SET digest = ? WHERE id = ?", made)


def _memories(connection: Any, key: bytes) -> None:
    last = 0
    while rows := connection.execute(
        """SELECT m.id, m.role, m.actor_id, v.text, m.agent_id, m.app_id, m.metadata, m.expires_on
           FROM memory AS m JOIN memory_version AS v ON v.id = m.version_id
           WHERE m.id > ? AND m.digest IS NOT NULL ORDER BY m.id LIMIT ?""",
        (last, _AT_ONCE),
    ).fetchall():
        connection.executemany(
            "UPDATE memory SET digest = ? WHERE id = ?", [(_digest(key, *row[1:]), row[0]) for row in rows]
        )
        last = rows[-1][0]


def _digest(key: bytes, role: str, name: str | None, text: str, *details: Any) -> bytes:
    agent_id, app_id, metadata, expires_on = details
    return words_digest(key, role, name, text, *about(agent_id, app_id, json.loads(metadata), expires_on))
