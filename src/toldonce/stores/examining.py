"""What a look at every row of a store finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Action: TypeAlias = Literal["set aside", "made anew", "none"]
"""set aside: kept in a file, and taken out of the store. made anew: from what it was made of. none: it cannot be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is damaged."""

    table: str
    row: str
    """Its key, for people to read; empty: a page or an index."""
    memory: str | None
    """The id of the memory it belongs to, if it does and if that can be read."""
    why: str
    action: Action
    """What is, or would be, done about it."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and where what was set aside is kept."""

    findings: Sequence[Finding]
    kept_in: Path | None = None
