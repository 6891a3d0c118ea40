"""Adding messages: one transaction from what was offered to what can be recalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

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
from toldonce.stores.protocol import Changes, ConversationAddress, Read, SaidMemory, Write
from toldonce.text.digests import bare_digest, subject_digest

T = TypeVar("T")

LONG = 1_000
"""Characters of a call that are worked out in half a millisecond."""
VERY_LONG = 20_000
"""Characters of a call for which nothing else that is quick should wait: ten milliseconds."""
TRIES = 8
"""Times that an add is worked out before its transaction. Each failure is another add that was written."""

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
    ordered: tuple[int, int] | None = None
    """What ``order`` returned: the conversation and the last place of what is read for facts later."""


class Moved(Exception):
    """What an add was worked out from holds no longer. Work it out again."""


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """An add before its transaction."""

    asked: Sequence[tuple[Callable[[Read], object], object]]
    """What the store was asked, and what it said: all that the rest depends on."""
    changes: Changes | None
    """None: nothing of it is new."""
    told: Sequence[Remembered]
    messages: int
    left_out: Sequence[LeftOut]


class _Asks(Protocol):
    def __call__(self, question: Callable[[Read], T]) -> T: ...


def is_long(request: AddRequest) -> bool:
    """Whether working this add out takes so long that nobody should wait for it in order to write."""
    return _length(request) > LONG


def is_very_long(request: AddRequest) -> bool:
    """Whether not even what takes a few milliseconds should wait for it."""
    return _length(request) > VERY_LONG


def _length(request: AddRequest) -> int:
    return sum(len(message.content) for message in request.messages)


def work_out(store: Read, project: str, request: AddRequest) -> WorkedOut:
    """Find out what an add changes: load and plan."""
    asked: list[tuple[Callable[[Read], object], object]] = []

    def ask(question: Callable[[Read], T]) -> T:
        answer = question(store)
        asked.append((question, answer))
        return answer

    offered = offered_by(request, store.digest_key)
    query = query_for(project, request, offered)
    view = ask(lambda store: store.conversation(query))
    owner_id, conversation_id = view.owner_id, view.conversation_id
    erased = _erased(ask, store.digest_key, query.address, request) if view.erased else set[int]()
    oddities = [*map(LeftOut, request.oddities)]
    if erased:
        oddities += [LeftOut(WAS_ERASED, request.messages[number]) for number in sorted(erased)]
        offered = [one for number, one in enumerate(offered) if number not in erased]
        kept = [message for number, message in enumerate(request.messages) if number not in erased]
        request = replace(request, messages=kept)
    repeated = repeats(offered, view, request.now)
    said: Mapping[int, Sequence[SaidMemory]] = {}
    if repeated and conversation_id is not None:
        places = list(set(repeated.values()))
        said = ask(lambda store: store.memories_said_at(conversation_id, places))
        repeated = standing(repeated, said, view.next_place)
    told, left_out = _told(request, repeated, said)
    left_out = [*oddities, *left_out]
    heard = hear(view, request, offered, repeated, store.digest_key)
    left_out += [LeftOut(SAYS_NOTHING, one.message) for one in heard if one.draft is None]
    if not heard:
        return WorkedOut(asked, None, told, 0, left_out)
    words = list({one.words: None for one in heard if one.words is not None})
    known = {} if owner_id is None else ask(lambda store: store.known_words(owner_id, words))
    planned = plan(query.address, request, view, heard, known)
    return WorkedOut(asked, planned.changes, [*told, *planned.told], len(heard), left_out)


def add(
    store: Write,
    project: str,
    request: AddRequest,
    worked_out: WorkedOut | None = None,
    order: Callable[[Write, Changes], tuple[int, int]] | None = None,
) -> Added:
    """Journal what is new of the request's messages and remember what they say: load, plan, apply.

    ``order``: what is done in the same commit where messages were new, so that more is made of them later.
    Others wait for the transaction meanwhile: work a long request out before it. Raises ``Moved`` if the store would
    answer otherwise by now.
    """
    if worked_out is None:
        worked_out = work_out(store, project, request)
    elif any(question(store) != answer for question, answer in worked_out.asked):
        raise Moved
    versions: list[int] = []
    ordered: tuple[int, int] | None = None
    if worked_out.changes is not None:
        versions = store.apply(worked_out.changes)
        if order is not None and request.infer:
            ordered = order(store, worked_out.changes)
    return Added(worked_out.told, versions, worked_out.messages, worked_out.left_out, ordered)


def _erased(ask: _Asks, key: bytes, address: ConversationAddress, request: AddRequest) -> set[int]:
    """The numbers of messages whose words were erased: a history that is sent again does not bring them back.

    Said at a later time than they were erased, words are said anew. So is a single "Yes." that would be no memory.
    """
    subject = subject_digest(key, *address[:3])
    words = [bare_digest(key, message.content) for message in request.messages]
    at = ask(lambda store: store.erasing.erased_words(subject, words))
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
