"""Organisations and projects. One data folder is one organisation; its projects share nothing."""

from __future__ import annotations

from typing import Any

from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidInput
from toldonce.filters.checks import unstorable
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Project
from toldonce.uids import new_uid

ORGANISATION = "home"
_LONGEST_NAME = 255

SETTINGS: dict[str, Any] = {
    "custom_instructions": None,
    "agent_custom_instructions": None,
    "custom_categories": None,
    "multilingual": False,
    "decay": False,
    "memory_depth": None,
    "usecase_setting": None,
    "retrieval_criteria": None,
    "enable_graph": False,
    "version": None,
    "inclusion_prompt": None,
    "exclusion_prompt": None,
}
"""What a project can be told, and what holds until it is. Those about extraction are kept until there is a model."""


def ensure_default(store: Write, now: int) -> Project:
    """The project that the library uses, and keys that name no other."""
    found = store.serving.project(PROJECT)
    return found or _add(store, PROJECT, PROJECT, None, now)


def ensure_named(store: Write, name: str, now: int) -> Project:
    """The project with this name, made if need be."""
    if name == PROJECT:
        return ensure_default(store, now)
    return store.serving.project_named(ORGANISATION, name) or create(store, name, None, now)


def create(store: Write, name: object, description: str | None, now: int) -> Project:
    """A new project. Raises ``InvalidInput`` if its name cannot be used or is taken."""
    if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME or unstorable(name):
        raise InvalidInput(f"name: a project's name has 1 to {_LONGEST_NAME} characters and no null byte.")
    name = name.strip()
    if name == PROJECT or store.serving.project_named(ORGANISATION, name) is not None:
        raise InvalidInput(f"name: there is a project {name!r} already. Choose another name.")
    return _add(store, new_uid(now), name, description, now)


def _add(store: Write, project_id: str, name: str, description: str | None, now: int) -> Project:
    project = Project(project_id, ORGANISATION, name, description, {}, now, now)
    store.serving.add_project(project)
    return project
