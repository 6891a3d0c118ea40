"""Adding messages: one transaction from what was offered to what can be recalled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from toldonce.remember.plan import AddRequest, Remembered, hear, plan, query_for
from toldonce.stores.protocol import Write


@dataclass(frozen=True, slots=True)
class Added:
    """What one call of add did."""

    memories: Sequence[Remembered] = ()
    versions: list[int] = field(default_factory=list)
    """What waits for a vector now."""
    messages: int = 0
    """How many messages were new."""


def add(store: Write, project: str, request: AddRequest) -> Added:
    """Journal what is new of the request's messages and remember what they say: load, plan, apply."""
    query = query_for(project, request)
    view = store.conversation(query)
    heard = hear(view, request)
    if not heard:
        return Added()
    words = list({one.words: None for one in heard if one.words is not None})
    known = {} if view.owner_id is None else store.known_words(view.owner_id, words)
    planned = plan(query.address, request, view, heard, known)
    return Added(planned.told, store.apply(planned.changes), len(heard))
