"""Keying digests of words with the secret of a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from toldonce.stores.sql.database import Part
from toldonce.text.digests import about, words_digest


class Digests(Part):
    """Makes digests anew, inside a transaction that someone else began."""

    file = "digests"

    def of_messages(self, key: bytes, message_ids: Sequence[int]) -> None:
        """Those of these messages, and of silent ones beside them, now that the memories are there."""
        if message_ids:
            self.keep_messages(key, [row[0] for row in self._rows("with_silent", json.dumps(message_ids))])

    def keep_messages(self, key: bytes, message_ids: Sequence[int]) -> None:
        """Those of these messages."""
        made = self._all("Message", partial(_of_message, key), "said", json.dumps(message_ids))
        self._many("keep_message", made)

    def keep_memories(self, key: bytes, memory_ids: Sequence[int]) -> None:
        """Those of these memories."""
        made = self._all("Memory", lambda row: (_digest(key, *row[1:]), row[0]), "known", json.dumps(memory_ids))
        self._many("keep_memory", made)

    def messages_after(self, last: int, limit: int) -> list[int]:
        """The next messages, by id."""
        return [row[0] for row in self._rows("messages_after", last, limit)]

    def memories_after(self, last: int, limit: int) -> list[int]:
        """The next memories that count sayings, by id."""
        return [row[0] for row in self._rows("memories_after", last, limit)]


def _of_message(key: bytes, row: tuple[Any, ...]) -> tuple[bytes, int]:
    message_id, role, name, content, agent_id, app_id, details = row
    metadata, expires_on = json.loads(details) if details else ("{}", None)
    return _digest(key, role, name, content, agent_id, app_id, metadata, expires_on), message_id


def _digest(key: bytes, role: str, name: str | None, text: str, *details: Any) -> bytes:
    agent_id, app_id, metadata, expires_on = details
    return words_digest(key, role, name, text, *about(agent_id, app_id, json.loads(metadata), expires_on))
