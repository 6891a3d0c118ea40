"""Which of the offered messages are new.

Agents offer their history again and again: the whole of it each turn, a window that slides, a batch retried after a
timeout. What they have in common is order. The offered list is laid against what the conversation already holds;
what overlaps in order is old, the rest is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple, Protocol

from toldonce.types import Message

AT_ONCE = 5_000_000
"""Microseconds within which one message, offered again on its own, is a repeat and not a second saying."""

STILL_TALKING = 3_600_000_000
"""Microseconds within which a history that differs from ours in places is taken for the same one, rewritten."""

_LONG_RUN = 6
"""So many messages in a row do not come back word for word by chance."""


class Said(Protocol):
    """A message as far as alignment is concerned."""

    @property
    def digest(self) -> bytes:
        """Of its role, name and words."""

    @property
    def time(self) -> int | None:
        """When it was said, if the caller said when. Different times make different sayings of the same words."""


class Offered(NamedTuple):
    """A message that may be new."""

    digest: bytes
    time: int | None


def digest_of(message: Message) -> bytes:
    """Equal for messages with the same role, name and words."""
    parts = (message.role, message.name or "", message.content)
    return blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def same(one: Said, other: Said) -> bool:
    """Whether two messages can be one saying."""
    return one.digest == other.digest and (one.time is None or other.time is None or one.time == other.time)


def new_places(offered: Sequence[Said], stored: Sequence[Said], *, age: int) -> list[int]:
    """Places in ``offered`` of the messages that ``stored``, the end of a conversation, does not hold yet.

    ``age``: microseconds since the last stored message was recorded. A list that lies wholly inside the stored one
    must be looked for before (it may lie further back than this end of it): see ``inside``.
    """
    if not stored:
        return list(range(len(offered)))
    if len(offered) == 1:
        return [] if age <= AT_ONCE and same(offered[0], stored[-1]) else [0]
    if {said.digest for said in offered}.isdisjoint([said.digest for said in stored]):
        return list(range(len(offered)))
    overlap = _overlap(offered, stored)
    if overlap:
        return list(range(overlap, len(offered)))
    return _rewritten(offered, stored, age)


def inside(offered: Sequence[Said], stored: Sequence[Said]) -> bool:
    """Whether ``offered`` is the beginning of ``stored``, message for message."""
    return len(offered) <= len(stored) and all(map(same, offered, stored))


def _overlap(offered: Sequence[Said], stored: Sequence[Said]) -> int:
    """How many messages at the end of ``stored`` are the beginning of ``offered``."""
    for length in range(min(len(offered), len(stored)), 0, -1):
        if all(map(same, stored[-length:], offered)):
            return length
    return 0


def _rewritten(offered: Sequence[Said], stored: Sequence[Said], age: int) -> list[int]:
    """New places of a history that was edited since: summarised at its front, cut, or corrected in between.

    Only a live conversation, or a long run of the same messages, is taken for an edited history. Anything else is
    another talk that happens to begin alike.
    """
    matched = _common(offered, stored)
    if not matched or (age > STILL_TALKING and _longest_run(matched) < _LONG_RUN):
        return list(range(len(offered)))
    old = {place for place, _ in matched}
    last = max(old)
    spare = [said for place, said in enumerate(stored) if place not in {other for _, other in matched}]
    for place in range(last):  # moved within what is known: old too, though out of order
        if place in old:
            continue
        twin = next((index for index, said in enumerate(spare) if same(offered[place], said)), None)
        if twin is not None:
            spare.pop(twin)
            old.add(place)
    return [place for place in range(len(offered)) if place not in old]


def _common(offered: Sequence[Said], stored: Sequence[Said]) -> list[tuple[int, int]]:
    """What both have in the same order, as pairs of places: the longest run first, then what fits around it."""
    matcher = SequenceMatcher(None, [said.digest for said in offered], [said.digest for said in stored], autojunk=False)
    pairs = ((block.a + step, block.b + step) for block in matcher.get_matching_blocks() for step in range(block.size))
    return [(i, j) for i, j in pairs if same(offered[i], stored[j])]


def _longest_run(pairs: Sequence[tuple[int, int]]) -> int:
    longest = run = 1
    for (i, j), (k, m) in pairwise(pairs):
        run = run + 1 if (k, m) == (i + 1, j + 1) else 1
        longest = max(longest, run)
    return longest
