"""One lookup, what a turn gets of lookups, and the words by which they are compared."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.lexicon.others import NOT_ENGLISH

from .block import Hit

_KEEPS = 10.0
"""Seconds for which a finished lookup may answer the turn it was made for."""


@dataclass(slots=True, eq=False)
class Lookup:
    """One search, on its way or done."""

    query: str
    words: list[str]
    content: frozenset[str]
    """The words that say something."""
    started: float
    probe: bool
    """Whether it went out to see if the backend lives again."""
    task: asyncio.Task[None] | None = None
    finished: float | None = None
    hits: Sequence[Hit] | None = None
    """None until it has answered, and forever if it failed or was called off."""
    over: bool = False
    """Whether it ended, in whatever way."""

    def coverage(self, content: frozenset[str]) -> float:
        """The part of the words that say something that this lookup was made with."""
        return len(self.content & content) / max(1, len(content))

    def stale(self, now: float) -> bool:
        """Whether it answered too long ago to answer the turn it was made for."""
        return self.finished is not None and now - self.finished > _KEEPS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn gets."""

    hits: Sequence[Hit] = ()
    overdue: Sequence[Hit] = ()
    """What came too late for the turn before."""


@dataclass(slots=True)
class Tally:
    """How the lookups of a call went."""

    lookups: int = 0
    """Asked of the backend."""
    turns: int = 0
    late: int = 0
    """Turns that went on without one."""
    without_lookup: int = 0
    """The latest turns, in a row, for which nothing was asked: more than a few mean that recall is dead."""
    failed: int = 0
    opened: int = 0
    """Times the breaker opened."""
    wishes_failed: int = 0
    """Times the standing wishes could not be looked up."""


def best_of(lookups: Sequence[Lookup], words: Sequence[str], content: frozenset[str]) -> Lookup | None:
    """The lookup that has answered, and covers most of what a turn says; of equal ones the newest."""
    finished = [lookup for lookup in reversed(lookups) if lookup.hits is not None]
    return max(finished, key=lambda one: (one.words == words, one.coverage(content)), default=None)


def words_of(text: str) -> list[str]:
    """The words of a transcript, so that a comma or a capital more is no change."""
    return re.findall(r"\w+", text.casefold())


def telling(words: Sequence[str]) -> frozenset[str]:
    """The words that say something."""
    return frozenset(word for word in words if word not in FUNCTION_WORDS and word not in NOT_ENGLISH)


def content_of(words: Sequence[str]) -> frozenset[str]:
    """The words that say something; all of them if none does."""
    return telling(words) or frozenset(words)


def merged(hits: Sequence[Hit], overdue: Sequence[Hit], limit: int) -> list[Hit]:
    """At most ``limit`` hits, each memory once; a third of the room is kept for those that came too late before."""
    fresh = {key_of(hit): hit for hit in hits}
    late = {key: hit for hit in overdue if (key := key_of(hit)) not in fresh}
    room = limit - min(len(late), limit // 3)
    return [*list(fresh.values())[:room], *late.values()][:limit]


def key_of(hit: Hit) -> object:
    """What makes two hits one memory."""
    return hit.get("id") or hit.get("memory")
