"""The shapes of Mem0's platform. Where its calls name one thing twice (run_id and session_id), both are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import md5
from typing import Any

from toldonce.priority import giving_way
from toldonce.recall.selection import Hit
from toldonce.server.tenants import SETTINGS
from toldonce.stores.protocol import HistoryEntry
from toldonce.stores.serving import Call, Delivery, EntityCount, Member, Origin, Project, Webhook
from toldonce.times import as_datetime, iso
from toldonce.types import MemoryRecord

Item = dict[str, Any]
_ALWAYS = frozenset({"id", "memory"})


def memory(record: MemoryRecord) -> Item:
    """A memory, with what Toldonce knows beyond Mem0: who said it, when it was last said and how often."""
    return {
        **_common(record),
        "hash": md5(record.text.encode(), usedforsecurity=False).hexdigest(),
        "structured_attributes": _attributes(record.created_at),
        "replaced_by": None,
        "synthesized": record.fact is not None,
        "lifecycle_state": "active",
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "said_at": iso(record.said_at),
    }


def hit(found: Hit) -> Item:
    """A recalled memory. Its times are written out by orjson, ten times as fast: this is the busiest answer."""
    record, breakdown = found.record, found.scored.breakdown
    return {
        **_common(record),
        "created_at": as_datetime(record.created_at),
        "updated_at": as_datetime(record.updated_at),
        "said_at": as_datetime(record.said_at),
        "score": found.scored.score,
        "score_breakdown": {
            "semantic": breakdown.get("meaning", 0.0),
            "bm25": breakdown.get("words", 0.0),
            **breakdown,
        },
    }


def _common(record: MemoryRecord) -> Item:
    return {
        "id": record.id,
        "memory": record.text,
        "user_id": record.user_id,
        "agent_id": record.agent_id,
        "app_id": record.app_id,
        "run_id": record.run_id,
        "session_id": record.run_id,
        "metadata": record.metadata,
        "categories": record.categories,
        "expiration_date": record.expires_on,
        "sayings": record.sayings,
        "role": record.role,
        "actor_id": record.actor_id,
    }


def only(items: Iterable[Item], fields: Sequence[str] | None) -> list[Item]:
    """The asked-for fields of each; id and memory always."""
    items = giving_way(items)
    if not fields:
        return list(items)
    wanted = _ALWAYS | set(fields)
    return [{key: value for key, value in item.items() if key in wanted} for item in items]


def _attributes(micros: int) -> Item:
    return _of_minute(micros // 60_000_000)


@lru_cache(maxsize=1024)
def _of_minute(minute: int) -> Item:
    when = as_datetime(minute * 60_000_000)
    return {
        "year": when.year,
        "month": when.month,
        "day": when.day,
        "hour": when.hour,
        "minute": when.minute,
        "day_of_week": when.strftime("%A").lower(),
        "week_of_year": when.isocalendar().week,
        "day_of_year": when.timetuple().tm_yday,
        "quarter": (when.month + 2) // 3,
        "is_weekend": when.weekday() >= 5,
    }


def results(call: Call, texts: Mapping[str, str]) -> list[Item]:
    """What a call did to memories, with the words of those there still are, as ``memory`` and as ``data.memory``."""
    return [
        {"id": uid, "event": event, "memory": texts.get(uid), "data": {"memory": texts.get(uid)}}
        for uid, event in call.results
    ]


READ_LATER = "read_later"
"""In the answer that is kept of a call: the conversation, and the place up to which a model reads it for facts."""


def event(call: Call, texts: Mapping[str, str], facts: str = "read", cause: str = "") -> Item:
    """A call as an event. What was said is kept by the time anyone asks; ``facts``: see ``extraction.state_of``."""
    return {
        "id": call.id,
        "event_id": call.id,
        "event_type": call.kind,
        "status": {"waiting": "PENDING", "failed": "FAILED"}.get(facts, "SUCCEEDED"),
        "payload": {},
        "metadata": {},
        "results": results(call, texts),
        "created_at": iso(call.started_at),
        "updated_at": iso(call.finished_at),
        "started_at": iso(call.started_at),
        "completed_at": iso(call.finished_at),
        "latency": (call.finished_at - call.started_at) / 1000,
        "graph_status": None,
        "error": cause or None,
    }


def history_entry(entry: HistoryEntry, memory_id: str, made_at: int, origin: Origin) -> Item:
    """One thing done to a memory."""
    labels = origin.metadata.get("categories")
    return {
        "id": entry.event_uid,
        "memory_id": memory_id,
        "input": [{"role": role, "content": content} for role, content in origin.said],
        "old_memory": entry.old_text,
        "new_memory": entry.new_text,
        "user_id": origin.scope.user_id,
        "agent_id": origin.scope.agent_id,
        "app_id": origin.scope.app_id,
        "run_id": origin.scope.run_id,
        "session_id": origin.scope.run_id,
        "categories": labels if isinstance(labels, list) else [],
        "event": entry.kind,
        "metadata": origin.metadata,
        "created_at": iso(made_at),
        "updated_at": iso(entry.at),
    }


def entity(counted: EntityCount) -> Item:
    """A user, agent, app or run."""
    return {
        "id": counted.entity_id,
        "name": counted.entity_id,
        "type": counted.kind,
        "created_at": iso(counted.created_at),
        "updated_at": iso(counted.updated_at),
        "owner": None,
        "metadata": {},
        "total_memories": counted.memories,
    }


def project(found: Project, members: Sequence[Member]) -> Item:
    """A project with all it was told."""
    return {
        "project_id": found.id,
        "org_id": found.organisation,
        "name": found.name,
        "description": found.description,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
        "members": [member(someone) for someone in members],
        **SETTINGS,
        **found.settings,
        "usecase": found.settings.get("usecase_setting"),
        "is_default": found.id == "default",
        "user_role": "OWNER",
        "expiration_date": None,
        "active_prompt_profile": None,
    }


def member(someone: Member) -> Item:
    """Somebody who belongs to a project."""
    return {"username": someone.email, "email": someone.email, "role": someone.role}


def webhook(found: Webhook) -> Item:
    """A webhook, without its secret."""
    return {
        "webhook_id": found.id,
        "name": found.name,
        "url": found.url,
        "event_types": list(found.event_types),
        "owner": None,
        "is_active": True,
        "project": found.project,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
    }


def delivery(tried: Delivery) -> Item:
    """One try to deliver."""
    return {
        "message_id": tried.message_id,
        "event_type": tried.event_type,
        "memory_id": tried.memory_uid,
        "attempt": tried.attempt,
        "status": tried.status,
        "error": tried.error,
        "next_attempt_at": None if tried.next_at is None else iso(tried.next_at),
        "at": iso(tried.at),
    }
