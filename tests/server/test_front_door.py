"""What is let in: the key comes before the body, everything has an end, and nobody takes the room of others."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tests.server.running import Client, Running, serving
from toldonce.server import gate, protocol
from toldonce.server.gate import Places, asks
from toldonce.server.limits import MOST_BYTES, WRONG_KEYS
from toldonce.server.place import PLACE, leave_place
from toldonce.server.service import Service

HEAD = b"POST /v3/memories/add/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def exchange(port: int, *parts: bytes) -> bytes:
    """What the server says to these bytes before it closes, or before it has said all of an answer."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        for part in parts:
            connection.sendall(part)
        said = b""
        while b"}" not in said and (more := connection.recv(65_536)):
            said += more
        return said


def authorised(client: Client) -> bytes:
    return HEAD + f"Authorization: Token {client.key}\r\n".encode()


def test_a_request_without_a_key_is_answered_before_its_body_arrives(client: Client) -> None:
    announced = HEAD + b"Content-Length: 3900000\r\n"
    assert exchange(client.port, announced + b"\r\n").startswith(b"HTTP/1.1 401")
    assert exchange(client.port, announced + b"Authorization: Token told_1_2\r\n\r\n{").startswith(b"HTTP/1.1 401")
    assert exchange(client.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n").startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("begun", [b"", b"P", HEAD, HEAD + b"X: ", b"\r\n"])
def test_headers_have_a_deadline(client: Client, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 0.2)
    assert exchange(client.port, begun).startswith(b"HTTP/1.1 408")


def test_a_body_has_a_deadline(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_WITHIN", 0.2)
    assert exchange(client.port, authorised(client) + b'Content-Length: 60\r\n\r\n{"mess').startswith(b"HTTP/1.1 408")
    assert client.get("/v1/ping/").status == 200


def test_a_connection_may_be_used_again_and_idle_bytes_do_not_keep_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping = f"GET /v1/ping/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {client.key}\r\n\r\n".encode()
    with closing(socket.create_connection(("127.0.0.1", client.port), timeout=30)) as connection:
        for _ in range(3):
            connection.sendall(ping)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(protocol, "HEADERS_WITHIN", 0.2)
        connection.sendall(b"\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 408")
        assert connection.recv(65_536) == b""


def test_a_request_that_arrived_whole_may_be_carried_out_for_longer_than_headers_take(
    server: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 0.05)
    read = Service.read

    async def slowly(service: Service, question: Any) -> Any:
        await asyncio.sleep(0.3)
        return await read(service, question)

    monkeypatch.setattr(Service, "read", slowly)
    [uid] = client.add("I like tea.", user_id="ann")
    asked = f"GET /v1/memories/{uid}/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {client.key}\r\n"
    asked += "Connection: close\r\n\r\n"
    assert exchange(client.port, asked.encode()).startswith(b"HTTP/1.1 200")


def test_headers_have_a_limit(client: Client) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1_000) for n in range(100))
    assert exchange(client.port, HEAD + many).startswith(b"HTTP/1.1 431")


def test_connections_have_a_limit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 0)
    assert exchange(client.port).startswith(b"HTTP/1.1 503")
    monkeypatch.undo()
    assert client.get("/v1/ping/").status == 200


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: localhost\r\nHost: localhost\r\n",
        b"Host: localhost\r\nHost: evil.example\r\n",
        b"Host: localhost, evil.example\r\n",
        b"Host: localhost:80:80\r\n",
        b"Host: localhost:x\r\n",
        b"Host: user@localhost\r\n",
        b"Host: [::1\r\n",
        b"Host: ::1\r\n",
        b"Host: local\xffhost\r\n",
        b"Host: \r\n",
    ],
)
def test_there_is_one_host_and_it_is_well_formed(client: Client, hosts: bytes) -> None:
    ask = b"GET /healthz HTTP/1.1\r\n%s\r\n"
    assert exchange(client.port, ask % b"Host: localhost:8765\r\n").startswith(b"HTTP/1.1 200")
    assert exchange(client.port, ask % hosts).startswith(b"HTTP/1.1 400")


def test_wrong_keys_are_throttled_and_right_ones_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PAUSE", 0.0)
    with serving(tmp_path, bootstrap_key="chosen-by-somebody") as running:
        client, wrong = running.client(), Client(running.port, "told_000000000000_x")
        statuses = [wrong.get("/v1/ping/").status for _ in range(WRONG_KEYS + 5)]
        assert statuses[:WRONG_KEYS] == [401] * WRONG_KEYS
        refused = wrong.get("/v1/ping/")
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/v1/ping/").status == 200
        assert Client(running.port, "chosen-by-somebody").get("/v1/ping/").status == 429  # it might be the next guess


def test_a_bootstrap_key_that_was_used_goes_on_working_beside_guesses(tmp_path: Path) -> None:
    with serving(tmp_path, bootstrap_key="chosen-by-somebody") as running:
        client, wrong = Client(running.port, "chosen-by-somebody"), Client(running.port, "guess")
        assert client.get("/v1/ping/").status == 200
        assert {wrong.get("/v1/ping/").status for _ in range(WRONG_KEYS + 5)} == {401, 429}
        assert client.get("/v1/ping/").status == 200


def test_a_page_can_read_why_it_was_refused(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins=("https://app.example",)) as running:
        client = running.client()
        page = {"Origin": "https://app.example"}
        for answer, status in (
            (client.post("/v3/memories/add/", b" " * (MOST_BYTES + 1), **page), 413),
            (client.get("/v1/ping/", Host="evil.example", **page), 400),
            (client.get("/v1/memories/%ff/", **page), 400),
            (Client(running.port, "x").get("/v1/ping/", **page), 401),
            (client.get("/nope/", **page), 404),
        ):
            assert answer.status == status
            assert answer.headers["access-control-allow-origin"] == "https://app.example"


def test_a_projects_requests_wait_for_each_other_and_not_for_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WAIT", 0.05)

    async def scenario() -> None:
        places = Places()
        full = [places.take(("busy", True), 0) for _ in range(gate.AT_ONCE)]
        for place in full:
            await place.__aenter__()
        with pytest.raises(HTTPException) as refused:
            await places.take(("busy", True), 0).__aenter__()
        assert (refused.value.status_code, (refused.value.headers or {})["Retry-After"]) == (503, "1")
        async with places.take(("quiet", True), 0):
            pass
        await full.pop().__aexit__(None, None, None)
        async with places.take(("busy", True), 0):
            pass
        for place in full:
            await place.__aexit__(None, None, None)
        assert places._turns == {}

    asyncio.run(scenario())


def test_large_bodies_are_held_within_a_limit_and_small_ones_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WAIT", 0.05)

    async def scenario() -> None:
        places = Places()
        fitting = gate.MOST_HELD // 2 // MOST_BYTES
        held = [places.take(("busy", True), MOST_BYTES) for _ in range(fitting)]
        for place in held:
            await place.__aenter__()
        with pytest.raises(HTTPException):
            await places.take(("busy", True), MOST_BYTES).__aenter__()
        async with places.take(("busy", True), gate.SMALL), places.take(("quiet", True), MOST_BYTES):
            pass
        for place in held:
            await place.__aexit__(None, None, None)
        async with places.take(("busy", True), MOST_BYTES):
            pass

    asyncio.run(scenario())


def test_work_for_an_answer_does_not_hold_up_the_loop(server: Running) -> None:
    gone_on = threading.Event()

    async def scenario() -> bool:
        asyncio.get_running_loop().call_later(0.01, gone_on.set)
        return await server.service.work_out("default", lambda: gone_on.wait(30))

    assert asyncio.run(scenario())


async def test_requests_that_ask_wait_for_none_that_change_nor_for_what_takes_long() -> None:
    places = Places()
    async with AsyncExitStack() as held:
        full = [await held.enter_async_context(places.take(("busy", False), 0)) for _ in range(gate.AT_ONCE)]
        async with asyncio.timeout(30), places.take(("busy", True), 0):
            pass
        PLACE.set(full[0])
        leave_place()
        leave_place()
        async with asyncio.timeout(30), places.take(("busy", False), 0):
            pass
    assert places._turns == {}


@pytest.mark.parametrize(
    ("method", "path", "changes_nothing"),
    [
        ("GET", "/v1/memories/mem_1", True),
        ("POST", "/v3/memories/search", True),
        ("POST", "/v2/memories", True),
        ("POST", "/v3/memories/add", False),
        ("POST", "/v1/memories", False),
        ("DELETE", "/v1/memories", False),
    ],
)
def test_what_changes_nothing_is_known_by_its_address(method: str, path: str, changes_nothing: bool) -> None:
    assert asks(Request({"type": "http", "method": method, "path": path, "headers": []})) == changes_nothing
