"""What callers of the verbs pass -> what the engine works on, or an error that says what was wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from toldonce.config import read_guidance
from toldonce.errors import InvalidConfig, InvalidInput, MissingIdentity, Unsupported
from toldonce.filters import Filter, constrains_entity, entity_id, parse_filters
from toldonce.recall import in_context, just_asked
from toldonce.remember.edit import Edit
from toldonce.remember.normalise import LONGEST_MESSAGE, normalise
from toldonce.remember.plan import AddRequest
from toldonce.text.repair import storable, storable_json
from toldonce.times import day, moment, now, zone_of
from toldonce.types import ENTITY_KINDS, ErasedKind, Scope

_LOG = logging.getLogger(__name__)

PROJECT = "default"
"""The project of everything that is not reached through a server's key."""

LONGEST_QUERY = 8_192
MOST_METADATA = 65_536
MOST_RESULTS = 10_000
MOST_TOKENS = 1_000_000
_IDENTITY = frozenset({"user_id", "agent_id", "app_id", "run_id"})


class Unset:
    """Stands for an argument nobody passed, where None means something."""


UNSET = Unset()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What one call of search asks for."""

    query: str
    tree: Filter
    limit: int
    threshold: float
    now: int
    token_budget: int | None
    just_asked: tuple[frozenset[int], ...] = ()
    """The questions right before, see ``recall.followup``: memories of them answer nothing."""
    zone: tzinfo = UTC
    """Whose days "yesterday" and "on May 8" mean."""


def scope_of(user_id: object, agent_id: object, app_id: object, run_id: object) -> Scope:
    """The entity ids of a call; at least one."""
    values = zip(ENTITY_KINDS, (user_id, agent_id, app_id, run_id), strict=True)
    scope = Scope(*(None if value is None else entity_id(kind, value) for kind, value in values))
    if scope == Scope():
        raise MissingIdentity("Say whose memory this is: pass at least one of user_id, agent_id, app_id and run_id.")
    return scope


def what_to_erase(
    *,
    user_id: object = None,
    agent_id: object = None,
    app_id: object = None,
    run_id: object = None,
    memory_id: object = None,
) -> tuple[ErasedKind, str]:
    """The one thing that a call of erase names. By keyword: callers have these in different orders."""
    named = [*zip(ENTITY_KINDS, (user_id, agent_id, app_id, run_id), strict=True)]
    entities = [(kind, value) for kind, value in named if value is not None]
    if len(entities) + (memory_id is not None) != 1:
        raise MissingIdentity(
            "Say what to erase: exactly one of user_id, agent_id, app_id, run_id and memory_id. For two, call it twice."
        )
    if memory_id is not None:
        return "memory", str(memory_id)
    kind, value = entities[0]
    return kind, entity_id(kind, value)


def facts_request(user_id: object, as_of: object) -> tuple[str, int | None]:
    """Whose facts, and as of when (microseconds; None: now)."""
    return entity_id("user", user_id), None if as_of is None else moment(as_of, "as_of")


def add_request(
    messages: object,
    scope: Scope,
    *,
    metadata: object,
    timestamp: object,
    expiration_date: object,
    infer: bool,
    memory_type: object,
    prompt: object,
    conversation_id: str | None,
    at: int | None = None,
    guidance: Mapping[str, Any] | None = None,
) -> AddRequest:
    """Read the arguments of add.

    ``at``: when the call was made, if not now; in microseconds. ``guidance``: what ``config.read_guidance`` reads, for
    a model that reads these messages.
    """
    if memory_type is not None:
        raise Unsupported(
            f"memory_type={memory_type!r} is no kind of memory here, with or without an extraction model. Leave it out."
        )
    told = {"custom_instructions": prompt, **(guidance or {})}
    wanted = {key: value for key, value in told.items() if value}
    try:
        read_guidance(wanted)
    except InvalidConfig as error:
        raise InvalidInput(f"prompt, or what a model is told: {error}") from error
    read = normalise(messages, None if timestamp is None else moment(timestamp, "timestamp"))
    for oddity in read.oddities:
        _LOG.warning("add: %s", oddity.reason)
    return AddRequest(
        scope=scope,
        messages=read.messages,
        oddities=[oddity.reason for oddity in read.oddities],
        metadata=read_metadata(metadata),
        expires_on=None if expiration_date is None else day(expiration_date, "expiration_date"),
        infer=infer,
        conversation_id=conversation_id,
        now=now() if at is None else at,
        zone=zone_of(timestamp),
        guidance=wanted,
    )


def search_request(
    query: object,
    filters: Mapping[str, Any] | None,
    top_k: object,
    threshold: object,
    reference_date: object,
    token_budget: object = None,
    context: object = None,
) -> SearchRequest:
    """Read the arguments of search. ``context``: the messages before the query, which it may lean on."""
    earlier = [(message.role, message.content) for message in normalise(context).messages] if context else []
    if earlier and isinstance(query, str):
        query = in_context(query, earlier)
    at = now() if reference_date is None else moment(reference_date, "reference_date")
    budget = None if token_budget is None else read_limit(token_budget, "token_budget", MOST_TOKENS)
    tree, limit = read_filters(filters), read_limit(top_k, "top_k")
    request = search_terms(query, tree, limit, threshold, at, budget, just_asked(earlier))
    return replace(request, zone=zone_of(reference_date))


def search_terms(
    query: object,
    tree: Filter,
    limit: int,
    threshold: object,
    at: int,
    token_budget: int | None = None,
    just_asked: tuple[frozenset[int], ...] = (),
) -> SearchRequest:
    """Read what is searched for, once it is known where, how many and at what moment."""
    if not isinstance(query, str) or not query.strip():
        raise InvalidInput("query is empty: pass what to look for, such as 'Where does she live?'.")
    number = 0.1 if threshold is None else threshold
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= 1:
        raise InvalidInput(f"threshold must be a number from 0 to 1, not {threshold!r}.")
    return SearchRequest(
        query=storable(query).strip()[:LONGEST_QUERY],
        tree=tree,
        limit=limit,
        threshold=float(number),
        now=at,
        token_budget=token_budget,
        just_asked=just_asked,
    )


def edit_request(text: object, metadata: object, expiration_date: object, timestamp: object = None) -> Edit:
    """Read the arguments of update. ``timestamp``: when it was said, for those who knew better only later."""
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise InvalidInput("text is empty: pass the memory's new words, or leave text out.")
    if isinstance(text, str) and len(text) > LONGEST_MESSAGE:
        raise InvalidInput(f"text has {len(text):,} characters; the most is {LONGEST_MESSAGE:,}.")
    if text is None and metadata is None and timestamp is None and isinstance(expiration_date, Unset):
        raise InvalidInput("Nothing to update: pass text, metadata or expiration_date.")
    ends = expiration_date is None
    keeps = ends or isinstance(expiration_date, Unset)
    return Edit(
        text=None if text is None else storable(text).strip(),
        metadata=None if metadata is None else read_metadata(metadata),
        expires_on=None if keeps else day(expiration_date, "expiration_date"),
        ends_expiry=ends,
        said_at=None if timestamp is None else moment(timestamp, "timestamp"),
    )


def read_filters(filters: Mapping[str, Any] | None) -> Filter:
    """Parse filters that must say whose memories they are about."""
    tree = parse_filters(filters)
    if not constrains_entity(tree):
        raise MissingIdentity(
            "filters must name at least one user_id, agent_id, app_id or run_id, such as {'user_id': 'ann'}."
        )
    return tree


def scope_filter(scope: Scope) -> Filter:
    """All of a call's ids at once: an AND, which never reaches further than each of them."""
    named = {"user_id": scope.user_id, "agent_id": scope.agent_id, "app_id": scope.app_id, "run_id": scope.run_id}
    return parse_filters({key: value for key, value in named.items() if value is not None})


def read_metadata(metadata: object) -> dict[str, Any]:
    """Metadata as it is stored: JSON, without the keys that say whose a memory is."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise InvalidInput(f"metadata must be a dict with string keys, not {type(metadata).__name__}.")
    unnamed = next((key for key in metadata if not isinstance(key, str)), "")
    if unnamed != "":
        raise InvalidInput(f"metadata must have string keys; {unnamed!r:.80} is none.")
    kept = {key: value for key, value in metadata.items() if key not in _IDENTITY}
    if len(kept) < len(metadata):
        _LOG.warning("metadata cannot say whose a memory is: %s dropped", ", ".join(sorted(_IDENTITY & set(metadata))))
    encoded = ", ".join(f"{_encoded(key, key)}: {_encoded(key, value)}" for key, value in kept.items())
    if len(encoded) > MOST_METADATA:
        raise InvalidInput(f"metadata has {len(encoded):,} characters as JSON; the most is {MOST_METADATA:,}.")
    return dict(json.loads(f"{{{encoded}}}"))


def _encoded(key: str, value: object) -> str:
    try:
        return json.dumps(storable_json(value), allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"metadata[{key!r:.80}] must be plain JSON (strings, numbers, lists, dicts): {error}."
        ) from error


def read_limit(value: object, key: str, most: int = MOST_RESULTS) -> int:
    """A count of results, or of tokens."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidInput(f"{key} must be a whole number from 1 to {most:,}, not {value!r}.")
    return value


def understood(verb: str, arguments: Mapping[str, Any], top_k: object) -> object:
    """What ``**kwargs`` of search and get_all come to: how many results are wanted.

    Mem0's library refuses entity ids there, and swallows everything else; ``limit`` is its older name of ``top_k``.
    """
    ids = sorted(_IDENTITY & set(arguments))
    if ids:
        raise InvalidInput(f"{verb}() takes {ids[0]} inside filters: filters={{'{ids[0]}': ...}}.")
    for key in arguments:
        if key != "limit":
            _LOG.warning("%s(%s=...) has no effect here and is ignored", verb, key)
    return arguments.get("limit", top_k)
