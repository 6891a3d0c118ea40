"""A claim: one thing that a sentence states of the person who says it."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Category: TypeAlias = Literal["attribute", "preference", "event", "plan", "relation", "instruction"]
Precision: TypeAlias = Literal["instant", "day", "month", "year", "range", "unknown"]


class Claim(NamedTuple):
    """One thing stated."""

    category: Category
    attribute: str
    """What it is about: ``home``, ``allergy``, ``wife``."""
    value: str
    """In the words of the statement."""
    statement: str
    """The sentence."""
    only: bool
    """A person has one of these at a time: another value takes its place."""
    holds: bool = True
    """False: it does not hold (any more)."""
    valid_from: int | None = None
    """Microseconds since 1970, if the sentence says since or from when."""
    precision: Precision = "instant"
    """Of ``valid_from``."""
    corrects: str | None = None
    """A value stated before, whose attribute (empty here) this claim has: "Braga, not Porto". If it is the claim's own
    value, one that is spelled much like it: "Lena with an e"."""
