"""Wrong input: always one of our errors, in JSON, with what to do; never a 500."""

from __future__ import annotations

import http.client
import json
import logging
from typing import Any

import pytest

from tests.server.running import Answer, Client, Running
from toldonce.server.limits import MOST_AT_ONCE, MOST_MESSAGES

ADD, SEARCH, LIST = "/v3/memories/add/", "/v3/memories/search/", "/v3/memories/"
ANN = {"user_id": "ann"}


def deep(levels: int) -> bytes:
    """A filter so many levels deep."""
    return b'{"query":"x","filters":' + b'{"AND":[' * levels + b'{"user_id":"ann"}' + b"]}" * levels + b"}"


def check(answer: Answer, status: int) -> None:
    assert answer.status == status, answer.raw
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["detail"]
    assert answer.json["error"] == answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SEARCH, b""),
        (SEARCH, b"not json"),
        (SEARCH, b"[]"),
        (SEARCH, b"null"),
        (SEARCH, b'{"query": "x", "filters": {"user_id": "\xff"}}'),
        (SEARCH, b'{"query": "x", "threshold": NaN, "filters": {"user_id": "ann"}}'),
        (SEARCH, b'{"query": "x", "filters": {"user_id": "\\ud800"}}'),
        (SEARCH, b'{"query": "x", "filters": {"user_id": "ann", "user_id": "bob"}}'),
        (SEARCH, b'{"query": "x", "threshold": ' + b"9" * 5_000 + b', "filters": {"user_id": "ann"}}'),
        (SEARCH, deep(33)),
        (SEARCH, deep(10_000)),
        (SEARCH, b"[" * 100_000),
        (ADD, b'{"messages": "x", "user_id": "ann", "user_id": "bob"}'),
        (ADD, b'{"messages": "x", "user_id": "ann", "metadata": {"k": Infinity}}'),
    ],
)
def test_bodies_that_cannot_be_read(client: Client, path: str, body: bytes) -> None:
    check(client.post(path, body), 400)


@pytest.mark.parametrize(
    "change",
    [
        {"query": ""},
        {"query": "   "},
        {"query": None},
        {"query": 7},
        {"filters": None},
        {"filters": {}},
        {"filters": "user_id=ann"},
        {"filters": {"usr": "ann"}},
        {"filters": {"NOT": {"user_id": "ann"}}},
        {"filters": {"user_id": "nu\0ll"}},
        {"filters": {"user_id": {"$gt": ""}}},
        {"filters": {"user_id": {"gt": "a"}}},
        {"filters": {"OR": []}},
        {"filters": {"user_id": ["ann"] * 10_001}},
        {"filters": {"AND": [{"user_id": "ann"}, {"created_at": {"gte": "yesterday"}}]}},
        {"top_k": 0},
        {"top_k": MOST_AT_ONCE + 1},
        {"top_k": "many"},
        {"top_k": 10**30},
        {"threshold": 2},
        {"threshold": "high"},
        {"reference_date": "soon"},
        {"reference_date": 1e300},
        {"fields": "memory"},
        {"user_id": "ann"},
    ],
)
def test_searches_that_make_no_sense(client: Client, change: dict[str, Any]) -> None:
    check(client.post(SEARCH, {"query": "x", "filters": ANN, **change}), 400)


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": None},
        {"user_id": ""},
        {"user_id": "*"},
        {"user_id": "nu\0ll"},
        {"user_id": "a\nb"},
        {"userId": "bob"},
        {"agent_id": "a1", "usr_id": "bob"},
        {"session_id": "r1", "run_id": "r2"},
        {"user_id": "u" * 513},
        {"user_id": ["ann"]},
        {"user_id": True},
        {"filters": {"user_id": "bob"}},
        {"filters": {"OR": [ANN]}},
        {"messages": None},
        {"messages": []},
        {"messages": ""},
        {"messages": " "},
        {"messages": {}},
        {"messages": 7},
        {"messages": [7]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "pirate", "content": "x"}]},
        {"messages": [{"role": "user", "content": "x" * 262_145}]},
        {"messages": [{"role": "user", "content": "x"}] * (MOST_MESSAGES + 1)},
        {"messages": [{"role": "user", "content": {"type": "image_url", "image_url": {"url": "x"}}}], "infer": False},
        {"metadata": "x"},
        {"metadata": {"k": "x" * 65_536}},
        {"timestamp": "yesterday"},
        {"timestamp": 1e20},
        {"expiration_date": "31.12.2030"},
        {"custom_categories": ["food"]},
        {"infer": "perhaps"},
    ],
)
def test_adds_that_make_no_sense(client: Client, change: dict[str, Any]) -> None:
    body = {"messages": "hello", "user_id": "ann", **change}
    check(client.post(ADD, body), 400)
    assert client.all(**ANN) == []


def test_timestamps_may_be_text_and_odd_messages_are_tolerated(client: Client) -> None:
    talk: list[dict[str, Any]] = [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "tool_calls": [{"id": "1"}], "content": None},
        {"role": "tool", "content": "42"},
        {"role": "user", "content": [{"type": "text", "text": "I like tea."}, {"type": "image_url", "image_url": {}}]},
        {"role": "agent", "content": "Tea it shall be, dear Ann."},
    ]
    answer = client.post(ADD, {"messages": talk, "user_id": "ann", "timestamp": "2024-05-01T10:00:00"})
    assert answer.status == 200
    assert sorted(client.all(**ANN)) == ["I like tea.", "Tea it shall be, dear Ann."]


def test_a_history_with_injected_memories_does_not_store_them(client: Client) -> None:
    recalled = "Based on previous conversations, I recall: \n\n1. I like tea.\n\n"
    talk = [{"role": "user", "content": recalled}, {"role": "user", "content": "I like rye."}]
    client.post(ADD, {"messages": talk, "user_id": "ann", "metadata": {"platform": "pipecat"}})
    assert client.all(**ANN) == ["I like rye."]


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40])
def test_pages_that_make_no_sense(client: Client, page: str) -> None:
    check(client.post(f"{LIST}?page={page}", {"filters": ANN}), 400)


@pytest.mark.parametrize("path", ["/nope/", "/v1/", "/", "/v9/memories/", "/v1/memories/a/b/c"])
def test_addresses_there_are_not(client: Client, path: str) -> None:
    check(client.get(path), 404)


def test_paths_that_cannot_be_read(client: Client) -> None:
    check(client.get("/v1/memories/%ff%fe/"), 400)
    check(client.get("/v1/memories/%00/"), 400)
    check(client.get("/v1/event/%00/"), 400)
    check(client.get("/v1/memories/user/%00/"), 400)
    check(client.delete("/v2/entities/user/*/"), 400)
    check(client.delete("/v2/entities/team/x/"), 404)
    check(client.send("PATCH", "/v1/ping/"), 405)


def test_what_only_the_platform_has_says_so(client: Client) -> None:
    for path in ("/v1/stats/", "/api/v1/orgs/organizations/"):
        check(client.get(path), 501)


@pytest.mark.parametrize("size", [4 << 20, 10 << 20])
def test_bodies_that_are_too_large(client: Client, size: int) -> None:
    check(client.post(ADD, b'{"messages": "' + b"x" * size + b'"}'), 413)
    assert client.get("/v1/ping/").status == 200


def test_a_body_that_does_not_say_how_large_it_is(client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    headers = {"Authorization": f"Token {client.key}", "Content-Type": "application/json"}
    connection.request("POST", ADD, iter([b"x" * 65_536] * 100), headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_hosts_by_which_the_server_is_not_called(client: Client) -> None:
    for host in ("evil.example", "localhost.evil.example:80", ""):
        check(client.get("/v1/ping/", Host=host), 400)
    for host in ("localhost", "127.0.0.1:1", "[::1]:80", "LOCALHOST:9"):
        assert client.get("/v1/ping/", Host=host).status == 200


def test_cors_is_off(client: Client) -> None:
    answer = client.get("/v1/ping/", Origin="https://evil.example")
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_mistake_of_ours_has_an_id_and_keeps_words_out_of_the_log(
    server: Running, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Ann told me her secret")

    monkeypatch.setattr(server.service, "search", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.post(SEARCH, {"query": "her secret", "filters": ANN})
    check(answer, 500)
    identifier = answer.headers["x-request-id"]
    assert answer.json["request_id"] == identifier
    [line] = [record.getMessage() for record in caplog.records if record.name == "toldonce.server.errors"]
    assert "KeyError" in line
    assert "test_wrong_input.py" in line
    assert "secret" not in json.dumps([record.getMessage() for record in caplog.records])


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        (ADD, {"messages": None, **ANN}, "messages"),
        (ADD, {"messages": "x", "user_id": 1.5}, "user_id"),
        (SEARCH, {"query": "x", "filters": ANN, "reference_date": []}, "reference_date"),
        (SEARCH, {"query": "x", "filters": ANN, "fields": ["id", 1]}, "fields.1"),
        ("/v1/exports/", {"schema": [], "filters": ANN}, "schema"),
        ("/v1/batch/", {"memories": [{"memory_id": 1}]}, "memories.0.memory_id"),
    ],
)
def test_a_value_of_a_wrong_type_is_named_by_its_key_alone(client: Client, path: str, body: object, key: str) -> None:
    answer = client.put(path, body) if "batch" in path else client.post(path, body)
    check(answer, 400)
    assert answer.json["detail"].startswith(f"{key}: Input should be a valid ")
    assert answer.json["detail"].count(key) == 1
    assert "function" not in answer.json["detail"]


def test_half_an_emoji_in_a_name_or_an_instruction_is_kept_as_a_whole_character(client: Client) -> None:
    project = client.get("/v1/ping/").json["project_id"]
    where = f"/api/v1/orgs/organizations/home/projects/{project}/"
    assert client.send("PATCH", where, b'{"custom_instructions": "Be kind \\ud83c", "name": "N \\ud83c"}').status == 200
    kept = client.get(where).json
    assert (kept["custom_instructions"], kept["name"]) == ("Be kind \ufffd", "N \ufffd")


def test_health_needs_no_key(server: Running) -> None:
    nobody = Client(server.port, None)
    for path in ("/healthz", "/readyz/", "/openapi.json", "/docs"):
        assert nobody.get(path).status == 200
    for path in ("/v1/ping/", "/v1/entities/"):
        check(nobody.get(path), 401)


def test_a_key_that_stands_twice_is_named(client: Client) -> None:
    answer = client.post("/v3/memories/add/", b'{"user_id": "ann", "messages": "a", "messages": "b"}')
    assert answer.status == 400
    assert "messages" in answer.json["detail"]
    assert "Nothing was done." in answer.json["detail"]


def test_a_body_of_very_many_values_is_refused_and_one_of_many_commas_is_not(client: Client) -> None:
    many = json.dumps({"messages": "I like tea.", "user_id": "ann", "metadata": {"n": [0] * 100_001}}).encode()
    refused = client.post("/v3/memories/add/", many)
    assert refused.status == 400
    assert "more than 100,000 values" in refused.json["detail"]
    said = 'He said ",",\\ ' + "," * 110_000
    assert client.add(said, user_id="ann")
    assert client.all(user_id="ann") == [said]
