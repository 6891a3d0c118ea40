"""The client against a host on loopback, one that behaves and one that does not."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from toldonce.errors import (
    AuthenticationFailed,
    Closed,
    HostFailed,
    InvalidConfig,
    InvalidFilter,
    MemoryNotFound,
    NotMem0,
    RateLimited,
    Rejected,
    RemoteError,
    RemoteNotFound,
    Unreachable,
)
from toldonce.remote.account import Account, account
from toldonce.remote.client import Mem0Client

from .host import KEY, Host, Reply, Request

ANN = {"user_id": "ann"}
HELLO = [{"role": "user", "content": "I live in Oslo."}]


@pytest.fixture
async def client(host: Host) -> AsyncIterator[Mem0Client]:
    async with Mem0Client(account(KEY, host.url)) as opened:
        yield opened


async def test_the_verbs(host: Host, client: Mem0Client) -> None:
    assert (await client.ping())["status"] == "ok"
    await client.add(HELLO, {**ANN, "metadata": {"a": 1}}, idempotency_key="k1")
    await client.add(HELLO, {**ANN, "metadata": {"a": 1}}, idempotency_key="k1")
    assert host.said == ["I live in Oslo."]
    assert host.added[0]["metadata"] == {"a": 1}
    (found,) = await client.search("Where?", ANN, top_k=3, threshold=0.2)
    assert found["memory"] == "I live in Oslo."
    assert host.requests[-1].body == {"query": "Where?", "filters": ANN, "top_k": 3, "threshold": 0.2}
    assert (await client.get(found["id"]))["id"] == found["id"]
    assert [row["id"] async for row in client.every(ANN)] == [found["id"]]
    assert [(row["type"], row["name"]) for row in await client.entities()] == [("user", "ann")]
    assert await client.history(found["id"]) == []
    await client.delete(found["id"])
    with pytest.raises(RemoteNotFound) as caught:
        await client.get(found["id"])
    assert isinstance(caught.value, MemoryNotFound)
    await client.delete_all(ANN)
    assert host.requests[-1].query == ANN
    with pytest.raises(InvalidConfig):
        await client.delete_all({})


async def test_nothing_is_sent_before_it_is_asked_to(host: Host) -> None:
    async with Mem0Client(account(KEY, host.url)):
        pass
    assert host.connections == 0


async def test_one_connection_serves_all_and_all_clients_share_it(host: Host, client: Mem0Client) -> None:
    async with Mem0Client(client.account) as other:
        for _ in range(3):
            await client.search("Where?", ANN)
            await other.search("Where?", ANN)
    await client.search("Where?", ANN)
    assert host.connections == 1


async def test_a_closed_client_says_so(host: Host) -> None:
    client = Mem0Client(account(KEY, host.url))
    with pytest.raises(Closed):
        await client.ping()


@pytest.mark.parametrize("version", ["v3", "v2", "v1"])
@pytest.mark.parametrize("asked_for", [True, False])
async def test_versions(version: str, asked_for: bool) -> None:
    """v3 by default, older where the host has nothing newer; what was asked for is obeyed."""
    with Host(versions=(version,)) as host:
        async with Mem0Client(account(KEY, host.url), api_version=version if asked_for else None) as client:
            for _ in range(2):
                await client.add(HELLO, ANN, idempotency_key=None)
                assert (await client.search("Where?", ANN))[0]["memory"] == "I live in Oslo."
                assert [row["memory"] async for row in client.every(ANN)] == host.said
        searches = [request.path.split("/")[1] for request in host.asked("/search/")]
        before = [] if asked_for else ["v3", "v2", "v1"][: ["v3", "v2", "v1"].index(version)]
        assert searches == [*before, version, version]  # looked for once
        assert len(host.said) == 2


async def test_a_version_asked_for_is_not_left(host: Host) -> None:
    host.versions = ("v1",)
    async with Mem0Client(account(KEY, host.url), api_version="v3") as client:
        with pytest.raises(RemoteNotFound):
            await client.search("Where?", ANN)
    with pytest.raises(InvalidConfig, match="v3, v2, v1"):
        Mem0Client(account(KEY, host.url), api_version="v9")


async def test_v1_filters_by_plain_ids_or_not_at_all(host: Host) -> None:
    host.versions = ("v1",)
    async with Mem0Client(account(KEY, host.url)) as client:
        await client.search("Where?", {"AND": [{"user_id": "ann"}, {"agent_id": "a"}]})
        assert host.requests[-1].body == {"query": "Where?", "user_id": "ann", "agent_id": "a"}
        for wide in ({"OR": [ANN, {"agent_id": "a"}]}, {"user_id": "*"} | {"NOT": [ANN]}, {}, {"user_id": {"ne": "x"}}):
            with pytest.raises(InvalidFilter):
                await client.search("Where?", wide)


ERRORS: list[tuple[int, type[RemoteError]]] = [
    (400, Rejected),
    (401, AuthenticationFailed),
    (402, Rejected),
    (403, AuthenticationFailed),
    (408, Unreachable),
    (409, Rejected),
    (413, Rejected),
    (422, Rejected),
    (429, RateLimited),
    (500, HostFailed),
    (501, HostFailed),
    (502, Unreachable),
    (503, Unreachable),
    (504, Unreachable),
]


@pytest.mark.parametrize(("status", "error"), ERRORS)
async def test_errors(host: Host, client: Mem0Client, status: int, error: type[RemoteError]) -> None:
    host.rule = lambda request: Reply(status, json.dumps({"detail": f"because {KEY}"}).encode())
    with pytest.raises(error, match=f"{status}, because") as caught:
        await client.search("Where?", ANN)
    assert KEY not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "the reason"},
        {"error": "the reason"},
        {"message": "the reason"},
        ["the reason"],
        {"error": "400 Bad Request", "details": {"message": "the reason"}},
        {"detail": [{"loc": ["body"], "msg": "the reason"}]},
        {"user_id": ["the reason"]},
    ],
)
async def test_the_hosts_reason_is_told_whatever_its_shape(host: Host, client: Mem0Client, body: Any) -> None:
    host.rule = lambda request: Reply(400, json.dumps(body).encode())
    with pytest.raises(Rejected, match="the reason"):
        await client.search("Where?", ANN)


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), (None, None)])
async def test_retry_after(host: Host, client: Mem0Client, value: str | None, seconds: float | None) -> None:
    headers = {"Content-Type": "application/json"} | ({"Retry-After": value} if value else {})
    host.rule = lambda request: Reply(429, b"{}", headers)
    with pytest.raises(RateLimited) as caught:
        await client.search("Where?", ANN)
    assert caught.value.retry_after == seconds


async def test_retry_after_as_a_date(host: Host, client: Mem0Client) -> None:
    headers = {"Content-Type": "application/json", "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    host.rule = lambda request: Reply(429, b"{}", headers)
    with pytest.raises(RateLimited) as caught:
        await client.search("Where?", ANN)
    assert caught.value.retry_after == 0.0


async def test_what_may_be_repeated_is_repeated_once(host: Host, client: Mem0Client) -> None:
    host.rule = lambda request: Reply(drops=True) if len(host.requests) == 1 else None
    await client.search("Where?", ANN)
    assert len(host.requests) == 2


async def test_an_add_is_repeated_only_with_a_key(host: Host, client: Mem0Client) -> None:
    host.rule = lambda request: Reply(stored=True, drops=True) if len(host.requests) in (1, 2) else None
    with pytest.raises(Unreachable):
        await client.add(HELLO, ANN)
    assert len(host.said) == 1
    await client.add(HELLO, ANN, idempotency_key="k")
    assert (len(host.said), len(host.requests)) == (2, 3)


async def test_a_deadline_holds_against_a_host_that_never_answers(host: Host, client: Mem0Client) -> None:
    host.rule = lambda request: Reply(hangs=True)
    with pytest.raises(Unreachable, match=r"within 0\.05 s"):
        await client.search("Where?", ANN, deadline=0.05)
    host.rule = lambda request: None
    await client.search("Where?", ANN)


async def test_a_host_that_is_not_there() -> None:
    with Host() as host:
        gone = account(KEY, host.url)
    async with Mem0Client(gone) as client:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await client.ping()
    async with Mem0Client(Account("http://nobody.invalid", KEY)) as client:
        with pytest.raises(Unreachable, match="check host="):
            await client.ping()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
        Reply(200, b'"hello"'),
        Reply(200, b"", {}),
        Reply(403, b"<html>Forbidden</html>", {"Content-Type": "text/html"}),
        Reply(404, b"<html>Not here</html>", {"Content-Type": "text/html"}),
        Reply(200, b'{"hits": []}'),
        Reply(200, b'{"results": ["a string"]}'),
    ],
)
async def test_a_server_that_is_not_mem0s(host: Host, client: Mem0Client, reply: Reply) -> None:
    host.rule = lambda request: reply
    with pytest.raises(NotMem0, match="host"):
        await client.search("Where?", ANN)


async def test_a_redirect_gets_no_key(host: Host, client: Mem0Client) -> None:
    with Host() as other:
        host.rule = lambda request: Reply(307, b"", {"Location": f"{other.url}/v1/ping/"})
        with pytest.raises(NotMem0, match=other.url):
            await client.ping()
        assert other.connections == 0


async def test_ids_in_paths_are_encoded(host: Host, client: Mem0Client) -> None:
    with pytest.raises(RemoteNotFound):
        await client.get("../a b/c")
    assert host.requests[-1].path == "/v1/memories/..%2Fa%20b%2Fc/"


async def test_a_prefix_in_the_address(host: Host) -> None:
    seen: list[str] = []

    def rule(request: Request) -> Reply:
        seen.append(request.path)
        return Reply(200, b"{}")

    host.rule = rule
    async with Mem0Client(account(KEY, host.url + "/pre/")) as client:
        await client.ping()
    assert seen == ["/pre/v1/ping/"]


async def test_pages(host: Host, client: Mem0Client) -> None:
    rows = [host.keep(f"fact {number}", user_id="ann") for number in range(250)]
    assert [row["id"] async for row in client.every(ANN)] == [row["id"] for row in rows]
    assert len(host.requests) == 3


async def test_a_host_that_knows_no_pages(host: Host, client: Mem0Client) -> None:
    body = json.dumps([{"id": str(number), "memory": "m"} for number in range(100)]).encode()
    host.rule = lambda request: Reply(200, body)
    assert len([row async for row in client.every(ANN)]) == 100


async def test_the_key_stands_in_no_log(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with Mem0Client(account(KEY, host.url)) as client:
            await client.search("Where?", ANN)
            assert KEY not in repr(client) + repr(vars(client))
    assert caplog.records
    assert KEY not in caplog.text


async def test_several_loops(host: Host) -> None:
    def talk() -> None:
        async def ask() -> None:
            async with Mem0Client(account(KEY, host.url)) as client:
                await client.search("Where?", ANN)

        asyncio.run(ask())

    await asyncio.gather(*(asyncio.to_thread(talk) for _ in range(3)))
    assert len(host.requests) == 3


def test_importing_the_package_brings_no_http_client() -> None:
    code = "import sys, toldonce, toldonce.remote.client; sys.exit(any(n.startswith('httpx') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
