"""Profiles over the wire: made of facts, shaped after the project's schema, gone with what proves them."""

from __future__ import annotations

import json

import pytest

from tests.server.running import Client, Running

SETTINGS = "/v2/profiles/settings/"
JOBS = "/v2/profiles/jobs/"
SCHEMA = {
    "type": "object",
    "properties": {
        "preferredName": {"type": "string", "description": "How to greet them"},
        "home": {"type": "string", "description": "Where they live"},
        "allergies": {"type": "array", "items": {"type": "string"}, "description": "What they cannot eat"},
        "contact": {
            "type": "object",
            "description": "How to reach them",
            "properties": {"e-mail": {"description": "Address"}, "phone": {"type": "string", "description": "Number"}},
        },
        "age": {"type": "integer", "description": "In years"},
        "dog": {"type": "string", "description": "Its name"},
    },
}


def profile(client: Client, user: str = "ann") -> dict[str, object]:
    answer = client.get(f"/v2/entities/user/{user}/profile/")
    assert answer.status == 200, answer.raw
    return dict(answer.json)


def test_a_profile_is_what_holds(client: Client) -> None:
    [home] = client.add("I live in Porto.", user_id="ann", timestamp=1_700_000_000)
    assert profile(client)["profile"] == {"home": "Porto"}
    [moved] = client.add("My name is Ann and we've moved to Braga.", user_id="ann")
    client.add("I live in Rome.", user_id="bob")
    found = profile(client)
    assert (found["status"], found["entity_type"], found["entity_id"]) == ("succeeded", "user", "ann")
    assert found["profile"] == {"name": "Ann", "home": "Braga"}
    assert {fact["value"]: fact["evidence"] for fact in found["facts"]} == {"Ann": [moved], "Braga": [moved]}  # type: ignore[attr-defined]
    assert found["generation_count"] == 1
    assert found["updated_at"]
    assert client.delete(f"/v1/memories/{moved}/").status == 200
    assert profile(client)["profile"] == {"home": "Porto"}
    assert client.delete(f"/v1/memories/{home}/").status == 200
    assert client.get("/v2/entities/user/ann/profile/").status == 404


def test_a_user_of_whom_no_fact_is_known(client: Client) -> None:
    client.add("It rained all day.", user_id="a/b")
    found = profile(client, "a%2Fb")
    assert (found["status"], found["profile"], found["updated_at"]) == ("insufficient_data", {}, None)
    assert client.get("/v2/entities/user/nobody/profile/").status == 404
    assert client.get("/v2/entities/user/%20/profile/").status == 400


def test_no_project_sees_the_profiles_of_another(server: Running, client: Client) -> None:
    client.add("I live in Porto.", user_id="ann")
    assert profile(client)["profile"]
    assert server.client("elsewhere").get("/v2/entities/user/ann/profile/").status == 404


def test_a_schema_shapes_profiles_by_name(client: Client) -> None:
    client.add("Please call me Annie. I'm allergic to nuts and latex.", user_id="ann")
    client.add("My email is ann@example.org.", user_id="ann")
    client.add("Our dog is called Rex. My dog Max is older.", user_id="ann")
    changed = client.post(SETTINGS, {"entities": {"user": {"schema": SCHEMA, "custom_instructions": "Be brief."}}})
    assert changed.status == 200, changed.raw
    assert client.get(SETTINGS).json == changed.json
    assert changed.json["entities"]["user"] == {"schema": SCHEMA, "custom_instructions": "Be brief."}
    assert profile(client)["profile"] == {
        "preferredName": "Annie",
        "allergies": ["nuts", "latex"],
        "contact": {"e-mail": "ann@example.org"},
        "dog": "Rex, Max",
    }
    cleared = client.post(SETTINGS, {"entities": {"user": {"schema": None}}}).json
    assert cleared["entities"]["user"] == {"schema": None, "custom_instructions": "Be brief."}
    assert "preferred name" in profile(client)["profile"]  # type: ignore[operator]


def test_profiles_can_be_turned_off(client: Client) -> None:
    client.add("I live in Porto.", user_id="ann")
    assert client.get(SETTINGS).json["enabled"] is True
    assert client.post(SETTINGS, {"enabled": False}).json["enabled"] is False
    found = profile(client)
    assert (found["status"], found["profile"], found["facts"]) == ("not_enabled", {}, [])
    assert client.post(JOBS, {"operation": "trigger", "entity_id": "ann"}).status == 400
    client.post(SETTINGS, {"enabled": True})
    assert profile(client)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"schema": SCHEMA}, "schema"),
        ({"entities": {"agent": {}}}, "entities"),
        ({"entities": {"user": {"colour": 1}}}, "colour"),
        ({"entities": {"user": []}}, "entities.user"),
        ({"enabled": "yes"}, "enabled"),
        ({"entities": {"user": {"custom_instructions": 1}}}, "custom_instructions"),
        ({"entities": {"user": {"schema": {"type": "object"}}}}, "properties"),
        ({"entities": {"user": {"schema": {"properties": {"home": {"type": "string"}}}}}}, "schema.home"),
        ({"entities": {"user": {"schema": {"properties": {"a": {"description": "", "properties": 1}}}}}}, "schema.a"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_name(client: Client, sent: object, named: str) -> None:
    before = client.get(SETTINGS).json
    answer = client.post(SETTINGS, sent)
    assert answer.status == 400
    assert named in answer.json["detail"]
    assert client.get(SETTINGS).json == before


def test_a_schema_may_not_be_deeper_than_anybody_needs(client: Client) -> None:
    schema: dict[str, object] = {"description": "end"}
    for _ in range(20):
        schema = {"description": "more", "properties": {"in": schema}}
    assert client.post(SETTINGS, {"entities": {"user": {"schema": schema}}}).status == 400


def test_a_job_is_done_when_it_is_answered(client: Client) -> None:
    client.add("I live in Porto.", user_id="ann")
    started = client.post(
        JOBS, {"operation": "trigger", "entity_type": "user", "entity_id": "ann"}, Idempotency_Key="k"
    )
    assert started.status == 200, started.raw
    again = client.post(JOBS, {"operation": "trigger", "entity_type": "user", "entity_id": "ann"}, Idempotency_Key="k")
    assert (started.json["replayed"], again.json["replayed"]) == (False, True)
    assert again.json == {**started.json, "replayed": True}
    job = client.get(started.json["status_url"]).json["job"]
    assert (job["id"], job["status"], job["total"], job["succeeded"]) == (started.json["job_id"], "succeeded", 1, 1)
    [added] = client.add("I like tea.", user_id="ann")
    for missing in (added, "00000000-0000-4000-8000-000000000000"):
        assert client.get(f"{JOBS}{missing}/").status == 404
    assert client.get(f"{JOBS}1/").status == 400
    for wrong, status in (
        ({"operation": "trigger"}, 400),
        ({"operation": "trigger", "entity_id": "nobody"}, 404),
        ({"operation": "trigger", "entity_type": "agent", "entity_id": "ann"}, 400),
        ({"operation": "burn", "entity_id": "ann"}, 400),
        ({"operation": "sample", "limit": 11}, 400),
    ):
        assert client.post(JOBS, wrong).status == status, wrong


def test_a_sample_names_users_and_leaves_no_name_behind(client: Client) -> None:
    for user in ("ann", "bob", "eve", "joe"):
        client.add("I live in Porto.", user_id=user)
    assert client.post(JOBS, {"operation": "sample"}).json["entity_ids"] == ["ann", "bob", "eve"]
    sample = client.post(JOBS, {"operation": "sample", "limit": 2}).json
    assert (sample["sampled"], sample["entity_ids"]) == (2, ["ann", "bob"])
    assert client.get(sample["status_url"]).json["job"]["completed"] == 2
    assert "ann" not in json.dumps(client.get("/v1/events/").json)


def found(client: Client, path: str, **body: object) -> list[str]:
    answer = client.post(path, {"filters": {"user_id": "ann"}, **body})
    assert answer.status == 200, answer.raw
    return [result["memory"] for result in answer.json["results"]]


def test_latest_only_leaves_out_what_only_states_what_was_replaced(client: Client) -> None:
    client.add("I live in Porto.", user_id="ann", timestamp=1_700_000_000)
    client.add("My name is Ann and I live in Faro.", user_id="ann", timestamp=1_700_000_100)
    client.add("We've moved to Braga.", user_id="ann", timestamp=1_700_000_200)
    old, both, new = "I live in Porto.", "My name is Ann and I live in Faro.", "We've moved to Braga."
    for path, body in (("/v3/memories/", {}), ("/v3/memories/search/", {"query": "Where do I live?", "threshold": 0})):
        assert set(found(client, path, **body)) == {old, both, new}
        assert set(found(client, path, **body, latest_only=True)) == {both, new}
        assert set(found(client, path, **body, latest_only=False)) == {old, both, new}
    assert client.post("/v3/memories/", {"filters": {"user_id": "ann"}, "latest_only": True}).json["count"] == 2


def test_words_are_compared_with_keyword_search_and_without(client: Client) -> None:
    client.add("The ticket is QX-4471.", user_id="ann")
    client.add("It rained all day.", user_id="ann")
    for asked in (True, False, None):
        search = {"query": "QX-4471", "keyword_search": asked}
        assert found(client, "/v3/memories/search/", **search)[0] == "The ticket is QX-4471."
