"""Whether a filter holds for a memory.

This is what a filter means; masks and SQL must agree with it. ``eq`` and ``in`` hold if any value the memory has there
is asked for, ``ne`` and ``nin`` hold if they do not, also where there is no value (so in Mem0's documentation). The
order is defined among numbers, among strings (by code point) and among times; anything else has none, so ``gt`` and the
others do not hold. Strings, numbers and booleans are never equal to one another. A metadata value that is a list counts
as its members for equality and ``contains``; it has no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import ge, gt, le, lt
from typing import Any

from toldonce.filters.times import end_of_day
from toldonce.filters.tree import And, Comparable, Condition, Filter, MetadataKey, Not, Operator, Or, Span, comparable
from toldonce.types import MemoryRecord

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


def matches(tree: Filter, record: MemoryRecord) -> bool:
    """Whether the filter holds for this memory. Never raises.

    That it holds does not mean that the memory may be seen, see ``scope.visible``. Whether a memory has expired is
    asked only where the filter asks it.
    """
    match tree:
        case And(parts):
            return all(matches(part, record) for part in parts)
        case Or(parts):
            return any(matches(part, record) for part in parts)
        case Not(part):
            return not matches(part, record)
        case Condition():
            return _holds(tree, _found(tree, record))


def _found(condition: Condition, record: MemoryRecord) -> tuple[object, ...]:
    """What the memory has in this field: none, one or several values. Times are integers."""
    match condition.field:
        case MetadataKey(key):
            return _present(record.metadata.get(key))
        case "run_id":
            return record.run_ids
        case "categories":
            return record.categories
        case "memory_id":
            return (record.id,)
        case "timestamp":
            return (record.said_at,)
        case "expiration_date":
            return _present(end_of_day(record.expires_on) if record.expires_on else None)
        case field:
            return _present(getattr(record, field))


def _present(value: object) -> tuple[object, ...]:
    return () if value is None else (value,)


def _holds(condition: Condition, found: tuple[object, ...]) -> bool:
    match condition.operator:
        case "exists":
            return bool(found)
        case "eq" | "in":
            return any(_is_asked_for(value, condition) for value in _members(found))
        case "ne" | "nin":
            return not any(_is_asked_for(value, condition) for value in _members(found))
        case "contains":
            fold = condition.field == "categories"  # Mem0 looks into categories regardless of case
            return any(_contains(value, condition, fold=fold) for value in found)
        case "icontains":
            return any(_contains(value, condition, fold=True) for value in found)
        case order:
            return any(_is_ordered(value, order, condition) for value in found)


def _members(found: tuple[object, ...]) -> Iterator[object]:
    """The values, lists taken apart."""
    for value in found:
        if isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value


def _is_asked_for(value: object, condition: Condition) -> bool:
    if condition.spans:
        return isinstance(value, int) and any(span.first <= value <= span.last for span in condition.spans)
    known = comparable(value)
    return known is not None and known in condition.wanted


def _is_ordered(value: object, order: Operator, condition: Condition) -> bool:
    asked = condition.value
    if isinstance(asked, Span):
        asked = asked.first if order in ("gte", "lt") else asked.last
    left, right = comparable(value), comparable(asked)
    if left is None or right is None or left[0] != right[0] or left[0] == "bool":
        return False
    return _COMPARE[order](left[1], right[1])


def _contains(value: object, condition: Condition, *, fold: bool) -> bool:
    """A piece of a string, or a whole member of a list."""
    asked = _folded(comparable(condition.value)) if fold else comparable(condition.value)
    if asked is None:
        return False
    if isinstance(value, str):
        text = value.casefold() if fold else value
        return isinstance(asked[1], str) and asked[1] in text
    if isinstance(value, (list, tuple)):
        return any((_folded(comparable(member)) if fold else comparable(member)) == asked for member in value)
    return False


def _folded(known: Comparable | None) -> Comparable | None:
    if known is not None and isinstance(known[1], str):
        return (known[0], known[1].casefold())
    return known
