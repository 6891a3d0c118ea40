"""What a person asked for once and for all ("never call me before nine", "call me Bea"): in every block, as their wish.

A wish is a remembered sentence like any other. It orders nothing in this service, and its line says whose wish it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .block import WISH, Hit

BUDGET = 800
"""Characters of all wishes of a block. The newest fit first."""


def wishes_of(facts: Iterable[Mapping[str, Any]]) -> list[Hit]:
    """The wishes among the facts that hold, as memories: the newest that fit the budget, the oldest first."""
    wanted = [fact for fact in facts if fact["category"] == "instruction" or fact["attribute"] == "preferred name"]
    wanted.sort(key=lambda fact: str(fact["valid_from"]))
    room, found = BUDGET, dict[str, Hit]()
    for fact in reversed(wanted):
        words = str(fact["statement"])
        if words in found or len(words) > room:
            continue
        room -= len(words)
        found[words] = {
            "id": fact["evidence"][-1],
            "memory": words,
            "role": "user",
            "said_at": fact["valid_from"],
            WISH: True,
        }
    return list(found.values())[::-1]
