"""Reading a conversation in PostgreSQL: all that is asked of it goes in one round trip."""

from __future__ import annotations

import json

from toldonce.stores.postgres.database import PostgresDatabase
from toldonce.stores.protocol import ConversationQuery, ConversationView, Trace
from toldonce.stores.sql.conversation import Conversations, at_the_end
from toldonce.text.digests import subject_digest


class PostgresConversations(Conversations):
    """See ``Conversations``."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._asked = database

    def load(self, query: ConversationQuery, digest_key: bytes) -> ConversationView:
        """See ``ReadJournal.conversation``."""
        later, sql, address = self._asked.later, self._sql, query.address
        talk = (query.agent_id, query.app_id)
        subject = subject_digest(digest_key, *address[:3])
        stands = later(sql["address"], (*address, subject))
        latest = later(sql["latest"], (*address, query.latest, *talk))
        window = (
            later(sql["window"], (*address, query.window, *talk, query.most)) if query.window > query.latest else None
        )
        known = timed = None
        if query.external_ids:
            known = later(sql["known_ids"], (*address, json.dumps(query.external_ids, ensure_ascii=False)))
        if query.timed:
            wanted = json.dumps([(digest.hex(), said_at) for digest, said_at in query.timed])
            timed = later(sql["timed"], (*address, wanted))
        owner_id, conversation_id, next_place, session_id, last_said_at, last_memory_id, erased = stands()[0]
        if conversation_id is None:
            return ConversationView(owner_id=owner_id, erased=erased)
        start = max(next_place - query.window, 0)
        end = list(map(at_the_end, latest()))
        times: dict[tuple[bytes, int], list[int]] = {}
        for digest, said_at, place in timed() if timed is not None else ():
            times.setdefault((digest, said_at), []).append(place)
        return ConversationView(
            owner_id=owner_id,
            conversation_id=conversation_id,
            next_place=next_place,
            session_id=session_id,
            last_said_at=last_said_at,
            last_memory_id=last_memory_id,
            latest=[message for message, _, _ in end],
            window=(
                list(map(Trace._make, window()))
                if window is not None
                else [trace for _, trace, ours in end if ours and trace.place >= start]
            ),
            whole=start == 0,
            known_ids=dict(known()) if known is not None else {},
            timed=times,
            erased=erased,
        )
