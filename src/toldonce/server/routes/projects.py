"""Projects and their members. A key sees its own project; any other is not there for it."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidInput
from toldonce.filters.checks import unstorable
from toldonce.server import tenants, wire
from toldonce.server.auth import Admin, Caller, Reader
from toldonce.server.bodies import MemberBody, ProjectBody, ProjectChanges
from toldonce.server.errors import not_found
from toldonce.server.keys import SCOPES, issue
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.service import Done
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Member
from toldonce.times import now

router = new_router("projects")

_PROJECTS = "/api/v1/orgs/organizations/{org_id}/projects"
_PROJECT = _PROJECTS + "/{project_id}"
_MEMBERS = _PROJECT + "/members"
_ROLES = ("READER", "OWNER")


@router.get(_PROJECTS)
async def list_projects(org_id: str, caller: Reader) -> Json:
    """The projects this key sees: its own."""
    await _own(caller, org_id, caller.project)
    return Json([await _shown(caller)])


@router.post(_PROJECTS)
async def create(org_id: str, body: ProjectBody, request: Request, caller: Admin) -> Json:
    """A new project, empty and apart from all others. ``api_key`` is the key to it; it is shown only now."""
    await _own(caller, org_id, caller.project)
    shown: list[str] = []

    def work(store: Write) -> Done:
        at = now()
        project = tenants.create(store, body.name, body.description, at)
        shown.append(issue(store, caller.service.hashes, project.id, project.name, SCOPES, None, at).text)
        return Done({"project_id": project.id})

    call = await caller.service.change(caller.project, request, "PROJECT", work)
    key = {"api_key": shown[0]} if shown else {}
    return Json({"message": "Project created successfully!", **call.answer, **key})


@router.get(_PROJECT)
async def get(org_id: str, project_id: str, caller: Reader) -> Json:
    """The project with all it was told; ``fields`` is accepted, and everything is returned."""
    await _own(caller, org_id, project_id)
    return Json(await _shown(caller))


@router.patch(_PROJECT)
async def update(org_id: str, project_id: str, body: ProjectChanges, request: Request, caller: Admin) -> Json:
    """Change what the project was told."""
    await _own(caller, org_id, project_id)
    changes = _changes(body)

    def work(store: Write) -> Done:
        found = store.serving.project(caller.project)
        if found is None:
            raise not_found("Project")
        name = found.name if body.name is None else _free_name(store, caller, body.name)
        description = found.description if body.description is None else body.description
        store.serving.keep_project(found.id, name, description, {**found.settings, **changes}, now())
        return Done()

    await caller.service.change(caller.project, request, "PROJECT", work)
    return Json({"message": "Project updated successfully!"})


@router.delete(_PROJECT)
async def delete(org_id: str, project_id: str, caller: Admin) -> Json:
    """Close the project, so that its keys are revoked, then delete its memories."""
    await _own(caller, org_id, project_id)
    if caller.project == PROJECT:
        raise InvalidInput("The default project belongs to the library too and cannot be deleted. Empty it instead.")
    await caller.service.delete_project(caller.project)
    return Json({"message": "Project deleted successfully!"})


@router.get(_MEMBERS)
async def members(org_id: str, project_id: str, caller: Reader) -> Json:
    """Who is noted to belong to the project. They have no access by that: keys give access."""
    await _own(caller, org_id, project_id)
    found = await caller.service.read(lambda store: store.serving.members(caller.project))
    return Json({"members": [wire.member(someone) for someone in found]})


@router.post(_MEMBERS)
async def add_member(org_id: str, project_id: str, body: MemberBody, request: Request, caller: Admin) -> Json:
    """Note that somebody belongs to the project."""
    return await _keep_member(caller, org_id, project_id, body, request, "Member added successfully!")


@router.put(_MEMBERS)
async def update_member(org_id: str, project_id: str, body: MemberBody, request: Request, caller: Admin) -> Json:
    """Change a member's role."""
    found = await caller.service.read(lambda store: store.serving.members(caller.project))
    if body.email not in {someone.email for someone in found}:
        raise not_found("Member")
    return await _keep_member(caller, org_id, project_id, body, request, "Member updated successfully!")


@router.delete(_MEMBERS)
async def remove_member(org_id: str, project_id: str, email: str, request: Request, caller: Admin) -> Json:
    """Somebody no longer belongs to the project."""
    await _own(caller, org_id, project_id)

    def work(store: Write) -> Done:
        if not store.serving.remove_member(caller.project, email):
            raise not_found("Member")
        return Done()

    await caller.service.change(caller.project, request, "MEMBER", work)
    return Json({"message": "Member removed successfully!"})


async def _own(caller: Caller, org_id: str, project: str) -> None:
    """Raises 404 unless the address names the caller's organisation and project, this by its id or its name."""
    if org_id != tenants.ORGANISATION or not await caller.service.is_project(caller.project, project):
        raise not_found("Project")


async def _shown(caller: Caller) -> wire.Item:
    def question(store: Read) -> wire.Item | None:
        found = store.serving.project(caller.project)
        return None if found is None else wire.project(found, store.serving.members(found.id))

    shown = await caller.service.read(question)
    if shown is None:
        raise not_found("Project")
    return shown


def _changes(body: ProjectChanges) -> dict[str, Any]:
    sent = body.model_dump(exclude_unset=True, exclude={"name", "description"})
    categories = sent.get("custom_categories")
    for place, category in enumerate(categories or []):
        if not isinstance(category, str) and not (isinstance(category, dict) and len(category) == 1):
            raise InvalidInput(f"custom_categories[{place}] must be a name, or an object {{name: description}}.")
    if categories == []:
        sent["custom_categories"] = None
    return sent


def _free_name(store: Write, caller: Caller, name: str) -> str:
    name = tenants.checked_name(name)
    other = store.serving.project_named(tenants.ORGANISATION, name)
    if (other is not None and other.id != caller.project) or (name == PROJECT and caller.project != PROJECT):
        raise tenants.taken(name)
    return name


async def _keep_member(
    caller: Caller, org_id: str, project_id: str, body: MemberBody, request: Request, message: str
) -> Json:
    await _own(caller, org_id, project_id)
    role = body.role.upper()
    if role not in _ROLES:
        raise InvalidInput("role must be READER or OWNER.")
    if not 0 < len(body.email) <= 254 or unstorable(body.email):
        raise InvalidInput("email must have 1 to 254 characters.")

    def work(store: Write) -> Done:
        store.serving.keep_member(caller.project, Member(body.email, role, now()))
        return Done()

    await caller.service.change(caller.project, request, "MEMBER", work)
    return Json({"message": message})
