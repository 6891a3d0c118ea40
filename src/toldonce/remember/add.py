"""Adding messages: one transaction from what was offered to what can be recalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from toldonce.remember.align import repeats
from toldonce.remember.plan import (
    AddRequest,
    LeftOut,
    Remembered,
    hear,
    offered_by,
    plan,
    query_for,
    standing,
)
from toldonce.remember.verbatim import draft
from toldonce.stores.protocol import ConversationAddress, SaidMemory, Write
from toldonce.text.digests import bare_digest, subject_digest

SAYS_NOTHING = "says nothing to remember"
SAID_BEFORE = "repeats a message that says nothing to remember"
SAME_ID = "has the id of another message of this call"
WAS_ERASED = "was erased, and comes back only after an erase with allow_return"


@dataclass(frozen=True, slots=True)
class Added:
    """What one call of add did."""

    memories: Sequence[Remembered] = ()
    versions: list[int] = field(default_factory=list)
    """What waits for a vector now."""
    messages: int = 0
    """How many messages were new."""
    left_out: Sequence[LeftOut] = ()
    """Messages that no memory came of."""


def add(store: Write, project: str, request: AddRequest) -> Added:
    """Journal what is new of the request's messages and remember what they say: load, plan, apply."""
    offered = offered_by(request, store.digest_key)
    query = query_for(project, request, offered)
    view = store.conversation(query)
    erased = _erased(store, query.address, request) if view.erased else set[int]()
    oddities = [*map(LeftOut, request.oddities)]
    if erased:
        oddities += [LeftOut(WAS_ERASED, request.messages[number]) for number in sorted(erased)]
        offered = [one for number, one in enumerate(offered) if number not in erased]
        kept = [message for number, message in enumerate(request.messages) if number not in erased]
        request = replace(request, messages=kept)
    repeated = repeats(offered, view, request.now)
    said: dict[int, list[SaidMemory]] = {}
    if repeated and view.conversation_id is not None:
        said = store.memories_said_at(view.conversation_id, list(set(repeated.values())))
        repeated = standing(repeated, said, view.next_place)
    told, left_out = _told(request, repeated, said)
    left_out = [*oddities, *left_out]
    heard = hear(view, request, offered, repeated, store.digest_key)
    left_out += [LeftOut(SAYS_NOTHING, one.message) for one in heard if one.draft is None]
    if not heard:
        return Added(told, left_out=left_out)
    words = list({one.words: None for one in heard if one.words is not None})
    known = {} if view.owner_id is None else store.known_words(view.owner_id, words)
    planned = plan(query.address, request, view, heard, known)
    return Added([*told, *planned.told], store.apply(planned.changes), len(heard), left_out)


def _erased(store: Write, address: ConversationAddress, request: AddRequest) -> set[int]:
    """The numbers of messages whose words were erased: a history that is sent again does not bring them back.

    Said at a later time than they were erased, words are said anew. So is a single "Yes." that would be no memory.
    """
    key = store.digest_key
    words = [bare_digest(key, message.content) for message in request.messages]
    at = store.erasing.erased_words(subject_digest(key, *address[:3]), words)
    found = {
        number
        for number, (message, digest) in enumerate(zip(request.messages, words, strict=True))
        if digest in at and not (message.said_at is not None and message.said_at > at[digest])
    }
    if len(found) == 1 and request.infer and all(draft(request.messages[number], ()) is None for number in found):
        return set()
    return found


def _told(
    request: AddRequest, repeated: Mapping[int, int], said: Mapping[int, Sequence[SaidMemory]]
) -> tuple[list[Remembered], list[LeftOut]]:
    """What the caller is told of the repeats, in order."""
    told: list[Remembered] = []
    left_out: list[LeftOut] = []
    for number, place in sorted(repeated.items()):
        message = request.messages[number]
        memories = [memory for memory in said.get(place, ()) if not memory.deleted]
        if memories:
            told += [Remembered(one.uid, one.text, False, message, one.sayings) for one in memories]
        else:
            twice = message.id is not None and place not in said
            left_out.append(LeftOut(SAME_ID if twice else SAID_BEFORE, message))
    return told, left_out
