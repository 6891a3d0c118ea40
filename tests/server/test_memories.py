"""The data path, as it looks on the wire."""

from __future__ import annotations

import http.client
from urllib.parse import quote

import pytest

from tests.server.running import Client, Running
from toldonce.server.keyring import KeyRing

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
    assert {"semantic", "bm25"} <= set(hit["score_breakdown"])
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


def test_the_history_of_a_deleted_memory_is_for_admins(server: Running, client: Client) -> None:
    [uid] = client.add("I live in Oslo.", user_id="ann")
    with KeyRing(server.folder) as ring:
        reader = Client(
            server.port, ring.create(client.get("/v1/ping/").json["project_id"], "r", ["read"], None)[0].text
        )
    assert [entry["event"] for entry in reader.get(f"/v1/memories/{uid}/history/").json] == ["ADD"]
    client.delete(f"/v1/memories/{uid}/")
    refused = reader.get(f"/v1/memories/{uid}/history/")
    assert refused.status == 403
    assert "Oslo" not in refused.raw.decode()


@pytest.mark.parametrize("spelled", ["%20ann", "ann%20", "%20%20ann%20"])
def test_an_id_is_the_same_with_spaces_around_it(client: Client, spelled: str) -> None:
    client.add("said", user_id=" ann ")
    assert client.get(f"/v2/entities/user/{spelled}/").json[0]["id"] == "ann"
    assert client.get(f"/v1/memories/user/{spelled}/").json["count"] == 1
    assert client.delete(f"/v2/entities/user/{spelled}/").status == 200
    assert client.all(user_id="ann") == []


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


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_batch_names_ids_that_are_not_there_and_does_the_rest(client: Client, method: str) -> None:
    uids = client.add([{"role": "user", "content": text} for text in ("one", "two", "three")], user_id="ann")
    client.delete(f"/v1/memories/{uids[1]}/")
    stale = [uids[1], NOWHERE]
    sent = {"memories": [{"memory_id": uid, "text": f"new {uid}"} for uid in (*uids, NOWHERE)]}
    answer = client.send(method, "/v1/batch/", sent)
    assert (answer.status, answer.json["not_found"]) == (200, stale)
    assert answer.json["message"].endswith("2 memories")
    left = [] if method == "DELETE" else [f"new {uids[0]}", f"new {uids[2]}"]
    assert sorted(client.all(user_id="ann")) == sorted(left)
    nothing = client.send(method, "/v1/batch/", {"memories": [{"memory_id": uid, "text": "x"} for uid in stale]})
    assert nothing.status == 404
    assert all(uid in nothing.json["detail"] for uid in stale)
    assert client.send(method, "/v1/batch/", {"memories": []}).status == 400
    assert client.send(method, "/v1/batch/", {"memories": [{"memory_id": "x", "text": "x"}]}).status == 400


def test_a_batch_of_many_is_done_in_parts_and_repeated_once(client: Client) -> None:
    uids = client.add([{"role": "user", "content": f"I planted {n} trees."} for n in range(250)], user_id="ann")
    changes = {"memories": [{"memory_id": uid, "text": f"Row {n} is full."} for n, uid in enumerate(uids)]}
    changed = client.put("/v1/batch/", changes, Idempotency_Key="k1")
    assert changed.json == {"message": "Successfully updated 250 memories"}
    listed = client.post("/v3/memories/?page_size=200&page=2", {"filters": {"user_id": "ann"}}).json
    assert listed["count"] == 250
    assert all(one["memory"].startswith("Row ") for one in listed["results"])
    gone = {"memories": [{"memory_id": uid} for uid in uids[:200]]}
    first = client.delete("/v1/batch/", gone, Idempotency_Key="k2")
    assert first.json == {"message": "Successfully deleted 200 memories"}
    assert client.delete("/v1/batch/", gone, Idempotency_Key="k2").json == first.json
    assert client.delete("/v1/batch/", gone).status == 404
    assert client.put("/v1/batch/", changes, Idempotency_Key="k1").json == changed.json
    assert client.put("/v1/batch/", changes).json["not_found"] == uids[:200]


def test_an_update_made_beside_another_changes_what_is_there_by_then(client: Client) -> None:
    """Worked out before its transaction, from what no longer holds in it."""
    [uid] = client.add("I like tea.", user_id="ann")
    twice = [{"memory_id": uid, "metadata": {"a": 1}}, {"memory_id": uid, "metadata": {"b": 2}}]
    assert client.put("/v1/batch/", {"memories": twice}).status == 200
    assert client.get(f"/v1/memories/{uid}/").json["metadata"] == {"a": 1, "b": 2}


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


def test_half_an_emoji_is_stored_and_searched_without_it(client: Client) -> None:
    client.add("I ski", user_id="u")
    assert client.post("/v3/memories/add/", b'{"messages":"Alone \\udc00","user_id":"u"}').status == 200
    assert len(client.all(user_id="u")) == 2
    found = client.post("/v3/memories/search/", b'{"query":"ski \\ud83c","filters":{"user_id":"u"}}')
    assert found.json["results"][0]["memory"] == "I ski"
    assert client.post("/v3/memories/", b'{"filters":{"user_id":"u\\ud83c"}}').status == 400


def test_integers_of_any_length_come_back_as_they_were_sent(client: Client) -> None:
    numbers = [2**63, -(2**70), 10**40]
    [uid] = client.add("counted", user_id="ann", metadata={"numbers": numbers, "one": numbers[0]})
    found = client.get(f"/v1/memories/{uid}/").json
    assert found["metadata"] == {"numbers": numbers, "one": numbers[0]}
    client.put("/v1/memories/" + uid, {"metadata": {"one": 2**64 + 1}})
    assert (
        client.post("/v3/memories/", {"filters": {"user_id": "ann"}}).json["results"][0]["metadata"]["one"] == 2**64 + 1
    )


@pytest.mark.parametrize("name", ["ann lee", 'a"b', "a'b", "x'; DROP TABLE memory; --", "100% (sure)"])
def test_ids_may_hold_spaces_quotes_and_sql(client: Client, name: str) -> None:
    client.add("mine", user_id=name)
    client.add("other", user_id="bob")
    assert client.all(user_id=name) == ["mine"]
    encoded = quote(name, safe="")
    assert [one["memory"] for one in client.get(f"/v1/memories/user/{encoded}/").json["results"]] == ["mine"]
    assert client.delete(f"/v1/memories/?user_id={encoded}").json["count"] == 1
    assert client.all(user_id="bob") == ["other"]


def test_feedback_is_for_memories_that_are_there(client: Client) -> None:
    [uid] = client.add("said", user_id="ann")
    verdict = {"memory_id": uid, "feedback": "POSITIVE"}
    assert client.post("/v1/feedback/", verdict).status == 200
    client.delete(f"/v1/memories/{uid}/")
    assert client.post("/v1/feedback/", verdict).status == 404
    assert client.post("/v1/feedback/", {**verdict, "memory_id": uid[:-1]}).status == 400


@pytest.mark.parametrize("path", ["", "/history"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_slash_inside_an_id_is_part_of_no_id(client: Client, method: str, path: str) -> None:
    assert client.send(method, f"/v1/memories/user%2F{NOWHERE}{path}/", {}).status == 404
    assert client.send(method, "/api/v1/webhooks/x%2Fdeliveries/", {}).status == 404


@pytest.mark.parametrize("messages", [[{"role": "user", "content": ""}], [{"role": "system", "content": "x"}]])
def test_messages_without_words_are_no_error_and_no_memory(client: Client, messages: object) -> None:
    for path, infer in (("/v3/memories/add/", True), ("/v3/memories/add/", False), ("/v1/memories/", True)):
        answer = client.post(path, {"messages": messages, "user_id": "ann", "infer": infer})
        assert answer.status == 200, answer.raw
    assert client.all(user_id="ann") == []
    assert client.get("/v1/events/").json["results"][0]["results"] == []


def test_head_is_answered_like_get_without_a_body(client: Client) -> None:
    [uid] = client.add("said", user_id="ann")
    for path in ("/v1/ping/", f"/v1/memories/{uid}/", "/healthz", "/nope/"):
        head, get = client.send("HEAD", path), client.get(path)
        assert (head.status, head.raw) == (get.status, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=x"]
)
def test_a_body_is_json_whatever_it_is_said_to_be(client: Client, kind: str | None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port)
    headers = {"Authorization": f"Token {client.key}"} | ({} if kind is None else {"Content-Type": kind})
    body = b'{"messages": "I like tea.", "user_id": "ann"}'
    connection.request("POST", "/v3/memories/add/", body, headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert client.all(user_id="ann") == ["I like tea."]


def test_addresses_of_pages_are_those_the_caller_knows(server: Running, client: Client) -> None:
    client.add([{"role": "user", "content": text} for text in ("one", "two")], user_id="ann")

    def following(**headers: str) -> str:
        asked = {"filters": {"user_id": "ann"}}
        return str(client.post("/v3/memories/?page=1&page_size=1", asked, **headers).json["next"])

    base = "/v3/memories?page=2&page_size=1"
    assert following() == f"http://127.0.0.1:{server.port}{base}"
    assert (
        following(X_Forwarded_Proto="https", X_Forwarded_Prefix="/mem0/")
        == f"https://127.0.0.1:{server.port}/mem0{base}"
    )
    for odd in ("mem0", "//evil.example", "/a?b", "/a\\b", "/<x>"):
        assert following(X_Forwarded_Prefix=odd) == f"http://127.0.0.1:{server.port}{base}"
