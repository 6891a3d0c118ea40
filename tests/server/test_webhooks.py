"""Webhooks: delivered, signed, tried again, and never to a place inside unless it is allowed."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.redirecting import address_of
from tests.server.running import Client, Running, serving
from tests.waiting import until
from toldonce.engine.jobs import Worker, retry
from toldonce.server import safe_http
from toldonce.server.safe_http import Refused, Sender, read_url
from toldonce.server.webhooks import Fanout

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


@contextmanager
def listening() -> Iterator[Ear]:
    with Ear() as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as listener:
        yield listener


def hook(client: Client, url: str, types: list[str] = TYPES) -> dict[str, Any]:
    project = client.get("/v1/ping/").json["project_id"]
    answer = client.post(f"/api/v1/webhooks/projects/{project}/", {"url": url, "name": "told", "event_types": types})
    assert answer.status == 201, answer.raw
    made: dict[str, Any] = answer.json
    return made


def test_what_happens_is_told_signed_and_in_mem0s_shape(client: Client, ear: Ear) -> None:
    made = hook(client, ear.url)
    [uid] = client.add("I live in Oslo.", user_id="ann")
    told = []
    for number in range(3):
        if number == 1:
            client.put(f"/v1/memories/{uid}/", {"text": "I live in Bergen."})
        if number == 2:
            client.delete(f"/v1/memories/{uid}/")
        headers, body = ear.next()
        Webhook(made["secret"]).verify(body.decode(), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(body.decode() + " ", headers)
        details = json.loads(body)["event_details"]
        assert details["id"] == uid
        told.append((details["event"], details["data"].get("memory")))
    assert told[1:] == [("UPDATE", "I live in Bergen."), ("DELETE", None)]
    assert told[0][0] == "ADD"
    listed = client.get(f"/api/v1/webhooks/projects/{made['project']}/").json
    assert "secret" not in listed[0]


def told(ear: Ear, until: str) -> list[dict[str, Any]]:
    """What was told up to the event of a memory with this text, which shows that what came before it came."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["data"].get("memory") != until:
        found.append(json.loads(ear.next()[1])["event_details"])
    return found


def test_only_what_was_asked_for_is_told(client: Client, ear: Ear) -> None:
    hook(client, ear.url, ["memory_delete", "memory_update"])
    [uid] = client.add("I live in Oslo.", user_id="ann")
    [last] = client.add("I am here.", user_id="ann")
    client.delete(f"/v1/memories/{uid}/")
    client.put(f"/v1/memories/{last}/", {"text": "That is all."})
    assert told(ear, "That is all.") == [
        {"id": uid, "data": {}, "event": "DELETE"},
        {"id": last, "data": {"memory": "That is all."}, "event": "UPDATE"},
    ]


def test_what_the_library_writes_in_another_process_is_told(server: Running, ear: Ear) -> None:
    hook(server.client("default"), ear.url)
    code = "import sys; from toldonce import Memory; Memory(folder=sys.argv[1]).add('I like tea.', user_id='ann')"
    subprocess.run([sys.executable, "-c", code, address_of(server.folder)], check=True)
    assert [one["event"] for one in told(ear, "I like tea.")] == ["ADD"]


def test_words_of_a_memory_that_is_gone_are_not_told(server: Running, client: Client, ear: Ear) -> None:
    """A receiver that was down is told of the delete, not of what was deleted meanwhile."""
    hook(client, ear.url)
    server.service.worker.close()
    try:
        [gone] = client.add("My PIN is 4711.", user_id="ann")
        client.put(f"/v1/memories/{gone}/", {"text": "My PIN is 4712."})
        client.delete(f"/v1/memories/{gone}/")
    finally:
        server.service.worker = Worker(server.service.engine.store, server.service.handlers, [Fanout()])
    client.add("That is all.", user_id="ann")
    assert [(one["event"], one["data"]) for one in told(ear, "That is all.")] == [
        ("DELETE", {}),
        ("ADD", {"memory": "That is all."}),
    ]


def test_a_call_that_made_more_than_a_thousand_memories_is_told_whole(client: Client, ear: Ear) -> None:
    hook(client, ear.url)
    uids = client.add([{"role": "user", "content": f"Fact {n} on bees."} for n in range(1_200)], user_id="ann")
    client.add("That is all.", user_id="ann")
    heard = {one["id"] for one in told(ear, "That is all.")}
    assert len(heard) == 1_201
    assert len(uids) == 1_000, "what the answer names"
    assert heard > set(uids)


def test_a_webhook_is_told_of_nothing_that_was_there_before_it(client: Client, ear: Ear) -> None:
    client.add("I live in Oslo.", user_id="ann")
    hook(client, ear.url)
    client.add("That is all.", user_id="ann")
    assert len(told(ear, "That is all.")) == 1


@pytest.mark.parametrize("statuses", [[500], [302], [404, 503]])
def test_a_failed_delivery_is_tried_again_and_all_tries_are_shown(
    client: Client, ear: Ear, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LATER", (1, 1))
    ear.statuses = [*statuses]
    made = hook(client, ear.url)
    client.add("I live in Oslo.", user_id="ann")
    assert len({ear.next()[0]["webhook-id"] for _ in (*statuses, 204)}) == 1
    path = f"/api/v1/webhooks/{made['webhook_id']}/deliveries/"
    until(lambda: len(client.get(path).json) == len(statuses) + 1)
    log = client.get(path).json
    assert [(tried["attempt"], tried["status"]) for tried in log[::-1]] == [*enumerate([*statuses, 204], 1)]
    assert all(tried["next_attempt_at"] for tried in log[1:])
    assert log[0]["error"] is None


def test_a_deleted_webhook_is_told_nothing_more(client: Client, ear: Ear) -> None:
    made, kept = hook(client, ear.url + "&gone"), hook(client, ear.url)
    client.add("I live in Oslo.", user_id="ann")
    assert len({ear.next()[0]["webhook-signature"] for _ in range(2)}) == 2  # both are told while there are two
    assert client.delete(f"/api/v1/webhooks/{made['webhook_id']}/").status == 200
    for text in ("I live in Bergen.", "That is all."):
        client.add(text, user_id="ann")
        headers, body = ear.next()
        Webhook(kept["secret"]).verify(body.decode(), headers)
        assert json.loads(body)["event_details"]["data"]["memory"] == text


def test_a_webhook_is_never_told_of_another_tenants_calls(server: Running, client: Client) -> None:
    """Each is told its own, which shows that it would have been told the other's by then: the feed is in order."""
    other = server.client("another")
    with listening() as mine, listening() as theirs:
        hook(client, mine.url)
        hook(other, theirs.url)
        for number in range(3):
            secret, own = f"secret {number} of the other", f"my own {number}"
            other.add(secret, user_id="ann")
            client.add(own, user_id="ann")
            assert [one["data"]["memory"] for one in told(mine, own)] == [own]
            assert [one["data"]["memory"] for one in told(theirs, secret)] == [secret]
            client.delete("/v1/memories/?user_id=ann")
            other.delete("/v1/memories/?user_id=ann")
            assert json.loads(mine.next()[1])["event_details"]["event"] == "DELETE"
            assert json.loads(theirs.next()[1])["event_details"]["event"] == "DELETE"


def test_of_what_was_written_at_once_each_project_is_told_its_own(server: Running, client: Client, ear: Ear) -> None:
    """Changes of two projects by turns, in one stretch of the feed; some were there before the webhook was."""
    other = server.client("by turns with another")
    server.service.worker.close()
    try:
        client.add("before the webhook", user_id="ann")
        hook(client, ear.url)
        for n in range(3):
            client.add(f"my own {n}", user_id="ann")
            other.add(f"secret {n} of the other", user_id="ann")
        client.add("That is all.", user_id="ann")
    finally:
        server.service.worker = Worker(server.service.engine.store, server.service.handlers, [Fanout()])
    words = [one["data"]["memory"] for one in told(ear, "That is all.")]
    assert words == ["my own 0", "my own 1", "my own 2", "That is all."]


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


def test_a_project_has_a_limit_of_webhooks_also_if_they_are_made_at_once(client: Client, ear: Ear) -> None:
    project = client.get("/v1/ping/").json["project_id"]
    body = {"url": ear.url, "name": "told", "event_types": TYPES}
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda _: client.post(f"/api/v1/webhooks/projects/{project}/", body).status, range(60))
        assert sorted(made) == [201] * 50 + [400] * 10


def test_a_receiver_that_drips_is_given_up_and_holds_up_nobody(
    server: Running, client: Client, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_http, "DEADLINE", 5.0)
    slow = server.client("slow")
    with dripping() as url:
        for _ in range(6):
            made = hook(slow, url)
        slow.add("I live in Oslo.", user_id="ann")
        hook(client, ear.url)
        client.add("That is all.", user_id="ann")
        assert len(told(ear, "That is all.")) == 1
        path = f"/api/v1/webhooks/{made['webhook_id']}/deliveries/"
        assert slow.get(path).json == [], "told while the slow one is still waited for"
        until(lambda: slow.get(path).json != [])
        assert "within 5 seconds" in slow.get(path).json[0]["error"]


@contextmanager
def dripping() -> Iterator[str]:
    """A receiver that answers a byte at a time, and never ends."""
    over = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65_536)
                self.request.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.05):
                    self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as listener:
        listener.daemon_threads = True
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_address[1]}/"
        over.set()
        listener.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("HTTPS://Example.COM", "https://example.com/"),
        ("http://example.com:80/a?b=c#d", "http://example.com/a?b=c"),
        ("https://example.com.:8443/a b", "https://example.com:8443/a%20b"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://[2606:4700:4700:0::1111]/", "http://[2606:4700:4700::1111]/"),
        ("https://example.com/%7Ea", "https://example.com/%7Ea"),
        ("http://8.8.2056/", "http://8.8.8.8/"),
    ],
)
def test_addresses_are_kept_in_one_form(written: str, kept: str) -> None:
    assert read_url(written, allow_private=False) == kept
    assert read_url(kept, allow_private=False) == kept


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
        "http://224.0.0.1/x",
        "http://[ff0e::1]/x",
        "http://[2002:7f00:1::]/x",
        "http://0.0.0.0/x",
        "http://0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://LOCALHOST:80/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://%6cocalhost/",
        "http://[fe80::1%25eth0]/",
        "http://@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://-/",
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


@pytest.mark.parametrize("others", [(), ("93.184.215.14",)])
def test_a_name_that_leads_inside_is_refused_when_it_is_delivered_to(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...]
) -> None:
    """Also where only one of the addresses it has is inside."""

    def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", (address, ear.server_port)) for address in ("127.0.0.1", *others)]

    monkeypatch.setattr("toldonce.server.safe_http.socket.getaddrinfo", resolve)
    assert Sender(allow_private=True).post("http://rebound.example/x", b"{}", {"Content-Length": "2"}) == 204
    ear.next()
    with pytest.raises(Refused):
        Sender(allow_private=False).post("http://rebound.example/x", b"{}", {})
    assert ear.heard.empty()  # it was refused before anything was sent


def test_a_name_that_is_not_resolved_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(safe_http, "DEADLINE", 0.2)
    monkeypatch.setattr("toldonce.server.safe_http.socket.getaddrinfo", lambda *_, **__: over.wait(60))
    with pytest.raises(OSError, match="not resolved"):
        Sender(allow_private=True).post("http://hanging.example/", b"{}", {})
    over.set()
