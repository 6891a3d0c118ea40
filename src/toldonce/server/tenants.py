"""Organisations and projects. One data folder is one organisation; its projects share nothing."""

from __future__ import annotations

import re
from typing import Any

from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidInput
from toldonce.filters.checks import unstorable
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Project
from toldonce.uids import new_uid

ORGANISATION = "home"
_LONGEST_NAME = 255

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

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
    project = Project(PROJECT, ORGANISATION, PROJECT, None, {}, now, now)
    store.serving.add_project(project)
    return store.serving.project(PROJECT) or project


def find(store: Read, text: str) -> Project | None:
    """The project with this id or this name."""
    return store.serving.project(text) or store.serving.project_named(ORGANISATION, text.strip())


def ensure(store: Write, text: str, now: int) -> Project:
    """The project with this id or this name; made if it is a name that none has. Raises ``InvalidInput``."""
    if text == PROJECT:
        return ensure_default(store, now)
    return find(store, text) or create(store, text, None, now)


def create(store: Write, name: object, description: str | None, now: int) -> Project:
    """A new project. Raises ``InvalidInput`` if its name cannot be used or is taken."""
    name = checked_name(name)
    project = Project(new_uid(now), ORGANISATION, name, description, {}, now, now)
    if name == PROJECT or not store.serving.add_project(project):
        raise taken(name)
    return project


def checked_name(name: object) -> str:
    """A project's name, stripped. Raises ``InvalidInput`` if none can have it."""
    if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME or unstorable(name):
        raise InvalidInput(f"name: a project's name has 1 to {_LONGEST_NAME} characters and no null byte.")
    name = name.strip()
    if name != PROJECT and _UUID.fullmatch(name):
        raise InvalidInput(f"name: {name} looks like the id of a project, and none has it. Choose another name.")
    return name


def taken(name: str) -> InvalidInput:
    """The error for a name that another project has."""
    return InvalidInput(f"name: there is a project {name!r} already. Choose another name.")
