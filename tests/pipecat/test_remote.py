"""A service on a Mem0 host: no turn waits for it, no word is lost to it, and it is asked four times a turn at most."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.remote.host import KEY, Host, Reply
from toldonce.errors import InvalidConfig
from toldonce.pipecat import Mem0MemoryService
from toldonce.remote.memory import RemoteMemory

from .harness import Call, blocks, until


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MEM0_API_KEY", raising=False)
    with Host() as serving:
        yield serving


def service(host: Host, **options: Any) -> Mem0MemoryService:
    defaults: dict[str, Any] = {"api_key": KEY, "host": host.url, "user_id": "ann", "recall_timeout": 5.0}
    return Mem0MemoryService(**(defaults | options))


async def test_it_recalls_from_the_host_and_stores_there(host: Host) -> None:
    host.keep("Ann lives in Oslo.", user_id="ann")
    host.keep("Bob lives in Rome.", user_id="bob")
    async with Call(service(host, agent_id="a", run_id="r")) as call:
        await call.say("Where do I live?")
        await call.say("Thanks, that is right.")
    (block,) = blocks(call.shown[0])
    assert "Ann lives in Oslo." in block["content"]
    assert "Rome" not in block["content"]
    await until(lambda: len(host.said) == 4)
    assert host.said == ["Where do I live?", "answer 1", "Thanks, that is right.", "answer 2"]
    assert {body["user_id"] for body in host.added} == {"ann"}
    assert {body["agent_id"] for body in host.added} == {"a"}
    assert all(request.body["filters"] == {"user_id": "ann"} for request in host.asked("/search/"))


async def test_a_key_in_the_environment_names_the_cloud(monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    monkeypatch.setenv("MEM0_API_KEY", "m0-key")
    made = Mem0MemoryService(user_id="ann")
    assert isinstance(made.memory_client, RemoteMemory)
    assert made.memory_client.account.host == "https://api.mem0.ai"
    await made.memory_client.close()


@pytest.mark.parametrize(
    ("asked_for", "spoken"), [({}, "v3"), ({"api_version": "v2"}, "v2"), ({"api_version": None}, "v3")]
)
async def test_the_api_version_that_is_asked_for(host: Host, asked_for: dict[str, Any], spoken: str) -> None:
    async with Call(service(host, params=Mem0MemoryService.InputParams(**asked_for))) as call:
        await call.say("Where do I live?")
    assert {request.path.split("/")[1] for request in host.asked("/search/")} == {spoken}
    with pytest.raises(InvalidConfig, match="v3, v2, v1"):
        service(host, params=Mem0MemoryService.InputParams(api_version="v7"))


async def test_a_constructor_asks_a_host_nothing_and_the_start_of_a_call_waits_as_long_as_a_turn(host: Host) -> None:
    host.rule = lambda request: Reply(hangs=True)
    made = service(host, recall_timeout=0.05, shutdown_timeout=0.5)
    assert host.connections == 0
    began = asyncio.get_running_loop().time()
    async with Call(made):
        assert asyncio.get_running_loop().time() - began < 5, "the host would be waited for for ten seconds"
        await until(lambda: bool(host.asked("/ping/")))


async def test_a_turn_asks_four_times_at_most(host: Host) -> None:
    host.keep("Ann lives in Oslo.", user_id="ann")
    asked = []
    async with Call(service(host)) as call:
        for words in ("Where do I live?", "And where does my sister live these days?"):
            spoken = words.split()
            interims = [" ".join(spoken[:n]) for n in range(1, len(spoken))]
            before = len(host.asked("/search/"))
            await call.say(words, interims=interims, gap=0.01, lead=0.05)
            asked.append(len(host.asked("/search/")) - before)
    assert max(asked) <= 4
    assert blocks(call.shown[0])


@pytest.mark.parametrize(
    "reply",
    [Reply(500, b"{}"), Reply(401, b"{}"), Reply(429, b"{}"), Reply(drops=True), Reply(200, b"<html>", {})],
)
async def test_whatever_the_host_does_the_call_goes_on_and_nothing_is_lost(host: Host, reply: Reply) -> None:
    host.rule = lambda request: reply
    async with Call(service(host, shutdown_timeout=0.5)) as call:
        await call.say("My cat is called Miso.")
        await call.say("She is black.")
    assert len(call.shown) == 2
    assert host.said == []
    host.rule = lambda request: None
    async with RemoteMemory(api_key=KEY, host=host.url):
        await until(lambda: len(host.said) == 4)
    assert host.said == ["My cat is called Miso.", "answer 1", "She is black.", "answer 2"]


async def test_a_host_that_asks_for_patience_is_left_alone_and_said_so_once(host: Host) -> None:
    host.rule = lambda request: Reply(429, b"{}", {"Retry-After": "30"}) if request.path.endswith("/search/") else None
    async with Call(service(host)) as call:
        for number in range(4):
            await call.say(f"What is question number {number}?")
    assert len(host.asked("/search/")) == 1
    (error,) = call.errors
    assert "429" in error


async def test_a_host_that_never_answers_holds_up_no_turn(host: Host) -> None:
    host.rule = lambda request: Reply(hangs=True)
    async with Call(service(host, recall_timeout=0.05, shutdown_timeout=0.5)) as call:
        await call.say("My cat is called Miso.")
        await call.say("She is black.")
    assert len(call.shown) == 2


async def test_a_user_who_becomes_known_later(host: Host) -> None:
    host.keep("Ann lives in Oslo.", user_id="ann")
    who: list[str] = []
    async with Call(service(host, user_id=lambda: who[0] if who else None)) as call:
        await call.say("Hello, is anybody there?")
        assert not host.asked("/search/")
        who.append("ann")
        await call.say("It is me, where do I live?")
    await until(lambda: len(host.said) == 4)
    assert {body["user_id"] for body in host.added} == {"ann"}


async def test_two_calls_of_two_people_share_a_host_and_nothing_else(host: Host) -> None:
    host.keep("Ann lives in Oslo.", user_id="ann")
    host.keep("Bob lives in Rome.", user_id="bob")
    async with Call(service(host)) as of_ann, Call(service(host, user_id="bob")) as of_bob:
        await asyncio.gather(of_ann.say("Where do I live?"), of_bob.say("Where do I live?"))
    assert "Oslo" in blocks(of_ann.shown[0])[0]["content"]
    assert "Rome" in blocks(of_bob.shown[0])[0]["content"]
