"""Which of the offered messages are repeats, by evidence. Without evidence a message is new.

Agents offer their history again and again: the whole of it each turn, a window that slides, a batch retried after a
timeout. People say the same words again: "No." to ten questions, the same two sentences every week. Words alone do not
tell one from the other, so this is what does:

* the message's own id;
* the same time and the same words;
* a list that goes on where the conversation stands: its beginning is the conversation's end, in order and in one piece,
  and more follows. A single short message is no such beginning: it may as well be said again;
* a list that is the conversation's end and nothing more, within seconds: a caller who got no answer and tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toldonce.stores.protocol import ConversationView, Trace

AT_ONCE = 5_000_000
"""Microseconds within which a list that equals the conversation's end is a retry."""

_CANDIDATES = 8
"""Lengths of a common piece that are looked at, the longest first: times may rule some out."""


class Offered(NamedTuple):
    """A message that may be a repeat."""

    digest: bytes
    time: int | None
    """When it was said, if the caller said when. Different times make different sayings of the same words."""
    id: str | None
    short: bool
    """So short that people say it again and again."""


def repeats(offered: Sequence[Offered], view: ConversationView, now: int) -> dict[int, int]:
    """By number of each offered message that is a repeat: the place of the message it repeats.

    Takes time linear in both lists.
    """
    found = _named(offered, view)
    _same_time(offered, view, found)
    unnamed = [number for number, message in enumerate(offered) if message.id is None]
    length = _continued([offered[number] for number in unnamed], view, now)
    for number, trace in zip(unnamed[:length], view.window[len(view.window) - length :], strict=True):
        found.setdefault(number, trace.place)
    return found


def _named(offered: Sequence[Offered], view: ConversationView) -> dict[int, int]:
    """Messages whose id the conversation has. Of two in one list with the same id the second repeats the first."""
    places = dict(view.known_ids)
    found: dict[int, int] = {}
    fresh = view.next_place
    for number, message in enumerate(offered):
        if message.id is None:
            continue
        if message.id in places:
            found[number] = places[message.id]
        else:
            places[message.id] = fresh  # a place of this call; it has no memory yet that could be told
    return found


def _same_time(offered: Sequence[Offered], view: ConversationView, found: dict[int, int]) -> None:
    """Messages said at a time at which the same words were recorded, as often as they were."""
    stored = {key: list(places) for key, places in view.timed.items()}
    for number, message in enumerate(offered):
        if message.id is None and message.time is not None:
            places = stored.get((message.digest, message.time))
            if places:
                found[number] = places.pop(0)


def _continued(offered: Sequence[Offered], view: ConversationView, now: int) -> int:
    """How many messages at the beginning of ``offered`` are the conversation's end, where that is evidence."""
    stored = view.window
    if not offered or not stored:
        return 0
    length = _overlap(offered, stored)
    if length == len(offered):
        retried = 0 <= now - stored[-1].recorded_at <= AT_ONCE
        return length if retried and not (length == 1 and offered[0].short) else 0
    alone = length == 1 and offered[0].short and not (view.whole and len(stored) == 1)
    return 0 if alone else length


def _overlap(offered: Sequence[Offered], stored: Sequence[Trace]) -> int:
    """The length of the longest beginning of ``offered`` that ends ``stored``."""
    length = 0
    fallback = _fallbacks(offered)
    for trace in stored[-len(offered) :]:
        while length and (length == len(offered) or trace.digest != offered[length].digest):
            length = fallback[length - 1]
        if trace.digest == offered[length].digest:
            length += 1
    for _ in range(_CANDIDATES):
        if not length or all(map(_may_be, offered, stored[-length:])):
            return length
        length = fallback[length - 1]
    return 0


def _fallbacks(offered: Sequence[Offered]) -> list[int]:
    """By length - 1: the longest shorter beginning that also ends it (Knuth, Morris & Pratt 1977)."""
    found = [0] * len(offered)
    length = 0
    for number in range(1, len(offered)):
        while length and offered[number].digest != offered[length].digest:
            length = found[length - 1]
        if offered[number].digest == offered[length].digest:
            length += 1
        found[number] = length
    return found


def _may_be(message: Offered, trace: Trace) -> bool:
    """Whether the same words may be the same saying: a caller need not say when, but times that differ tell apart."""
    return message.time is None or trace.time is None or message.time == trace.time
