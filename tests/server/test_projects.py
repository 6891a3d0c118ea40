"""Projects: what they are told, who belongs to them, and how they end."""

from __future__ import annotations

import pytest

from tests.server.running import Client, Running

PROJECTS = "/api/v1/orgs/organizations/home/projects/"


@pytest.fixture
def own(client: Client) -> str:
    """The address of the client's project."""
    return f"{PROJECTS}{client.get('/v1/ping/').json['project_id']}/"


def test_what_it_was_told_stays(client: Client, own: str) -> None:
    told = {"custom_instructions": "Remember food.", "custom_categories": [{"food": "x"}, "sports"], "unknown": 1}
    assert client.send("PATCH", own, told).status == 200
    assert client.send("PATCH", own, {"multilingual": True, "org_id": "home"}).status == 200
    found = client.get(f"{own}?fields=name").json
    assert (found["custom_instructions"], found["multilingual"]) == ("Remember food.", True)
    assert found["custom_categories"] == [{"food": "x"}, "sports"]
    client.send("PATCH", own, {"custom_categories": []})
    assert client.get(own).json["custom_categories"] is None
    assert client.send("PATCH", own, {"custom_categories": [7]}).status == 400
    assert client.send("PATCH", own, {"name": ""}).status == 400


def test_a_new_project_is_empty_apart_and_has_a_key(client: Client) -> None:
    client.add("I live in Oslo.", user_id="ann")
    made = client.post(PROJECTS, {"name": "a new one", "description": "for tests"}).json
    other = Client(client.port, made["api_key"])
    assert other.get("/v1/ping/").json["project_id"] == made["project_id"]
    assert other.all(user_id="ann") == []
    assert client.post(PROJECTS, {"name": "a new one"}).status == 400
    assert client.post(PROJECTS, {"name": "default"}).status == 400
    assert client.get(f"{PROJECTS}{made['project_id']}/").status == 404


def test_a_deleted_project_takes_everything_with_it(server: Running) -> None:
    client = server.client("short-lived")
    own = f"{PROJECTS}{client.get('/v1/ping/').json['project_id']}/"
    client.add("I live in Oslo.", user_id="ann")
    assert client.delete(own).status == 200
    assert client.get("/v1/ping/").status == 401
    again = server.client("short-lived")
    assert again.all(user_id="ann") == []


def test_the_librarys_project_cannot_be_deleted(server: Running) -> None:
    assert server.client("default").delete(f"{PROJECTS}default/").status == 400


def test_only_admins_change_projects(server: Running, client: Client) -> None:
    reader = server.client("readers", "read", "write")
    own = f"{PROJECTS}{reader.get('/v1/ping/').json['project_id']}/"
    for method, path, body in (
        ("PATCH", own, {"decay": True}),
        ("DELETE", own, None),
        ("POST", PROJECTS, {"name": "x"}),
        ("POST", f"{own}members/", {"email": "x@example.com"}),
        ("GET", own.replace(f"{PROJECTS}", "/api/v1/webhooks/projects/"), None),
    ):
        assert reader.send(method, path, body).status == 403
    assert client.get(own).status == 404


def test_members_are_noted(client: Client, own: str) -> None:
    member = {"email": "rosa@example.com", "role": "reader"}
    assert client.put(f"{own}members/", member).status == 404
    assert client.post(f"{own}members/", member).status == 200
    assert client.get(f"{own}members/").json["members"][0]["role"] == "READER"
    assert client.post(f"{own}members/", {**member, "role": "KING"}).status == 400
    assert client.delete(f"{own}members/?email=rosa%40example.com").status == 200
    assert client.delete(f"{own}members/?email=rosa%40example.com").status == 404
    assert client.delete(f"{own}members/").status == 400


def test_a_name_that_cannot_be_given_cannot_be_taken_by_renaming(client: Client, own: str) -> None:
    client.post(PROJECTS, {"name": "somebody's"})
    for name in ("01998f3c-1111-7000-8000-000000000000", "somebody's", "default", " ", "x" * 256):
        made, renamed = client.post(PROJECTS, {"name": name}), client.send("PATCH", own, {"name": name})
        assert (made.status, renamed.status) == (400, 400), name
        assert made.json["detail"] == renamed.json["detail"]
    assert client.send("PATCH", own, {"name": "mine"}).status == 200
