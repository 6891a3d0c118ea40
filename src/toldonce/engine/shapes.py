"""Memories as the dicts that Mem0's library returns, with what Toldonce adds: who said it, when and how often."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from hashlib import md5
from typing import Any

from toldonce.engine.erasing import Erased
from toldonce.recall import Hit
from toldonce.remember.add import Added
from toldonce.remember.facts import Fact, in_order, profile_of
from toldonce.remember.plan import Remembered
from toldonce.stores.protocol import HistoryEntry, JournalMessage, SourceMessage
from toldonce.times import iso
from toldonce.types import MemoryRecord

Item = dict[str, Any]


def item(record: MemoryRecord) -> Item:
    """A memory. Entity ids, speaker and expiry stand in it only where the memory has them."""
    found: Item = {
        "id": record.id,
        "memory": record.text,
        "hash": md5(record.text.encode(), usedforsecurity=False).hexdigest(),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "said_at": iso(record.said_at),
        "sayings": record.sayings,
        "role": record.role,
    }
    for key, value in (
        ("user_id", record.user_id),
        ("agent_id", record.agent_id),
        ("app_id", record.app_id),
        ("run_id", record.run_id),
        ("actor_id", record.actor_id),
        ("expiration_date", record.expires_on),
    ):
        if value is not None:
            found[key] = value
    found["metadata"] = deepcopy(record.metadata) if record.metadata else {}  # the caller's to change
    if record.fact is not None:
        found["kind"] = "fact"
    return found


def fact_item(fact: Fact) -> Item:
    """A fact. What stands for an open end (``valid_to``) or for no successor is None."""
    return {
        "id": fact.id,
        "category": fact.category,
        "attribute": fact.attribute,
        "value": fact.value,
        "statement": fact.statement,
        "valid_from": iso(fact.valid_from),
        "valid_from_precision": fact.valid_from_precision,
        "valid_to": None if fact.valid_to is None else iso(fact.valid_to),
        "recorded_at": iso(fact.recorded_at),
        "superseded_at": None if fact.superseded_at is None else iso(fact.superseded_at),
        "superseded_by": fact.superseded_by,
        "evidence": list(fact.evidence),
        "extractor": fact.extractor,
        "about": fact.about,
    }


def profile_item(user_id: str, facts: Sequence[Fact]) -> Item:
    """What holds of a user: ``profile`` by attribute, and the ``facts`` it is made of in the same order."""
    learned = max((fact.recorded_at for fact in facts), default=None)
    return {
        "user_id": user_id,
        "profile": profile_of(facts),
        "facts": [fact_item(fact) for fact in in_order(facts)],
        "updated_at": None if learned is None else iso(learned),
    }


def hit_item(hit: Hit, *, explain: bool) -> Item:
    """A recalled memory with its score in [0, 1].

    A long one also has the ``passage`` that the query is about. With ``explain`` it has ``score_breakdown``, what the
    score was made of, which Mem0's library calls ``score_details``.
    """
    found = item(hit.record)
    found["score"] = hit.scored.score
    if hit.passage is not None:
        found["passage"] = hit.passage
    if explain:
        found["score_breakdown"] = found["score_details"] = dict(hit.scored.breakdown)
    return found


def source_items(sources: Sequence[SourceMessage]) -> list[Item]:
    """The journal messages a memory came from."""
    return [
        {
            "conversation_id": source.conversation,
            "place": source.place,
            "message_id": source.message_id,
            "kind": source.kind,
        }
        for source in sources
    ]


def added_item(memory: Remembered) -> Item:
    """What add did to one memory. ``NONE``: its words were known; a repeat, or one more saying that was counted."""
    found: Item = {"id": memory.uid, "memory": memory.text, "event": "ADD" if memory.is_new else "NONE"}
    found["role"] = memory.message.role
    if memory.message.name is not None:
        found["actor_id"] = memory.message.name
    if memory.sayings > 1:
        found["sayings"] = memory.sayings
    return found


def added_answer(added: Added) -> dict[str, Any]:
    """The answer to add. ``left_out`` is there only where messages made no memory or something in them was odd."""
    answer: dict[str, Any] = {"results": [added_item(memory) for memory in added.memories]}
    if added.left_out:
        answer["left_out"] = [
            {"reason": reason} | ({} if message is None else {"role": message.role, "content": message.content})
            for reason, message in added.left_out
        ]
    return answer


def history_item(entry: HistoryEntry, memory_id: str, made_at: int) -> Item:
    """One thing done to a memory."""
    return {
        "id": entry.event_uid,
        "memory_id": memory_id,
        "old_memory": entry.old_text,
        "new_memory": entry.new_text,
        "event": entry.kind,
        "created_at": iso(made_at),
        "updated_at": iso(entry.at),
        "is_deleted": entry.kind == "DELETE",
    }


def message_item(message: JournalMessage) -> Item:
    """A message as it was said."""
    optional = {
        "name": message.name,
        "id": message.external_id,
        "agent_id": message.agent_id,
        "app_id": message.app_id,
        "run_id": message.run_id,
    }
    return {
        "role": message.role,
        "content": message.content,
        "said_at": iso(message.said_at),
        "recorded_at": iso(message.recorded_at),
        "conversation_id": message.conversation,
        "place": message.place,
        **{key: value for key, value in optional.items() if value is not None},
    }


def deleted(count: int) -> Item:
    """The answer to delete_all."""
    return {"message": "Memories deleted successfully!", "count": count}


def erased(what: Erased) -> Item:
    """The answer to erase."""
    return {
        "id": what.id,
        "status": what.status,
        "erased": dict(what.counts),
        "waits_for": list(what.waits_for),
        "receipt": what.receipt,
    }
