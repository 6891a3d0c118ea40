"""The lines of an export: JSON objects, one a line.

The first names the format. Then, for each owner: ``owner``, its ``message``s, its ``memory``s in the order they were
written, and where its conversations stand (``thread``). The last, ``end``, has the counts: a file without it was cut
off. Times are ISO 8601, exact to the microsecond; what is null or
empty is left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from toldonce.errors import InvalidExport, InvalidInput
from toldonce.stores.protocol import Embedding, JournalMessage
from toldonce.stores.transfer import Carried, Operation, Thread, Version
from toldonce.text.repair import storable_json
from toldonce.times import iso, moment
from toldonce.types import ENTITY_KINDS, EntityKind, Message, Scope

FORMAT = 1

_IDS = ("user_id", "agent_id", "app_id", "run_id")


@dataclass(frozen=True, slots=True)
class Header:
    """What a file is. ``embedder``: whose vectors it holds, if it holds any."""

    embedder: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the lines that follow are."""

    kind: EntityKind
    id: str


@dataclass(frozen=True, slots=True)
class End:
    """What a whole file holds."""

    memories: int
    messages: int


Line: TypeAlias = Header | Owner | JournalMessage | Carried | Thread | End


def write(line: Line) -> str:
    """A line of the file, without its end."""
    shown = {key: value for key, value in _shown(line).items() if value or (value in (0, "") and value is not False)}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def read(text: str, number: int) -> Line:
    """What a line says. Raises ``InvalidExport`` that names it by its number."""
    try:
        line = _read(storable_json(json.loads(text)))
    except KeyError as error:
        raise InvalidExport(f"Line {number} lacks {error}. Was the file written by: toldonce export?") from error
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise InvalidExport(f"Line {number}: {error}") from error
        raise InvalidExport(f"Line {number} cannot be read ({error}). Was it written by: toldonce export?") from error
    return line


def _shown(line: Line) -> dict[str, Any]:
    match line:
        case Header():
            return {"kind": "toldonce", "format": FORMAT, "embedder": line.embedder}
        case Owner():
            return {"kind": "owner", "entity": line.kind, "id": line.id}
        case End():
            return {"kind": "end", "memories": line.memories, "messages": line.messages}
        case Thread():
            return _thread_shown(line)
        case JournalMessage():
            return _message_shown(line)
        case Carried():
            return _memory_shown(line)


def _read(row: Mapping[str, Any]) -> Line:
    match row["kind"]:
        case "toldonce":
            if row["format"] != FORMAT:
                raise InvalidExport(f"its format is {row['format']!r}; this version reads {FORMAT}. Upgrade Toldonce.")
            return Header(row.get("embedder"))
        case "owner":
            if row["entity"] not in ENTITY_KINDS:
                raise InvalidExport(f"{row['entity']!r} is no kind of entity.")
            return Owner(row["entity"], str(row["id"]))
        case "end":
            return End(int(row["memories"]), int(row["messages"]))
        case "thread":
            return Thread(row["key"], row["next"], row.get("session"), _time(row, "last_said_at"), row.get("last"))
        case "message":
            return _message(row)
        case "memory":
            return _memory(row)
    raise InvalidExport(f"{row['kind']!r} is no kind of line.")


def _thread_shown(line: Thread) -> dict[str, Any]:
    return {
        "kind": "thread",
        "key": line.key,
        "next": line.next_place,
        "session": line.session,
        "last": line.last_memory,
        "last_said_at": _iso(line.last_said_at),
    }


def _message_shown(line: JournalMessage) -> dict[str, Any]:
    return {
        "kind": "message",
        "conversation": line.conversation,
        "place": line.place,
        "role": line.role,
        "name": line.name,
        "content": line.content,
        "said_at": iso(line.said_at),
        "timed": line.timed,
        "recorded_at": iso(line.recorded_at),
        "id": line.external_id,
        "agent_id": line.agent_id,
        "app_id": line.app_id,
        "run_id": line.run_id,
    }


def _message(row: Mapping[str, Any]) -> JournalMessage:
    said = Message(_role(row), row["content"], row.get("name"))
    return JournalMessage(
        place=row["place"],
        role=said.role,
        name=said.name,
        content=said.content,
        said_at=moment(row["said_at"], "said_at"),
        timed=bool(row.get("timed")),
        recorded_at=moment(row["recorded_at"], "recorded_at"),
        digest=b"",  # made by the store it comes to
        external_id=row.get("id"),
        agent_id=row.get("agent_id"),
        app_id=row.get("app_id"),
        run_id=row.get("run_id"),
        conversation=row.get("conversation", ""),
    )


def _memory_shown(line: Carried) -> dict[str, Any]:
    ids = (line.scope.user_id, line.scope.agent_id, line.scope.app_id, line.scope.run_id)
    return {
        "kind": "memory",
        "id": line.uid,
        **dict(zip(_IDS, ids, strict=True)),
        "earlier_runs": list(line.earlier_runs),
        "role": line.role,
        "name": line.actor_id,
        "versions": [_version_shown(version) for version in line.versions],
        "current": line.current if line.current != len(line.versions) - 1 else None,
        "said_at": iso(line.said_at),
        "created_at": iso(line.created_at),
        "updated_at": iso(line.updated_at),
        "deleted_at": _iso(line.deleted_at),
        "expires_on": line.expires_on,
        "metadata": dict(line.metadata),
        "sayings": line.sayings if line.sayings != 1 else None,
        "answers": line.answers,
        "counts": line.counts,
        "previous": line.previous,
        "session": line.session,
        "sources": [list(source) for source in line.sources],
        "history": [[done.event, done.call, done.kind, done.old, done.new, iso(done.at)] for done in line.history],
        "fact": None if line.fact is None else dict(line.fact),
        **_embedding_shown(line.embedding),
    }


def _embedding_shown(made: Embedding | None) -> dict[str, str]:
    if made is None:
        return {}
    shown = {"vector": base64.b64encode(made.vector).decode()}
    return shown if made.tokens is None else {**shown, "token_vectors": base64.b64encode(made.tokens).decode()}


def _embedding(row: Mapping[str, Any]) -> Embedding:
    tokens = row.get("token_vectors")
    vector = base64.b64decode(row["vector"], validate=True)
    return Embedding(vector, None if tokens is None else base64.b64decode(tokens, validate=True))


def _version_shown(version: Version) -> dict[str, Any]:
    shown = {
        "text": version.text,
        "said_at": iso(version.said_at),
        "recorded_at": iso(version.recorded_at),
        "happened_from": _iso(version.happened_from),
        "happened_to": _iso(version.happened_to),
        "closed_at": _iso(version.closed_at),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _memory(row: Mapping[str, Any]) -> Carried:
    versions = [_version(version) for version in row["versions"]]
    current = row.get("current", len(versions) - 1)
    if not 0 <= current < len(versions):
        raise InvalidExport("a memory needs at least one version, and one of them holds.")
    return Carried(
        uid=row["id"],
        scope=Scope(*(row.get(name) for name in _IDS)),
        role=_role(row),
        actor_id=row.get("name"),
        versions=versions,
        current=current,
        said_at=moment(row["said_at"], "said_at"),
        created_at=moment(row["created_at"], "created_at"),
        updated_at=moment(row["updated_at"], "updated_at"),
        metadata=dict(row.get("metadata", {})),
        expires_on=row.get("expires_on"),
        earlier_runs=tuple(row.get("earlier_runs", ())),
        sayings=row.get("sayings", 1),
        deleted_at=_time(row, "deleted_at"),
        answers=bool(row.get("answers")),
        counts=bool(row.get("counts")),
        previous=row.get("previous"),
        session=row.get("session"),
        sources=[(key, place, kind) for key, place, kind in row.get("sources", ())],
        history=[
            Operation(event, call, kind, old, new, moment(at, "history"))
            for event, call, kind, old, new, at in row.get("history", ())
        ],
        embedding=_embedding(row) if "vector" in row else None,
        fact=dict(row["fact"]) if "fact" in row else None,
    )


def _version(row: Mapping[str, Any]) -> Version:
    if not isinstance(row["text"], str):
        raise InvalidExport("the text of a memory is a string.")
    return Version(
        row["text"],
        moment(row["said_at"], "said_at"),
        moment(row["recorded_at"], "recorded_at"),
        _time(row, "happened_from"),
        _time(row, "happened_to"),
        _time(row, "closed_at"),
    )


def _role(row: Mapping[str, Any]) -> Any:
    if row["role"] not in ("user", "assistant"):
        raise InvalidExport(f"{row['role']!r} is no role.")
    return row["role"]


def _iso(micros: int | None) -> str | None:
    return None if micros is None else iso(micros)


def _time(row: Mapping[str, Any], key: str) -> int | None:
    return None if row.get(key) is None else moment(row[key], key)
