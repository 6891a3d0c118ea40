"""A context that begins with an earlier call's history: what of it the memory already holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from .messages import fingerprint
from .writer import Entry

REACH = 2000
"""So many of the latest messages in the journal are compared."""


def new_ones(entries: Sequence[Entry], journal: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """The entries that do not fall, in order, on messages of the journal.

    What was said last is what this call begins with, and always new. One message alone that was said before is no
    history: it is said again.
    """
    stored = [fingerprint(str(message["role"]), str(message["content"])) for message in journal[-REACH:]]
    offered = [fingerprint(entry.role, entry.text) for entry in entries[:-1]]
    matches = SequenceMatcher(None, stored, offered, autojunk=False).get_matching_blocks()
    old = {place for match in matches for place in range(match.b, match.b + match.size)}
    if len(old) < 2:
        return list(entries)
    return [entry for place, entry in enumerate(entries) if place not in old]
