"""Texts that no person says: what is dear to parse, to compare or to keep, and what is no text at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

_PIECES = (
    ".",
    "-",
    "+",
    "1.",
    "é.",
    "?",
    "No?",
    "a'",
    "@a.",
    "http://",
    "\u200b",
    "\u0301",
    "🏳️‍🌈",
    "一",
    "12:",
    "May 8 ",
    "\r\n",
    "- ",
    "((",
    "\u202e",
    "0,",
    "'s ",
    "who's ",
    "﷽",
    "𝟘",
    "ß",
    "\t",
)

_SHAPES: tuple[Callable[[str, int], str], ...] = (
    lambda piece, length: piece * (length // len(piece)) + "0",
    lambda piece, length: "a" + piece * (length // len(piece)),
    lambda piece, length: f"{piece}a" * (length // (len(piece) + 1)),
    lambda piece, length: f"{piece} " * (length // (len(piece) + 1)),
    lambda piece, length: piece * (length // len(piece) // 2) + "x" * (length // 2),
)

_WORDS = "tea coffee garden bicycle Tuesday doctor violin Lisbon train orange neighbour soup window paint ten".split()


def adversarial(rng: random.Random, length: int) -> str:
    """A text of about so many characters that makes as much work as a text can."""
    if rng.random() < 0.1:
        return "".join(
            chr(rng.choice((rng.randrange(32, 0xD7FF), rng.randrange(0xE000, 0xFFFF)))) for _ in range(length)
        )
    return rng.choice(_SHAPES)(rng.choice(_PIECES), length)


def plain(rng: random.Random, words: int = 14) -> str:
    """A sentence as people say them."""
    return " ".join(rng.choice(_WORDS) + (str(rng.randrange(999)) if rng.random() < 0.2 else "") for _ in range(words))


def messages(rng: random.Random, count: int, words: int = 14) -> list[dict[str, str]]:
    """A talk of two."""
    return [{"role": ("user", "assistant")[n % 2], "content": plain(rng, words)} for n in range(count)]


def giant_filter(user: str, conditions: int, salt: int) -> dict[str, object]:
    """Conditions under NOT that no memory meets, so that all are looked at. ``salt`` keeps them out of caches."""
    parts = [{"metadata": {f"k{salt}_{n}": {"contains": f"v{n}"}}} for n in range(conditions)]
    return {"AND": [{"user_id": user}, {"NOT": parts}]}


def giant_schema(properties: int, depth: int) -> dict[str, object]:
    """A schema whose filling looks at every memory for every property, in a few levels of objects."""
    inner: dict[str, Any] = {
        f"p{n}": {"type": ("string", "array", "number")[n % 3]} for n in range(properties // depth)
    }
    for level in range(depth - 1):
        inner = {f"level{level}": {"type": "object", "properties": inner}} | {
            f"q{level}_{n}": {"type": "array", "items": {"type": "string"}} for n in range(properties // depth)
        }
    return {"type": "object", "properties": inner}
