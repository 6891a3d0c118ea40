"""What is left of a filter once it is known whose memories it is held against."""

from __future__ import annotations

from toldonce.caches import word_cache
from toldonce.filters.matching import matches
from toldonce.filters.tree import ENTITY_OF, EVERYTHING, And, Condition, Field, Filter, Not, Or, all_of, any_of
from toldonce.types import ENTITY_KINDS, EntityKind, MemoryRecord

NOTHING = Or(())

_DECIDED: dict[EntityKind, frozenset[Field]] = {
    owning: frozenset(field for field, kind in ENTITY_OF.items() if kind in ENTITY_KINDS[: place + 1])
    for place, owning in enumerate(ENTITY_KINDS)
}
"""By the kind of its entity: the fields in which all memories of an owner are alike."""


def for_owner(tree: Filter, kind: EntityKind, entity_id: str) -> Filter:
    """The part of a filter that the memories of one owner differ in.

    Every memory of an owner carries the owner's entity and none of the kinds before it (user, agent, app, run), so
    conditions on these are decided once. ``EVERYTHING`` and ``NOTHING`` are whole answers.
    """
    return _reduce(tree, _DECIDED[kind], _anyone(kind, entity_id))


def _reduce(tree: Filter, decided: frozenset[Field], someone: MemoryRecord) -> Filter:
    match tree:
        case And(parts):
            left = [_reduce(part, decided, someone) for part in parts]
            return NOTHING if NOTHING in left else all_of(left)
        case Or(parts):
            left = [_reduce(part, decided, someone) for part in parts]
            return EVERYTHING if EVERYTHING in left else any_of(part for part in left if part != NOTHING)
        case Not(part):
            rest = _reduce(part, decided, someone)
            if rest == EVERYTHING:
                return NOTHING
            return EVERYTHING if rest == NOTHING else Not(rest)
        case Condition():
            if tree.field not in decided:
                return tree
            return EVERYTHING if matches(tree, someone) else NOTHING


@word_cache(1024)
def _anyone(kind: EntityKind, entity_id: str) -> MemoryRecord:
    ids = {other: entity_id if other == kind else None for other in ENTITY_KINDS}
    return MemoryRecord(
        id="",
        text="",
        user_id=ids["user"],
        agent_id=ids["agent"],
        app_id=ids["app"],
        run_id=ids["run"],
        run_ids=(entity_id,) if kind == "run" else (),
        role="user",
        actor_id=None,
        created_at=0,
        updated_at=0,
        said_at=0,
        sayings=1,
        expires_on=None,
    )
