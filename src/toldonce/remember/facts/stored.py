"""Facts as a store keeps them: what its JSON says, and which of them hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from toldonce.remember.facts.claim import Category
from toldonce.stores.protocol import FactMemory

CATEGORIES = get_args(Category)
Origin: TypeAlias = Literal["person", "assistant", "corrected"]
USER, ASSISTANT = "user", "assistant"
"""What facts are about, if not another person or thing."""


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact that was read from what was said. Times are microseconds since 1970."""

    memory_id: int
    uid: str
    text: str
    said_at: int
    recorded_at: int
    expires_on: str | None
    evidence: tuple[int, ...]
    body: Mapping[str, Any]
    """What the store keeps of it."""
    superseded: bool
    """Another fact took its place, and that one is there."""

    @property
    def holds(self) -> bool:
        """Whether nothing took its place."""
        return not self.superseded

    @property
    def about(self) -> str:
        """Who or what it is about."""
        return str(self.body.get("about", USER))

    @property
    def attribute(self) -> str:
        return str(self.body.get("attribute", ""))

    @property
    def value(self) -> str:
        return str(self.body.get("value", ""))

    @property
    def category(self) -> str:
        return str(self.body.get("category", "attribute"))

    def time(self, key: str) -> int | None:
        """A time of its body, if it has it."""
        value = self.body.get(key)
        return value if isinstance(value, int) else None


def stored_facts(rows: Sequence[FactMemory]) -> list[StoredFact]:
    """All facts of an owner, deleted ones left out.

    A fact is superseded only while the one that took its place is there: if that is deleted or erased, it holds again.
    """
    there = {row.uid for row in rows if not row.deleted}
    return [
        StoredFact(
            memory_id=row.memory_id,
            uid=row.uid,
            text=row.text,
            said_at=row.said_at,
            recorded_at=row.recorded_at,
            expires_on=row.expires_on,
            evidence=row.evidence,
            body=row.fact,
            superseded=row.fact.get("superseded_by") in there,
        )
        for row in rows
        if not row.deleted
    ]
