"""Two projects in one folder, with the same names for everything: neither sees anything of the other.

Every test first sees in its own project what it then does not find in the other.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from .running import Client, Running

_NUMBERS = itertools.count()
IDS = {"user_id": "ann", "agent_id": "guide", "run_id": "r1"}


@pytest.fixture
def ours(server: Running) -> Client:
    return server.client(f"ours {next(_NUMBERS)}")


@pytest.fixture
def theirs(server: Running) -> Client:
    return server.client(f"theirs {next(_NUMBERS)}")


def events_of(client: Client) -> set[str]:
    return {event["id"] for event in client.get("/v1/events/").json["results"]}


def test_calls(ours: Client, theirs: Client) -> None:
    for client in (ours, theirs):
        client.add("I live in Oslo.", **IDS)
    mine, other = events_of(ours), events_of(theirs)
    assert len(mine) == len(other) == 1
    assert mine.isdisjoint(other)
    (event,) = mine
    assert ours.get(f"/v1/event/{event}/").status == 200
    assert theirs.get(f"/v1/event/{event}/").status == 404
    assert ours.get("/v1/events/").json["count"] == theirs.get("/v1/events/").json["count"] == 1


def test_idempotency_keys(ours: Client, theirs: Client) -> None:
    body = {"messages": "I live in Oslo.", "infer": False, "user_id": "ann"}
    key = {"Idempotency_Key": "the same"}
    first = ours.post("/v3/memories/add/", body, **key).json
    assert ours.post("/v3/memories/add/", body, **key).json == first
    assert theirs.post("/v3/memories/add/", body, **key).json["results"] != first["results"]
    assert ours.all(user_id="ann") == theirs.all(user_id="ann") == ["I live in Oslo."]


def test_memories_and_what_was_done_to_them(ours: Client, theirs: Client) -> None:
    (mine,) = ours.add("I live in Oslo.", **IDS)
    (other,) = theirs.add("I live in Bergen.", **IDS)
    for path in (f"/v1/memories/{mine}/", f"/v1/memories/{mine}/history/"):
        assert ours.get(path).status == 200
        assert theirs.get(path).status == 404
    assert theirs.put(f"/v1/memories/{mine}/", {"text": "changed"}).status == 404
    assert theirs.delete(f"/v1/memories/{mine}/").status == 404
    assert theirs.put("/v1/batch/", {"memories": [{"memory_id": mine, "text": "changed"}]}).status == 404
    assert theirs.delete("/v1/batch/", {"memories": [{"memory_id": mine}]}).status == 404
    assert theirs.post("/v1/feedback/", {"memory_id": mine, "feedback": "POSITIVE"}).status == 404
    for client, uid in ((ours, mine), (theirs, other)):
        done = client.get("/v1/memories/events/").json
        assert done["count"] == 1
        assert [entry["memory_id"] for entry in done["results"]] == [uid]
    assert ours.all(user_id="ann") == ["I live in Oslo."]
    assert theirs.delete("/v1/memories/?user_id=ann").status == 200
    assert theirs.all(user_id="ann") == []
    assert ours.all(user_id="ann") == ["I live in Oslo."]


def entities(client: Client) -> dict[str, dict[str, Any]]:
    return {f"{entity['type']} {entity['name']}": entity for entity in client.get("/v1/entities/").json["results"]}


def test_entities(ours: Client, theirs: Client) -> None:
    ours.add("I live in Oslo.", user_id="ann", agent_id="guide")
    for number in range(3):
        theirs.add(f"I live in town {number}.", user_id="bob", agent_id="guide", run_id="r1")
    theirs.add("The guide knows towns.", agent_id="guide")
    assert set(entities(ours)) == {"user ann", "agent guide"}
    assert set(entities(theirs)) == {"user bob", "agent guide", "run r1"}
    assert [entities(client)["agent guide"]["total_memories"] for client in (ours, theirs)] == [1, 4]
    assert ours.get("/v2/entities/user/ann/").status == 200
    assert theirs.get("/v2/entities/user/ann/").status == 404
    theirs.delete("/v2/entities/user/ann/")
    assert ours.all(user_id="ann") == ["I live in Oslo."]


SCHEMA = {"title": "Town", "type": "object", "properties": {"memory": {"type": "string"}}}


def test_exports(ours: Client, theirs: Client) -> None:
    ours.add("I live in Oslo.", user_id="ann")
    theirs.add("I live in Bergen.", user_id="ann")
    made = ours.post("/v1/exports/", {"schema": SCHEMA, "user_id": "ann"}).json["id"]
    for query in ({"memory_export_id": made}, {"user_id": "ann"}):
        assert ours.post("/v1/exports/get/", query).status == 200
        assert theirs.post("/v1/exports/get/", query).status == 404
    theirs.post("/v1/exports/", {"schema": SCHEMA, "user_id": "ann"})
    assert b"Oslo" in ours.post("/v1/exports/get/", {"user_id": "ann"}).raw
    found = theirs.post("/v1/exports/get/", {"user_id": "ann"}).raw
    assert b"Bergen" in found
    assert b"Oslo" not in found


def test_members_and_webhooks(ours: Client, theirs: Client) -> None:
    projects = [client.get("/v1/ping/").json["project_id"] for client in (ours, theirs)]
    mine, other = (f"/api/v1/orgs/organizations/home/projects/{project}/members/" for project in projects)
    assert ours.post(mine, {"email": "rosa@example.com", "role": "reader"}).status == 200
    assert [member["email"] for member in ours.get(mine).json["members"]] == ["rosa@example.com"]
    assert theirs.get(mine).status == 404
    assert theirs.get(other).json["members"] == []
    hook = {"url": "http://127.0.0.1:9/told", "name": "told", "event_types": ["memory_add"]}
    made = ours.post(f"/api/v1/webhooks/projects/{projects[0]}/", hook)
    assert made.status == 201
    assert len(ours.get(f"/api/v1/webhooks/projects/{projects[0]}/").json) == 1
    assert theirs.get(f"/api/v1/webhooks/projects/{projects[1]}/").json == []
    theirs.delete(f"/api/v1/orgs/organizations/home/projects/{projects[1]}/")
    assert theirs.get("/v1/ping/").status == 401
    assert ours.get("/v1/ping/").status == 200
    assert len(ours.get(f"/api/v1/webhooks/projects/{projects[0]}/").json) == 1
