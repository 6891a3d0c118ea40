"""What is left of a filter once it is known whose memories it is held against."""

from __future__ import annotations

from recollect.filters.matching import matches
from recollect.filters.tree import ENTITY_OF, And, Condition, EntityField, Filter, Not, Or
from recollect.types import ENTITY_KINDS, EntityKind, MemoryRecord

EVERYTHING = And(())
NOTHING = Or(())


def for_owner(tree: Filter, kind: EntityKind, entity_id: str) -> Filter:
    """The part of a filter that the memories of one owner differ in.

    Every memory of an owner carries the owner's entity and none of the kinds before it (user, agent, app, run), so
    conditions on these are decided once. ``EVERYTHING`` and ``NOTHING`` are whole answers.
    """
    decided = ENTITY_KINDS[: ENTITY_KINDS.index(kind) + 1]
    return _reduce(tree, frozenset(decided), _anyone(kind, entity_id))


def _reduce(tree: Filter, decided: frozenset[EntityKind], someone: MemoryRecord) -> Filter:
    match tree:
        case And(parts):
            kept = [left for part in parts if (left := _reduce(part, decided, someone)) != EVERYTHING]
            return NOTHING if NOTHING in kept else (kept[0] if len(kept) == 1 else And(tuple(kept)))
        case Or(parts):
            kept = [left for part in parts if (left := _reduce(part, decided, someone)) != NOTHING]
            return EVERYTHING if EVERYTHING in kept else (kept[0] if len(kept) == 1 else Or(tuple(kept)))
        case Not(part):
            left = _reduce(part, decided, someone)
            return {EVERYTHING: NOTHING, NOTHING: EVERYTHING}.get(left, Not(left))
        case Condition(field=field):
            if _kind(field) not in decided:
                return tree
            return EVERYTHING if matches(tree, someone) else NOTHING


def _kind(field: object) -> EntityKind | None:
    entity: EntityField
    for entity, kind in ENTITY_OF.items():
        if field == entity:
            return kind
    return None


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
