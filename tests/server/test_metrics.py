"""/metrics: what it counts, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.running import Client, Running, serving
from tests.server.test_webhooks import hook, listening
from tests.waiting import until
from toldonce.errors import StoreError, Unreachable
from toldonce.remote.account import account
from toldonce.remote.delivery import outbox_path
from toldonce.remote.outbox.file import OutboxFile

ANN = "ann.oak@example.org"
SEARCH = "/v3/memories/search/"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("toldonce.server.service.METRICS_KEPT", -1.0)  # what a test did is in the next answer
    with serving(tmp_path, private_webhooks=True) as running:
        yield running


def read(running: Running, **headers: str) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels, in the order of the labels' names."""
    answer = Client(running.port, None).get("/metrics", **headers)
    assert answer.status == 200, answer.raw
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.raw.decode())
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_never_by_path(running: Running) -> None:
    client = running.client()
    client.add("I keep bees.", user_id=ANN)
    client.get(f"/v1/memories/user/{ANN}/")
    client.get("/v1/memories/mem_1/")
    client.get("/nowhere")
    client.send("PROPFIND", "/v1/ping/")
    Client(running.port, "told_wrong").get("/v1/ping/")
    Client(running.port, None, {"Host": "evil.example"}).get("/v1/ping/")
    found = read(running)
    assert found["toldonce_requests_total", "POST", "/v3/memories/add", "200"] == 1
    assert found["toldonce_requests_total", "GET", "/v1/memories/{entity_type}/{entity_id:path}", "200"] == 1
    assert found["toldonce_requests_total", "GET", "/v1/memories/{memory_id}", "400"] == 1
    assert found["toldonce_requests_total", "GET", "none", "404"] == 1
    assert found["toldonce_requests_total", "GET", "none", "400"] == 1, "a wrong host"
    assert found["toldonce_requests_total", "GET", "none", "401"] == 1
    assert found["toldonce_requests_total", "other", "/v1/ping", "405"] == 1
    assert found["toldonce_request_seconds_count", "/v3/memories/add"] == 1
    assert found["toldonce_wrong_keys_total",] == 1
    assert found["toldonce_requests_under_way",] == 1, "this one"
    raw = Client(running.port, None).get("/metrics").raw.decode()
    assert ANN not in raw
    assert "bees" not in raw


def test_searches_are_counted_and_timed(running: Running) -> None:
    client = running.client()
    client.add("I keep bees.", user_id=ANN)
    for user in (ANN, "nobody"):
        assert client.post(SEARCH, {"query": "Who keeps bees?", "filters": {"user_id": user}}).status == 200
    found = read(running)
    assert found["toldonce_searches_total",] == 2
    assert found["toldonce_searches_empty_total",] == 1
    assert found["toldonce_searches_by_words_total",] == 0
    assert found["toldonce_search_seconds_count", "all"] == 2
    assert found["toldonce_search_seconds_bucket", "+Inf", "embed"] == 1
    assert found["toldonce_index_owners",] >= 1
    assert found["toldonce_cached", "queries"] >= 1
    assert found["toldonce_store_usable",] == 1


def test_an_embedder_that_is_down_shows_in_searches_and_in_what_is_owed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise Unreachable("http://inside.example/ does not answer")

    embedder = type(running.service.engine._generation.embedder)
    monkeypatch.setattr(embedder, "embed_queries_by_token", down)
    monkeypatch.setattr(embedder, "embed_documents_by_token", down)
    client = running.client()
    client.add("I keep bees.", user_id=ANN)
    client.post(SEARCH, {"query": "Who keeps bees?", "filters": {"user_id": ANN}})
    found = read(running)
    assert found["toldonce_searches_by_words_total",] == found["toldonce_queries_not_embedded_total",] == 1
    assert found["toldonce_vectors_owed",] == 1
    assert found["toldonce_embedder_resting",] == 1
    monkeypatch.undo()
    running.service.engine._vectoriser.embed_all().result()
    assert read(running)["toldonce_embedder_resting",] == 0


def test_deliveries_are_counted_by_result_and_what_waits_is_shown(running: Running) -> None:
    client = running.client()
    with listening() as ear:
        hook(client, ear.url)
        client.add("I keep bees.", user_id=ANN)
        until(lambda: read(running).get(("toldonce_webhook_deliveries_total", "delivered")) == 1)
        ear.statuses.append(500)
        client.add("I keep goats.", user_id=ANN)
        until(lambda: read(running).get(("toldonce_webhook_deliveries_total", "failed")) == 1)
        until(lambda: read(running).get(("toldonce_jobs", "webhook")) == 1)


def test_the_outboxes_of_the_folder_are_shown(running: Running) -> None:
    waiting = OutboxFile(outbox_path(account("k" * 20, "https://mem0.example"), running.folder), "https://mem0.example")
    waiting.put("key", "conversation", "[]", 1)
    waiting.put("other", "conversation", "[]", 2)
    waiting.park([waiting.waiting()[0].id], "refused", 3)
    waiting.keep_setting("held", "the key does not hold")
    name = waiting.path.stem
    waiting.close()
    found = read(running)
    assert name.startswith("mem0.example-")
    assert [found[f"toldonce_outbox_{what}", name] for what in ("waiting", "parked", "held")] == [1, 1, 1]
    assert found["toldonce_outbox_oldest_seconds", name] > 86_400, "it was put in long ago"
    assert 0 < found["toldonce_outbox_full_ratio", name] < 0.01


def test_writes_that_wait_for_their_turn_are_counted(running: Running) -> None:
    begun, go_on = Event(), Event()
    store = running.service.engine.store

    def slow(write: object) -> None:
        begun.set()
        go_on.wait(20)

    done = [store.write(slow)]
    assert begun.wait(20)
    before = read(running)["toldonce_writes_waiting",]  # the server has writes of its own
    done += [store.write(lambda write: None) for _ in range(3)]
    assert before + 3 <= read(running)["toldonce_writes_waiting",] <= before + 5
    go_on.set()
    for write in done:
        write.result(20)
    until(lambda: read(running)["toldonce_writes_waiting",] == 0)


def test_a_store_that_cannot_be_read_takes_only_its_own_numbers_away(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ("toldonce_vectors_owed",) in read(running)

    def broken() -> None:
        raise StoreError("it cannot be read")

    monkeypatch.setattr(running.service.engine.store, "read", broken)
    found = read(running)
    assert found["toldonce_store_usable",] == 0
    assert ("toldonce_vectors_owed",) not in found
    assert found["toldonce_searches_total",] == 0


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"])
def test_behind_a_proxy_it_takes_a_key(running: Running, header: str) -> None:
    assert Client(running.port, None).get("/metrics").status == 200
    assert Client(running.port, None, {header: "10.0.0.1"}).get("/metrics").status == 401


@pytest.mark.parametrize("settings", [{"hosts": frozenset({"home.example.org"})}, {"public_url": "https://a.example"}])
def test_a_server_with_a_name_takes_an_admin_key_of_the_default_project(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    with serving(tmp_path, **settings) as running:
        assert Client(running.port, None).get("/metrics").status == 401
        assert running.client().get("/metrics").status == 200
        assert running.client("default", "read", "write").get("/metrics").status == 403
        assert running.client("support").get("/metrics").status == 403
        assert running.client().get("/metrics", Authorization=f"Bearer {running.client().key}").status == 200
