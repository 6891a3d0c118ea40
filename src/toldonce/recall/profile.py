"""Telling what a person said about themselves from everything else that was said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from toldonce.text.lexicon import english, others
from toldonce.text.phrases import size

_SELF = english.SELF.union(*others.SELF.values())
"""Words with which people speak of themselves, in the languages this list knows."""

_LITTLE_SAID = 4
"""Fewer words than this hardly say anything about anyone."""

_PHRASES = re.compile(
    r"^(?:(?:oh|well|so|yeah|yes|no|okay|ok|hmm|ah|and|but)\b[\s,.!]*)*"
    r"(?:i (?:think|guess|suppose|hope|see|know|mean|don't know|do not know|agree|understand|wonder)\b"
    r"|i(?:'m| am) (?:sorry|glad|not sure|sure|fine|good|great|ok|okay|well|listening|here|back)\b"
    r"|(?:can|could|would|will|should|may) (?:i|we|you)\b|let (?:me|us)\b|let's\b|tell me\b|remind me\b|give me\b"
    r"|i(?:'d| would) like (?:you )?to (?:know|ask|hear)\b|i want to (?:know|ask|hear)\b|thank|thanks\b)",
    re.IGNORECASE,
)
"""Beginnings that speak of the talk, not of the person."""


_PROMISE = re.compile(r"\bi(?:'ll| will)\b.*\b(?:your|you|it|that|this|those|them)\b|\bplease\b", re.IGNORECASE)
"""What the person will do with what was just said, or asks the agent for."""

_ADDRESSES = re.compile(r"\b(?:you|your|yours|thank|thanks)\b", re.IGNORECASE)
"""Speaks to the agent: mostly of the talk, though perhaps of oneself too."""

_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+")

_PROVEN = -1
_OTHER = 1
_TALK = 3
_ASSISTANTS = 4


def about_the_person_first(
    memories: Iterable[Mapping[str, Any]], holds: Collection[str] = (), held: Collection[str] = ()
) -> list[dict[str, Any]]:
    """What the person said about themselves, newest first; then what else they said; the assistant's lines last.

    ``holds``: ids of memories that state a fact that holds, which come first. ``held``: ids of those that state only
    what held once, which are no statement about the person any more.
    """

    def rank(memory: Mapping[str, Any]) -> int:
        proven = memory.get("id")
        return _PROVEN if proven in holds else max(_rank(memory), _OTHER if proven in held else _PROVEN)

    return sorted(newest_first(memories), key=rank)


def proving(facts: Iterable[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """Of ``Memory.facts(history=True)``: the memories that state what holds, and those that state only what held."""
    holds: set[str] = set()
    held: set[str] = set()
    now = datetime.now(UTC)
    for fact in facts:
        ends = fact["valid_to"]
        (holds if ends is None or datetime.fromisoformat(ends) > now else held).update(fact["evidence"])
    return holds, held - holds


def newest_first(memories: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By when they were said; the order of those said at one time stays."""
    return sorted(map(dict, memories), key=_when, reverse=True)


def _when(memory: Mapping[str, Any]) -> str:
    return str(memory.get("said_at") or memory.get("updated_at") or memory.get("created_at") or "")


def _rank(memory: Mapping[str, Any]) -> int:
    """0 for a statement about oneself, more for less of it. A memory is as good as the best of its sentences."""
    if memory.get("role") == "assistant":
        return _ASSISTANTS
    text = str(memory.get("memory") or "").strip().replace("’", "'")
    return min((_rank_of_sentence(sentence) for sentence in _SENTENCE_ENDS.split(text)), default=_TALK)


def _rank_of_sentence(sentence: str) -> int:
    if size(sentence) < _LITTLE_SAID or _PHRASES.match(sentence) or _PROMISE.search(sentence):
        return _TALK
    if sentence.endswith("?"):
        return 2
    of_self = any(word in _SELF for word in re.findall(r"[\w']+", sentence.casefold()))
    return 0 if of_self and not _ADDRESSES.search(sentence) else _OTHER
