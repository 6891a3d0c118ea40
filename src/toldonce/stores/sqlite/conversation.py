"""Reading a conversation in SQLite, question by question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from toldonce.stores.protocol import ConversationQuery, ConversationView, Trace
from toldonce.stores.sql.columns import corrupt
from toldonce.stores.sql.conversation import Conversations, at_the_end
from toldonce.stores.sql.ids import MOST_OWNERS, first_id
from toldonce.text.digests import subject_digest

WRITING = (resources.files(__package__) / "applied.sql").read_text("utf-8")
"""What a connection has to run once before it writes."""


class SqliteConversations(Conversations):
    """See ``Conversations``."""

    def load(self, query: ConversationQuery, digest_key: bytes) -> ConversationView:
        """See ``ReadJournal.conversation``."""
        subject = subject_digest(digest_key, *query.address[:3])
        found: Any = self._row("address", *query.address, subject)
        owner_id, conversation_id, next_place, session_id, last_said_at, last_memory_id, erased = found
        if owner_id is not None and not 0 < owner_id < MOST_OWNERS:
            raise corrupt(f"Owner {owner_id}")
        if conversation_id is None:
            return ConversationView(owner_id=owner_id, erased=bool(erased))
        if not 0 < conversation_id < MOST_OWNERS:
            raise corrupt(f"Conversation {conversation_id}")
        first = first_id(conversation_id)
        end = first + next_place
        start = max(end - query.window, first)
        talk = (query.agent_id, query.app_id)
        # Without damaged ones: what is offered again for lack of them is stored again.
        latest = self._all("Message", at_the_end, "latest", max(end - query.latest, first), end, *talk, first)
        if query.window <= query.latest:  # one message was offered: what was just read tells
            window = [trace for _, trace, ours in latest if ours and trace.place >= start - first]
        else:
            window = list(map(Trace._make, self._rows("window", first, start, end, *talk, query.most)))
        return ConversationView(
            owner_id=owner_id,
            conversation_id=conversation_id,
            next_place=next_place,
            session_id=session_id,
            last_said_at=last_said_at,
            last_memory_id=last_memory_id,
            latest=[message for message, _, _ in latest],
            window=window,
            whole=start == first,
            known_ids=self._known_ids(conversation_id, query.external_ids),
            timed=self._timed(conversation_id, query.timed),
            erased=bool(erased),
        )

    def _known_ids(self, conversation_id: int, external_ids: Sequence[str]) -> dict[str, int]:
        if not external_ids:
            return {}
        rows = self._rows("known_ids", conversation_id, json.dumps(external_ids, ensure_ascii=False))
        return {external_id: message_id - first_id(conversation_id) for external_id, message_id in rows}

    def _timed(self, conversation_id: int, timed: Sequence[tuple[bytes, int]]) -> dict[tuple[bytes, int], list[int]]:
        found: dict[tuple[bytes, int], list[int]] = {}
        if timed:
            wanted = json.dumps([(digest.hex(), said_at) for digest, said_at in timed])
            for digest, said_at, message_id in self._rows("timed", conversation_id, wanted):
                found.setdefault((digest, said_at), []).append(message_id - first_id(conversation_id))
        return found
