"""Mem0's filters, in all their spellings, to one tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from toldonce.caches import word_cache
from toldonce.errors import InvalidFilter
from toldonce.filters.checks import kind_of, step
from toldonce.filters.fields import (
    KEYS,
    Rule,
    flat_rule,
    is_shadowed,
    metadata_rule,
    named_rule,
    platform_rule,
    read_value,
)
from toldonce.filters.tree import ENTITY_OF, EVERYTHING, And, Condition, Filter, Not, Operator, Value, all_of, any_of

MAX_DEPTH = 32
"""How many ANDs, ORs and NOTs may stand inside one another."""
MAX_CONDITIONS = 1_000
MAX_VALUES = 10_000
"""How many values all lists together may have."""

_OPERATORS: tuple[Operator, ...] = tuple(name for name in get_args(Operator) if name != "exists")


def parse_filters(filters: Mapping[str, Any] | None, *, flat_metadata: bool = True) -> Filter:
    """Reads a filter of Mem0's platform or of its open-source library, which may be mixed.

    * Sibling keys are joined by AND, also sibling AND, OR and NOT, and also several operators on one key.
    * A bare list is ``in``. ``"*"`` is any value but null. ``keywords`` and ``keywords_search`` look into the text,
      regardless of case unless ``contains`` is asked for.
    * NOT takes an object (which must not hold as a whole) or a list (of which none may hold).
    * An entity that is not mentioned is not constrained. ``None`` and ``{}`` ask for everything; inside OR and NOT
      that would be a mistake, and is refused.
    * A date is its whole day in UTC: ``gte`` and ``lt`` compare with its start, ``lte`` and ``gt`` with its end,
      equality with all of it. A time without a zone is UTC. Numbers are unix seconds.

    Args:
        filters: as a caller passed it, or JSON as it was sent.
        flat_metadata: whether an unknown key at the top level is a key of the metadata, as in Mem0's library, or an
            error, as on its platform. ``{"metadata": {...}}`` is read either way, and reaches keys whose name has
            another meaning at the top level. In a flat payload ``role``, ``text``, ``timestamp`` and the other fields
            that name no entity ask for the field or for metadata called so.

    Raises:
        InvalidFilter: what cannot be read, named by its full path (``OR[1].created_at.gte``), and what is allowed
            there. Also a filter that is too deep or too large. Nothing unreadable is skipped.
        InvalidTime: a datetime object without a zone.
    """
    if filters is None:
        return EVERYTHING
    if type(filters) is dict and all(key in ENTITY_OF and type(value) is str for key, value in filters.items()):
        return _of_entities(*filters.items())
    return _Reader(flat_metadata).filter(filters, "", 0)


@word_cache(1024)  # the same few are asked for over and over, and nothing but strings may be told apart so
def _of_entities(*named: tuple[str, str]) -> Filter:
    return _Reader(flat_metadata=False).filter(dict(named), "", 0)


class _Reader:
    """Reads one filter and counts what it has read."""

    def __init__(self, flat_metadata: bool) -> None:
        self._flat_metadata = flat_metadata
        self._conditions = 0
        self._values = 0

    def filter(self, given: object, path: str, depth: int) -> Filter:
        if not isinstance(given, Mapping):
            raise InvalidFilter(f"{path or 'filters'}: must be an object, not {kind_of(given)}")
        if depth > MAX_DEPTH:
            raise InvalidFilter(f"{path[:80]}...: AND, OR and NOT may be at most {MAX_DEPTH} levels deep")
        if not given:
            self._count_condition(path)  # so that the work is bounded by the limits, whatever is sent
        return all_of([self._entry(key, value, path, depth) for key, value in given.items()])

    def _entry(self, key: object, value: object, above: str, depth: int) -> Filter:
        key, path = self._key(key, above)
        if key == "AND":
            return all_of(self._members(value, path, depth, self.filter))
        if key == "OR":
            return any_of(self._members(value, path, depth, self._asking))
        if key == "NOT":
            return self._negated(value, path, depth)
        if key == "metadata":
            return self._metadata(value, path)
        rule = named_rule(key) or (None if self._flat_metadata else platform_rule(key))
        if rule is None and not self._flat_metadata:
            raise InvalidFilter(f'{path}: unknown key; allowed: {", ".join(KEYS)}; metadata as {{"metadata": {{...}}}}')
        rule = rule or flat_rule(key, path)
        own = self._conditions_on(rule, value, path)
        if self._flat_metadata and is_shadowed(rule):
            return _with_metadata(own, replace(metadata_rule(key, path), bare=rule.bare), value, path)
        return own

    def _negated(self, value: object, path: str, depth: int) -> Filter:
        if isinstance(value, Mapping):
            return Not(self._asking(value, path, depth + 1))
        return Not(any_of(self._members(value, path, depth, self._asking)))

    def _members(
        self, value: object, path: str, depth: int, read: Callable[[object, str, int], Filter]
    ) -> list[Filter]:
        if not isinstance(value, (list, tuple)):
            raise InvalidFilter(f"{path}: must be a list of filters, not {kind_of(value)}")
        if not value:
            raise InvalidFilter(f"{path}: must not be empty; leave it out to ask for everything")
        return [read(member, f"{path}[{place}]", depth + 1) for place, member in enumerate(value)]

    def _asking(self, given: object, path: str, depth: int) -> Filter:
        """A filter that asks for something: an empty one in an OR would make the others pointless."""
        if (part := self.filter(given, path, depth)) == EVERYTHING:
            raise InvalidFilter(f"{path}: must not be empty, an empty filter here stands for everything")
        return part

    def _metadata(self, value: object, path: str) -> Filter:
        if not isinstance(value, Mapping):
            raise InvalidFilter(f"{path}: must be an object of metadata keys and values, not {kind_of(value)}")
        if not value:
            self._count_condition(path)
        parts: list[Filter] = []
        for given, wanted in value.items():
            key, below = self._key(given, path)
            parts.append(self._conditions_on(metadata_rule(key, below), wanted, below))
        return all_of(parts)

    def _conditions_on(self, rule: Rule, value: object, path: str) -> Filter:
        if isinstance(value, Mapping):
            if not value:
                raise InvalidFilter(f"{path}: must not be empty; allowed: {rule.allowed}")
            return all_of([self._operation(rule, name, operand, path) for name, operand in value.items()])
        operator = "in" if isinstance(value, (list, tuple)) else rule.bare
        return self._condition(rule, operator, value, path)

    def _operation(self, rule: Rule, name: object, operand: object, above: str) -> Filter:
        name, path = self._key(name, above)
        for operator in _OPERATORS:
            if name == operator:
                return self._condition(rule, operator, operand, path)
        raise InvalidFilter(f"{path}: unknown operator; allowed: {rule.allowed}")

    def _condition(self, rule: Rule, operator: Operator, value: object, path: str) -> Filter:
        self._count_condition(path)
        if operator not in rule.operators:
            raise InvalidFilter(f"{path}: {operator} cannot be asked here; allowed: {rule.allowed}")
        if operator in ("in", "nin"):
            return Condition(rule.field, operator, self._list(rule, operator, value, path))
        if _is_wildcard(value) and operator in ("eq", "ne"):
            return self._wildcard(rule, operator, path)
        return Condition(rule.field, operator, read_value(rule, operator, value, path))

    def _wildcard(self, rule: Rule, operator: Operator, path: str) -> Filter:
        if "exists" not in rule.operators:
            raise InvalidFilter(f'{path}: "*" cannot be asked here; allowed: {rule.allowed}')
        anything = Condition(rule.field, "exists", None)
        return anything if operator == "eq" else Not(anything)

    def _list(self, rule: Rule, operator: Operator, value: object, path: str) -> tuple[Value, ...]:
        if not isinstance(value, (list, tuple)):
            raise InvalidFilter(f"{path}: must be a list, not {kind_of(value)}")
        if not value:
            raise InvalidFilter(f"{path}: must not be an empty list")
        self._values += len(value)
        if self._values > MAX_VALUES:
            raise InvalidFilter(f"{path}: a filter may list at most {MAX_VALUES} values")
        return tuple(self._member(rule, operator, member, f"{path}[{place}]") for place, member in enumerate(value))

    def _member(self, rule: Rule, operator: Operator, value: object, path: str) -> Value:
        if _is_wildcard(value):  # "any of these, or anything": whoever wrote that meant something else
            raise InvalidFilter(f'{path}: "*" must stand alone, not in a list')
        return read_value(rule, operator, value, path)

    def _key(self, key: object, above: str) -> tuple[str, str]:
        if not isinstance(key, str):
            raise InvalidFilter(f"{above or 'filters'}: keys must be strings, not {kind_of(key)}")
        return key, step(above, key)

    def _count_condition(self, path: str) -> None:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise InvalidFilter(f"{path}: a filter may have at most {MAX_CONDITIONS} conditions")


def _with_metadata(own: Filter, rule: Rule, value: object, path: str) -> Filter:
    """A condition on a field, or on metadata called like it: in a flat payload the key may be either."""
    try:
        same = _Reader(flat_metadata=True)._conditions_on(rule, value, path)
    except InvalidFilter:  # a datetime, which no metadata holds
        return own
    return _either(own, same)


def _either(own: Filter, same: Filter) -> Filter:
    """What holds for one of two fields; the trees are alike. What must not be, must not be in both."""
    if isinstance(own, And) and isinstance(same, And):
        return all_of(_either(one, other) for one, other in zip(own.parts, same.parts, strict=True))
    if isinstance(own, Not) or (isinstance(own, Condition) and own.operator in ("ne", "nin")):
        return all_of([own, same])
    return any_of([own, same])


def _is_wildcard(value: object) -> bool:
    return isinstance(value, str) and value == "*"
