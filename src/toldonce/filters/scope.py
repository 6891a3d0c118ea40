"""Whose memories a filter may show, and where they lie.

Users never mix. A filter *names* the users that stand positively in it, and one that names users shows memories of
these users and of no user, whatever its OR branches say: ``{"OR": [{"user_id": "alice"}, {"agent_id": "a1"}]}`` does
not show what bob told a1. A filter that names nobody shows everyone's; whether the caller may ask that is the caller's
to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from toldonce.filters.tree import ENTITY_OF, And, Condition, EntityField, Filter, Not, Or
from toldonce.types import EntityKind, MemoryRecord


class OwnerDirectory(Protocol):
    """Where memories lie. An owner is the partition of the first entity (user, agent, app, run) a memory carries."""

    def owners_with(self, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        """Owners that hold a memory carrying one of these entities; None: any entity of the kind."""
        ...

    def owners_of_users(self, user_ids: Iterable[str]) -> set[int]:
        """The owners of these users' memories."""
        ...

    def owners_without_user(self) -> set[int]:
        """Owners whose memories carry no user."""
        ...

    def all_owners(self) -> set[int]:
        """Every owner there is."""
        ...


def named_users(tree: Filter) -> frozenset[str]:
    """The users who stand in the filter bare or under ``eq`` or ``in``, and not under an odd number of NOTs.

    ``"*"``, ``ne`` and ``nin`` name nobody.
    """
    return frozenset(
        user
        for condition in _positive(tree)
        if condition.field == "user_id" and condition.operator in ("eq", "in")
        for user in _ids(condition)
    )


def admits_user(tree: Filter, user_id: str | None) -> bool:
    """Whether a memory of this user (None: of no user) may be shown for this filter at all."""
    return user_id is None or not (named := named_users(tree)) or user_id in named


def visible(tree: Filter, record: MemoryRecord) -> bool:
    """Whether this memory may be shown for this filter, if it matches."""
    return admits_user(tree, record.user_id)


def constrains_entity(tree: Filter) -> bool:
    """Whether the filter asks for at least one user, agent, app or run positively; in an OR, or by ``"*"``, counts."""
    return any(_entity_field(condition) and condition.operator in _ASKING for condition in _positive(tree))


def candidate_owners(tree: Filter, directory: OwnerDirectory) -> set[int]:
    """Owners that can hold a visible memory that matches; perhaps more, but never one of a user who is not named
    while somebody is.

    Every owner is listed only if nobody is named and no entity condition restricts the filter.
    """
    named = named_users(tree)
    if not named:
        reached = _reach(tree, directory)
        return directory.all_owners() if reached is None else reached
    admitted = directory.owners_of_users(named)
    if not _needs_named_user(tree):
        admitted = admitted | directory.owners_without_user()
    if len(admitted) <= _FEW:
        return admitted
    reached = _reach(tree, directory)
    return admitted if reached is None else admitted & reached


_ASKING = ("eq", "in", "exists")
_FEW = 8
"""Not worth narrowing further. An agent may be in every owner there is; listing them all to find alice's among them
would make the commonest filters (a user and an agent) the slowest."""


def _needs_named_user(tree: Filter) -> bool:
    """Whether only memories of named users can match."""
    match tree:
        case And(parts):
            return any(_needs_named_user(part) for part in parts)
        case Or(parts):
            return all(_needs_named_user(part) for part in parts)
        case Not():
            return False
        case Condition():
            return tree.field == "user_id" and tree.operator in ("eq", "in")


def _reach(tree: Filter, directory: OwnerDirectory) -> set[int] | None:
    """The owners that can hold a match, or None if the filter does not say."""
    match tree:
        case And(parts):
            told = [found for part in parts if (found := _reach(part, directory)) is not None]
            return set.intersection(*told) if told else None
        case Or(parts):
            reaches = [_reach(part, directory) for part in parts]
            told = [found for found in reaches if found is not None]
            return set().union(*told) if len(told) == len(reaches) else None
        case Not():
            return None
        case Condition():
            return _reach_condition(tree, directory)


def _reach_condition(condition: Condition, directory: OwnerDirectory) -> set[int] | None:
    field = _entity_field(condition)
    if field is None or condition.operator not in _ASKING:
        return None
    if condition.operator == "exists":
        return directory.owners_with(ENTITY_OF[field], None)
    if field == "user_id":
        return directory.owners_of_users(_ids(condition))
    return directory.owners_with(ENTITY_OF[field], _ids(condition))


def _positive(tree: Filter, *, negated: bool = False) -> Iterator[Condition]:
    """The conditions under an even number of NOTs."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _positive(part, negated=negated)
        case Not(part):
            yield from _positive(part, negated=not negated)
        case Condition():
            if not negated:
                yield tree


def _entity_field(condition: Condition) -> EntityField | None:
    for field in ENTITY_OF:
        if condition.field == field:
            return field
    return None


def _ids(condition: Condition) -> list[str]:
    """The ids a condition lists; an entity's values are strings."""
    return [value for value in condition.values if isinstance(value, str)]
