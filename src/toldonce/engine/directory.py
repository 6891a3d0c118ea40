"""Which owners a filter reaches, and what of the filter is left to ask of each owner's memories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toldonce.engine.filter_cache import conditions
from toldonce.filters import Filter, admits_user, candidate_owners
from toldonce.filters.reduction import NOTHING, for_owner
from toldonce.stores.protocol import Read
from toldonce.types import EntityKind

QUICK_CONDITIONS = 50
"""Conditions of a filter whose owners are remembered, as it is asked for again and again; each is an object."""


class Directory:
    """Where the memories of a project lie, as filters ask for it."""

    def __init__(self, store: Read, project: str) -> None:
        self._store = store
        self._project = project
        self._met: dict[int, tuple[EntityKind, str]] = {}

    def owners_with(self, kind: EntityKind, entity_ids: Iterable[str] | None) -> set[int]:
        return self._store.owners_with(self._project, kind, entity_ids)

    def owners_of_users(self, user_ids: Iterable[str]) -> set[int]:
        found = self._store.owners(self._project, "user", user_ids)
        self._met.update(found)
        return set(found)

    def owners_without_user(self) -> set[int]:
        return {owner for owner, (kind, _) in self._store.owners(self._project, None, None).items() if kind != "user"}

    def all_owners(self) -> set[int]:
        return set(self._store.owners(self._project, None, None))

    def describe(self, owner_ids: Iterable[int]) -> dict[int, tuple[EntityKind, str]]:
        """Whose each of these is: the kind and id of its entity."""
        unmet = [owner_id for owner_id in owner_ids if owner_id not in self._met]
        if unmet:
            self._met.update(self._store.describe(unmet))
        return self._met


def owners_reached(store: Read, project: str, tree: Filter) -> Sequence[tuple[int, Filter]]:
    """Owners the filter reaches, each with the part of the filter that its memories differ in."""
    if conditions(tree) > QUICK_CONDITIONS:
        return _reached(store, project, tree)
    return store.once((project, tree), lambda: _reached(store, project, tree))


def _reached(store: Read, project: str, tree: Filter) -> Sequence[tuple[int, Filter]]:
    directory = Directory(store, project)
    candidates = candidate_owners(tree, directory)
    named = directory.describe(candidates)
    reached = []
    for owner_id in sorted(candidates):
        kind, entity_id = named[owner_id]
        if not admits_user(tree, entity_id if kind == "user" else None):
            continue
        rest = for_owner(tree, kind, entity_id)
        if rest != NOTHING:
            reached.append((owner_id, rest))
    return reached
