"""The data path, as it looks on the wire."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.server.running import Client, Running

NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_ping_says_ok_and_names_organisation_and_project(client: Client) -> None:
    answer = client.get("/v1/ping/").json
    assert answer["status"] == "ok"
    assert answer["org_id"]
    assert answer["project_id"]
    assert "user_email" not in answer


@pytest.mark.parametrize("path", ["/v1/ping/", "/v1/ping", "//v1/ping/", "/v1//ping//"])
def test_slashes_do_not_matter(client: Client, path: str) -> None:
    assert client.get(path).status == 200


def test_an_inferred_add_is_pending_and_its_event_has_succeeded(client: Client) -> None:
    messages = [{"role": "user", "content": "I am allergic to peanuts."}, {"role": "assistant", "content": "Okay."}]
    answer = client.post("/v3/memories/add/", {"messages": messages, "user_id": "ann"}).json
    assert answer["status"] == "PENDING"
    assert "results" not in answer
    event = client.get(f"/v1/event/{answer['event_id']}/").json
    assert event["status"] == "SUCCEEDED"
    assert event["event_type"] == "ADD"
    [result] = event["results"]
    assert result["data"]["memory"] == result["memory"] == "I am allergic to peanuts."
    assert client.get(f"/v1/memories/{result['id']}/").json["memory"] == "I am allergic to peanuts."


def test_a_verbatim_add_answers_with_its_memories(client: Client) -> None:
    answer = client.post("/v3/memories/add/", {"messages": "hello", "infer": False, "filters": {"user_id": "ann"}}).json
    assert answer["status"] == "SUCCEEDED"
    assert [(one["event"], one["data"]["memory"]) for one in answer["results"]] == [("ADD", "hello")]


def test_older_adds_are_answered_in_their_own_shapes(client: Client) -> None:
    body = {"messages": "I like tea.", "user_id": "ann"}
    [pending] = client.post("/v1/memories/", body).json
    assert pending["status"] == "PENDING"
    again = {**body, "messages": "I like rye.", "output_format": "v1.1"}
    assert client.post("/v1/memories/", again).json["results"][0]["event_id"]
    at_once = {**body, "messages": "I like figs.", "async_mode": False}
    assert client.post("/v1/memories/", at_once).json["results"][0]["memory"] == "I like figs."


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_search_sees_what_was_just_added(client: Client, version: str) -> None:
    client.add("My sister Rosa lives in Lisbon.", user_id="ann", metadata={"k": 1})
    body = {"query": "Where does Rosa live?", "filters": {"user_id": "ann"}}
    [hit] = client.post(f"/{version}/memories/search/", body).json["results"]
    assert hit["memory"] == "My sister Rosa lives in Lisbon."
    assert 0.1 <= hit["score"] <= 1
    assert {"semantic", "bm25", "entity"} <= set(hit["score_breakdown"])
    assert (hit["user_id"], hit["run_id"], hit["session_id"], hit["metadata"]) == ("ann", None, None, {"k": 1})


def test_older_searches_may_name_ids_at_the_top_level_and_new_ones_may_not(client: Client) -> None:
    client.add("My sister Rosa lives in Lisbon.", user_id="ann")
    body = {"query": "Rosa", "user_id": "ann", "limit": 1}
    assert len(client.post("/v2/memories/search/", body).json["results"]) == 1
    for path in ("/v3/memories/search/", "/v3/memories/"):
        refused = client.post(path, body)
        assert refused.status == 400
        assert "filters" in refused.json["detail"]


def test_a_search_returns_the_asked_fields_and_always_id_and_memory(client: Client) -> None:
    client.add("Rosa lives in Lisbon.", user_id="ann")
    body = {"query": "Rosa", "filters": {"userId": "ann"}, "fields": ["score"], "output_format": "v1.1", "unknown": 1}
    [hit] = client.post("/v3/memories/search/", body).json["results"]
    assert set(hit) == {"id", "memory", "score"}


def test_a_search_narrows_by_category_and_metadata(client: Client) -> None:
    client.add("Rosa likes tea.", user_id="ann", metadata={"categories": ["food"], "k": 1})
    client.add("Rosa likes rain.", user_id="ann", metadata={"k": 2})
    body = {"query": "What does Rosa like?", "filters": {"user_id": "ann"}, "threshold": 0}
    for more in ({"categories": ["food"]}, {"metadata": {"k": 1}}):
        results = client.post("/v3/memories/search/", {**body, **more}).json["results"]
        assert [hit["memory"] for hit in results] == ["Rosa likes tea."]


def test_lists_come_in_pages_with_absolute_addresses(server: Running, client: Client) -> None:
    for number in range(5):
        client.add(f"Fact {number}", user_id="ann", timestamp=1_700_000_000 + number)
    seen: list[str] = []
    path: str | None = "/v3/memories/?page_size=2"
    while path:
        answer = client.post(path, {"filters": {"user_id": "ann"}}).json
        assert answer["count"] == 5
        seen += [item["memory"] for item in answer["results"]]
        following = answer["next"]
        assert following is None or following.startswith(f"http://127.0.0.1:{server.port}/")
        path = following and following.split(str(server.port), 1)[1]
    assert seen == [f"Fact {number}" for number in range(4, -1, -1)]
    beyond = client.post("/v3/memories/?page=9", {"filters": {"user_id": "ann"}})
    assert (beyond.status, beyond.json["detail"]) == (404, "Invalid page.")
    first = client.post("/v2/memories/", {"user_id": "ann", "page": 1, "page_size": 2}).json
    assert (len(first["results"]), first["previous"]) == (2, None)
    assert client.get("/v1/memories/?user_id=ann").json["count"] == 5


def test_a_list_narrows_by_date_and_keyword(client: Client) -> None:
    client.add("Old tea", user_id="ann", timestamp="2024-01-01T00:00:00Z")
    client.add("New tea", user_id="ann", timestamp=1_750_000_000)
    body = {"filters": {"user_id": "ann"}}
    dated = client.post("/v3/memories/", {**body, "start_date": "2024-01-01", "end_date": "2024-01-01"}).json
    assert [item["memory"] for item in dated["results"]] == ["Old tea"]
    assert dated["results"][0]["structured_attributes"]["day_of_week"] == "monday"
    assert client.post("/v3/memories/", {**body, "keywords": "new"}).json["count"] == 1


def test_an_update_changes_what_it_names(client: Client) -> None:
    [uid] = client.add("I live in Oslo.", user_id="ann", metadata={"a": 1})
    changes = {"text": "I live in Bergen.", "metadata": {"b": 2}, "timestamp": 1_700_000_000}
    updated = client.put(f"/v1/memories/{uid}/", {**changes, "expiration_date": "2099-01-01"}).json
    assert updated["memory"] == "I live in Bergen."
    assert updated["metadata"] == {"a": 1, "b": 2}
    assert updated["created_at"] == "2023-11-14T22:13:20+00:00"
    assert updated["expiration_date"] == "2099-01-01"
    assert client.put(f"/v1/memories/{uid}/", {"expiration_date": None}).json["expiration_date"] is None
    history = client.get(f"/v1/memories/{uid}/history/").json
    assert [entry["event"] for entry in history] == ["ADD", "UPDATE", "UPDATE"]
    assert history[0]["input"] == [{"role": "user", "content": "I live in Oslo."}]
    assert (history[1]["old_memory"], history[1]["new_memory"]) == ("I live in Oslo.", "I live in Bergen.")


def test_an_expired_memory_is_shown_on_request_only(client: Client) -> None:
    client.add("Rosa visits.", user_id="ann", expiration_date="2020-01-01")
    for path, body in (("/v3/memories/", {}), ("/v3/memories/search/", {"query": "Rosa", "threshold": 0})):
        body = {**body, "filters": {"user_id": "ann"}}
        assert client.post(path, body).json["results"] == []
        assert len(client.post(path, {**body, "show_expired": True}).json["results"]) == 1


def test_a_deleted_memory_is_gone_and_its_history_stays(client: Client) -> None:
    [uid] = client.add("I live in Oslo.", user_id="ann")
    assert client.delete(f"/v1/memories/{uid}/?delete_linked=true").json["cascade_count"] == 0
    assert client.get(f"/v1/memories/{uid}/").status == 404
    assert client.delete(f"/v1/memories/{uid}/").status == 404
    assert client.get(f"/v1/memories/{uid}/history/").json[-1]["event"] == "DELETE"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_and_malformed_ids_are_told_apart(client: Client, method: str) -> None:
    body = {"text": "x"} if method == "PUT" else None
    assert client.send(method, f"/v1/memories/{NOWHERE}/", body).status == 404
    refused = client.send(method, "/v1/memories/mem_123/", body)
    assert (refused.status, refused.json["error"]) == (400, "memory_id should be a valid UUID")


def test_delete_all_takes_what_carries_all_ids(client: Client) -> None:
    client.add("both", user_id="ann", agent_id="a1")
    client.add("ann only", user_id="ann")
    client.add("bob and a1", user_id="bob", agent_id="a1")
    assert client.delete("/v1/memories/?user_id=ann&agent_id=a1").json["count"] == 1
    assert client.all(user_id="ann") == ["ann only"]
    assert client.delete("/v1/memories/?filters=" + quote("{'user_id': 'ann'}")).json["count"] == 1
    assert client.all(user_id="bob") == ["bob and a1"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?filters=%5Bobject%20Object%5D",
        "?filters=",
        "?filters=%7B%7D",
        "?filters=" + quote("{'user_id': __import__('os')}"),
        "?filters=" + "%5B" * 5_000,
        "?user_id=",
        "?metadata=%7B%22k%22%3A1%7D",
        "?user_id=ann&filters=%7B%22usr%22%3A1%7D",
    ],
)
def test_a_delete_that_cannot_be_read_deletes_nothing(client: Client, query: str) -> None:
    client.add("kept", user_id="ann")
    refused = client.delete(f"/v1/memories/{query}")
    assert refused.status == 400
    assert refused.json["detail"]
    assert client.all(user_id="ann") == ["kept"]


def test_four_stars_empty_the_project_and_one_star_takes_all_of_a_kind(client: Client) -> None:
    client.add("a", user_id="ann")
    client.add("b", agent_id="a1")
    assert client.delete("/v1/memories/?user_id=*").json["count"] == 1
    assert client.all(agent_id="a1") == ["b"]
    assert client.delete("/v1/memories/?user_id=*&agent_id=*&app_id=*&run_id=*").json["count"] == 1


@pytest.mark.parametrize("name", ["a/b", "ü😀", "100%", "a?b#c", "a//b/"])
def test_entities_may_have_any_name(client: Client, name: str) -> None:
    client.add("said", user_id=name, agent_id="a1")
    listed = client.get("/v1/entities/").json
    assert [(one["type"], one["name"], one["total_memories"]) for one in listed["results"]] == [
        ("user", name, 1),
        ("agent", "a1", 1),
    ]
    assert (listed["total_users"], listed["total_agents"]) == (1, 1)
    encoded = quote(name, safe="")
    assert client.get(f"/v2/entities/user/{encoded}/").json[0]["name"] == name
    assert client.get(f"/v1/memories/user/{encoded}/").json["results"][0]["input"][0]["content"] == "said"
    assert client.delete(f"/v2/entities/user/{encoded}/").status == 200
    assert client.get("/v1/entities/").json["results"] == []


def test_a_batch_happens_as_a_whole(client: Client) -> None:
    uids = client.add([{"role": "user", "content": text} for text in ("one", "two")], user_id="ann")
    broken = {"memories": [{"memory_id": uids[0], "text": "changed"}, {"memory_id": NOWHERE, "text": "x"}]}
    assert client.put("/v1/batch/", broken).status == 404
    assert sorted(client.all(user_id="ann")) == ["one", "two"]
    changes = {"memories": [{"memory_id": uid, "text": f"new {place}"} for place, uid in enumerate(uids)]}
    assert client.put("/v1/batch/", changes).json["message"] == "Successfully updated 2 memories"
    assert sorted(client.all(user_id="ann")) == ["new 0", "new 1"]
    assert client.delete("/v1/batch/", {"memories": [{"memory_id": uid} for uid in uids]}).status == 200
    assert client.all(user_id="ann") == []
    assert client.delete("/v1/batch/", {"memories": []}).status == 400


def test_an_idempotency_key_makes_a_repeat_free(client: Client) -> None:
    body = {"messages": "I like tea.", "user_id": "ann", "infer": False}
    first = client.post("/v3/memories/add/", body, Idempotency_Key="k1").json
    assert client.post("/v3/memories/add/", body, Idempotency_Key="k1").json == first
    assert client.all(user_id="ann") == ["I like tea."]
    other = client.post("/v3/memories/add/", {**body, "messages": "No."}, Idempotency_Key="k1")
    assert other.status == 409
    [uid] = [result["id"] for result in first["results"]]
    for _ in range(2):
        assert client.delete(f"/v1/memories/{uid}/", Idempotency_Key="k2").status == 200
    deleted = client.delete("/v1/memories/?user_id=ann", Idempotency_Key="k3").json
    client.add("said later", user_id="ann")
    assert client.delete("/v1/memories/?user_id=ann", Idempotency_Key="k3").json == deleted
    assert client.all(user_id="ann") == ["said later"]


def test_what_was_done_is_listed(client: Client) -> None:
    [uid] = client.add("one", user_id="ann")
    client.put(f"/v1/memories/{uid}/", {"text": "two"})
    events = client.get("/v1/events/?page_size=1").json
    assert (events["count"], events["results"][0]["event_type"]) == (2, "UPDATE")
    histories = client.get("/v1/memories/events/").json
    assert [(one["event"], one["new_memory"]) for one in histories["results"]] == [("UPDATE", "two"), ("ADD", "one")]
    assert client.get(f"/v1/event/{NOWHERE}/").status == 404
