"""The one tree that every spelling of a filter becomes.

A tree is immutable and means the same wherever it is evaluated: in Python (``matching``), in a mask over the index, in
SQL. Logic is two-valued: a condition holds or it does not, so ``Not`` of a condition on a missing value holds.

Equal trees match the same memories, so that a tree may be a cache's key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from toldonce.types import EntityKind

EntityField: TypeAlias = Literal["user_id", "agent_id", "app_id", "run_id"]
TimeField: TypeAlias = Literal["created_at", "updated_at", "timestamp", "expiration_date"]
"""``timestamp`` is when it was said. A memory expires with the last microsecond of its expiration date."""
NamedField: TypeAlias = EntityField | TimeField | Literal["memory_id", "text", "categories", "role", "actor_id"]

ENTITY_OF: dict[EntityField, EntityKind] = {"user_id": "user", "agent_id": "agent", "app_id": "app", "run_id": "run"}


@dataclass(frozen=True, slots=True)
class MetadataKey:
    """A top-level key of a memory's metadata."""

    key: str


Field: TypeAlias = NamedField | MetadataKey

Operator: TypeAlias = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "icontains", "exists"]
"""Mem0's, and ``exists`` for its ``"*"``: there is a value, and it is not null."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, both ends included, in microseconds since 1970 UTC.

    A date is the span of its day, an instant a span of one microsecond. So one rule serves both: ``gte`` and ``lt``
    look at ``first``, ``lte`` and ``gt`` at ``last``, ``eq`` at both.
    """

    first: int
    last: int


Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | Span
Comparable: TypeAlias = tuple[Literal["str", "number", "bool"], Scalar]


@dataclass(frozen=True)  # without slots, for the cached properties
class Condition:
    """One comparison of one field.

    ``value`` is a tuple for ``in`` and ``nin``, None for ``exists``, otherwise one value. Time fields hold spans,
    metadata any scalar, all others strings.
    """

    field: Field
    operator: Operator
    value: Value | tuple[Value, ...] | None
    types: tuple[type, ...] = dataclasses.field(init=False, repr=False)
    """Of the values: to Python ``True`` and ``1`` are equal, to a filter they are not."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", tuple(map(type, self.values)))

    @property
    def values(self) -> tuple[Value, ...]:
        """The value or values, always as a tuple."""
        if self.value is None:
            return ()
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The values that are spans."""
        return tuple(value for value in self.values if isinstance(value, Span))

    @cached_property
    def wanted(self) -> frozenset[Comparable]:
        """The values that are no spans, ready to be looked up; a list of ids is matched against every row."""
        return frozenset(known for value in self.values if (known := comparable(value)) is not None)


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds. Without parts: everything."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds. Without parts: nothing."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Filter


Filter: TypeAlias = And | Or | Not | Condition

EVERYTHING = And(())


def all_of(parts: Iterable[Filter]) -> Filter:
    """Every part, as one flat And; a single part is itself."""
    flat: list[Filter] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else [part])
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Filter]) -> Filter:
    """At least one part; a single part is itself."""
    choices = tuple(parts)
    return choices[0] if len(choices) == 1 else Or(choices)


def comparable(value: object) -> Comparable | None:
    """The value with its kind, or None if it is nothing that can be compared.

    The kind keeps ``True``, ``1`` and ``"1"`` apart, which Python or a database would mix.
    """
    if isinstance(value, str):
        return ("str", value)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, (int, float)):
        return ("number", value)
    return None
