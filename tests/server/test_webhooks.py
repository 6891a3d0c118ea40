"""Webhooks: delivered, signed, tried again, and never to a place inside unless it is allowed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.server.running import Client, Running, serving
from toldonce.engine.jobs import retry
from toldonce.server.safe_http import Refused, post

TYPES = ["memory_add", "memory_update", "memory_delete"]


class Ear(ThreadingHTTPServer):
    """Somebody who is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/told?by=toldonce"

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.heard.get(timeout=30)


class _Handler(BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.heard.put(({name.lower(): value for name, value in self.headers.items()}, body))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def hook(client: Client, url: str, types: list[str] = TYPES) -> dict[str, Any]:
    project = client.get("/v1/ping/").json["project_id"]
    answer = client.post(f"/api/v1/webhooks/projects/{project}/", {"url": url, "name": "told", "event_types": types})
    assert answer.status == 201, answer.raw
    made: dict[str, Any] = answer.json
    return made


def test_what_happens_is_told_signed_and_in_mem0s_shape(client: Client, ear: Ear) -> None:
    made = hook(client, ear.url)
    [uid] = client.add("I live in Oslo.", user_id="ann")
    client.put(f"/v1/memories/{uid}/", {"text": "I live in Bergen."})
    client.delete(f"/v1/memories/{uid}/")
    told = []
    for _ in range(3):
        headers, body = ear.next()
        Webhook(made["secret"]).verify(body.decode(), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(body.decode() + " ", headers)
        details = json.loads(body)["event_details"]
        assert details["id"] == uid
        assert details["data"]["memory"]
        told.append(details["event"])
    assert sorted(told) == ["ADD", "DELETE", "UPDATE"]
    listed = client.get(f"/api/v1/webhooks/projects/{made['project']}/").json
    assert "secret" not in listed[0]


def test_only_what_was_asked_for_is_told(client: Client, ear: Ear) -> None:
    hook(client, ear.url, ["memory_delete"])
    [uid] = client.add("I live in Oslo.", user_id="ann")
    client.delete("/v1/memories/?user_id=ann")
    _, body = ear.next()
    assert json.loads(body)["event_details"] == {"id": uid, "data": {"memory": "I live in Oslo."}, "event": "DELETE"}
    assert ear.heard.empty()


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_failed_delivery_is_tried_again_and_both_tries_are_shown(
    client: Client, ear: Ear, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LATER", (1, 1))
    ear.statuses = [status]
    made = hook(client, ear.url)
    client.add("I live in Oslo.", user_id="ann")
    first, second = ear.next(), ear.next()
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    log: list[dict[str, Any]] = []
    while len(log) < 2:
        log = client.get(f"/api/v1/webhooks/{made['webhook_id']}/deliveries/").json
    assert [(tried["attempt"], tried["status"]) for tried in log] == [(2, 204), (1, status)]
    assert log[1]["next_attempt_at"]
    assert log[0]["error"] is None


def test_a_deleted_webhook_is_told_nothing_more(client: Client, ear: Ear) -> None:
    made, kept = hook(client, ear.url + "&gone"), hook(client, ear.url)
    assert client.delete(f"/api/v1/webhooks/{made['webhook_id']}/").status == 200
    client.add("I live in Oslo.", user_id="ann")
    headers, body = ear.next()
    Webhook(kept["secret"]).verify(body.decode(), headers)
    assert ear.heard.empty()


def test_a_webhook_of_another_project_is_not_there(server: Running, client: Client, ear: Ear) -> None:
    made = hook(client, ear.url)
    other = server.client("another")
    for method, path in (
        ("PUT", f"/api/v1/webhooks/{made['webhook_id']}/"),
        ("DELETE", f"/api/v1/webhooks/{made['webhook_id']}/"),
        ("GET", f"/api/v1/webhooks/{made['webhook_id']}/deliveries/"),
        ("GET", f"/api/v1/webhooks/projects/{made['project']}/"),
    ):
        assert other.send(method, path, {"name": "x"} if method == "PUT" else None).status == 404
    other.add("I live in Oslo.", user_id="ann")
    assert ear.heard.empty()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://me.localhost./x",
        "http://[::1]/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "http://0.0.0.0/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "http://user:password@example.com/",
        "http://example.com:99999/",
        "http://",
        "example.com",
        "http://exa\nmple.com/",
    ],
)
def test_addresses_inside_and_nonsense_are_refused(tmp_path: Path, url: str) -> None:
    with serving(tmp_path) as running:
        client = running.client()
        body = {"url": url, "name": "told", "event_types": TYPES}
        assert client.post("/api/v1/webhooks/projects/default/", body).status == 400


def test_a_name_that_leads_inside_is_refused_when_it_is_delivered_to(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", ear.server_port))]

    monkeypatch.setattr("toldonce.server.safe_http.socket.getaddrinfo", resolve)
    with pytest.raises(Refused):
        post("http://rebound.example/x", b"{}", {}, allow_private=False)
    assert ear.heard.empty()
