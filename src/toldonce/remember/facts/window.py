"""What a model is shown: a piece of a conversation and what is known already, under short ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from importlib import resources
from typing import Any

from toldonce.remember.facts.stored import StoredFact
from toldonce.remember.facts.words import content
from toldonce.stores.protocol import JournalMessage
from toldonce.times import as_datetime

VERSION = "extract-1"
"""Of the prompt and the checks together: a fact names what made it."""
MESSAGES = 16
"""New messages a window holds at most."""
BEFORE = 4
"""Messages before them that are shown too, so that "Yes" has its question."""
CHARACTERS = 12_000
"""Of the new messages together. A window ends before the message that would be too much, but for the first."""
LONGEST = 4_000
"""Characters that are shown of one message: what is longer was pasted."""
KNOWN = 24
"""Known facts that are shown: the nearest by their words, then the latest."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a window."""

    id: str
    place: int
    role: str
    name: str | None
    text: str
    said_at: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a conversation."""

    messages: Sequence[Said]
    known: Mapping[str, StoredFact]
    """By the short id that the model is shown."""
    zone: tzinfo
    """Whose days "yesterday" means."""

    @property
    def last(self) -> int:
        """The place of its last message."""
        return self.messages[-1].place

    @property
    def names(self) -> set[str]:
        """Those who speak in it."""
        return {message.name for message in self.messages if message.name}


def window(messages: Sequence[JournalMessage], first: int, facts: Sequence[StoredFact], zone: tzinfo) -> Window | None:
    """A window whose new messages begin at the place ``first``; None: there is no message from there on.

    ``messages``: those of the conversation, in order, from a few places before it.
    """
    before = [message for message in messages if message.place < first][-BEFORE:]
    new: list[JournalMessage] = []
    left = CHARACTERS
    for message in (message for message in messages if message.place >= first):
        left -= min(len(message.content), LONGEST)
        if len(new) == MESSAGES or (new and left < 0):
            break
        new.append(message)
    if not new:
        return None
    said = [
        Said(f"m{number}", one.place, one.role, one.name, one.content[:LONGEST], one.said_at, one.place >= first)
        for number, one in enumerate([*before, *new], 1)
    ]
    return Window(said, {f"f{number}": fact for number, fact in enumerate(_nearest(facts, said), 1)}, zone)


def _nearest(facts: Sequence[StoredFact], said: Sequence[Said]) -> list[StoredFact]:
    words = content(" ".join(message.text for message in said))
    holding = [fact for fact in facts if fact.holds]
    holding.sort(key=lambda fact: (-len(content(fact.text) & words), -fact.said_at, fact.uid))
    return holding[:KNOWN]


def instructions(custom: str, includes: str, excludes: str, categories: Mapping[str, str]) -> str:
    """What the model is told to do: the prompt of this version, and what whoever runs the memory wants."""
    parts = [(resources.files(__package__) / "prompts" / f"{VERSION}.md").read_text("utf-8")]
    wanted = [
        ("Note only facts about", includes),
        ("Never note facts about", excludes),
        ("Besides", custom),
        (
            "Labels for `categories`",
            "; ".join(f"{name}: {means}" if means else name for name, means in categories.items()),
        ),
    ]
    told = [f"* {what}: {' '.join(said.split())}" for what, said in wanted if said.strip()]
    if told:
        parts.append("# What is wanted here\n\n" + "\n".join(told) + "\n")
    return "\n".join(parts)


def shown(piece: Window) -> str:
    """The window as the model reads it: one JSON object a line, which no words of a message can leave."""
    lines: list[dict[str, Any]] = [
        {"known": short, "about": fact.about, "attribute": fact.attribute, "statement": fact.text}
        for short, fact in piece.known.items()
    ]
    for message in piece.messages:
        at = as_datetime(message.said_at).astimezone(piece.zone)
        line = {"message": message.id, "time": at.strftime("%A %Y-%m-%d %H:%M"), "role": message.role}
        if message.name:
            line["name"] = message.name
        lines.append({**line, "new": message.is_new, "text": message.text})
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "statement": {"type": "string"},
                    "about": {"type": "string"},
                    "attribute": {"type": "string"},
                    "value": {"type": "string"},
                    "category": {
                        "type": "string",
                        "enum": ["attribute", "preference", "event", "plan", "relation", "instruction"],
                    },
                    "evidence": {"type": "array", "items": {"type": "string"}},
                    "relation": {"type": "string", "enum": ["new", "repeats", "refines", "contradicts"]},
                    "existing": {"type": ["string", "null"]},
                    "valid_from": {"type": ["string", "null"]},
                    "valid_to": {"type": ["string", "null"]},
                    "categories": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["statement", "about", "attribute", "value", "category", "evidence", "relation"],
            },
        }
    },
    "required": ["facts"],
}
"""What the answer is asked to look like."""
