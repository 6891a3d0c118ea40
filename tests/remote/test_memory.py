"""A remote memory: what is said is safe before it is sent, and nobody sees what is somebody else's."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from toldonce.errors import (
    AuthenticationFailed,
    Closed,
    InvalidConfig,
    InvalidInput,
    MemoryNotFound,
    MissingIdentity,
    NewerStore,
    RateLimited,
    Unreachable,
)
from toldonce.remote.holds import Holds
from toldonce.remote.memory import RemoteMemory

from .conftest import until
from .host import KEY, Host, Reply, Request

ANN: dict[str, Any] = {"user_id": "ann"}


def remote(host: Host, **options: Any) -> RemoteMemory:
    return RemoteMemory(**({"api_key": KEY, "host": host.url} | options))


@pytest.fixture
async def memory(host: Host) -> AsyncIterator[RemoteMemory]:
    async with remote(host) as opened:
        yield opened


async def test_what_is_said_arrives(host: Host, memory: RemoteMemory) -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": [{"type": "text", "text": "I moved to Oslo."}], "name": "Ann", "id": "0"},
        {"role": "assistant", "content": "Nice!", "tool_calls": [], "id": "1"},
    ]
    answer = await memory.add(
        messages,
        **ANN,
        agent_id="a",
        run_id="r",
        metadata={"platform": "pipecat"},
        timestamp="2026-03-01T09:30:00+00:00",
        expiration_date="2027-01-01",
        infer=False,
        conversation_id="c",
    )
    assert (answer["results"], answer["status"]) == ([], "QUEUED")
    await until(lambda: len(host.added) == 1)
    assert host.added[0] == {
        "messages": [
            {"role": "user", "content": "I moved to Oslo.", "name": "Ann"},
            {"role": "assistant", "content": "Nice!"},
        ],
        "user_id": "ann",
        "agent_id": "a",
        "run_id": "r",
        "metadata": {"platform": "pipecat"},
        "timestamp": 1772357400,
        "expiration_date": "2027-01-01",
        "infer": False,
    }
    assert host.asked("/add/")[0].headers["Idempotency-Key"] == answer["event_id"]


async def test_nothing_is_sent_when_one_is_made(host: Host) -> None:
    async with remote(host):
        pass
    assert host.connections == 0


async def test_wrong_input_is_told_at_once_and_never_queued(host: Host, memory: RemoteMemory) -> None:
    with pytest.raises(MissingIdentity):
        await memory.add("hello")
    with pytest.raises(InvalidInput):
        await memory.add([], **ANN)
    with pytest.raises(InvalidInput):
        await memory.search("", filters=ANN)
    with pytest.raises(InvalidInput, match="inside filters"):
        await memory.search("Where?", user_id="ann")
    with pytest.raises(MissingIdentity):
        await memory.search("Where?")
    with pytest.raises(MissingIdentity):
        await memory.get_all(filters={})
    with pytest.raises(InvalidConfig, match="MEM0_API_KEY"):
        RemoteMemory(host=host.url)
    assert await memory.add([{"role": "system", "content": "You are terse."}], **ANN) == {"results": []}
    assert host.connections == 0


async def test_a_closed_memory_says_so(host: Host) -> None:
    memory = remote(host)
    await memory.close()
    await memory.close()
    for call in (memory.search("Where?", filters=ANN), memory.add("hello", **ANN), memory.warm()):
        with pytest.raises(Closed):
            await call


async def test_a_turn_asks_once_on_a_warm_connection(host: Host, memory: RemoteMemory) -> None:
    await memory.warm(**ANN)
    asked = len(host.requests)
    await memory.search("Where?", filters=ANN)
    assert len(host.requests) == asked + 1
    assert host.connections == 1


async def test_rows_of_others_are_dropped_and_logged(
    host: Host, memory: RemoteMemory, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [host.keep("ours", user_id="ann"), host.keep("bob's", user_id="bob"), host.keep("nobody's", agent_id="a")]
    anything = json.dumps({"results": [*rows, {"id": "2", "user_id": 7}]}).encode()
    host.rule = lambda request: Reply(200, anything)
    with caplog.at_level(logging.ERROR):
        found = await memory.search("Where?", filters=ANN)
        listed = await memory.get_all(filters=ANN)
    assert [row["memory"] for row in found["results"]] == ["ours"] == [row["memory"] for row in listed["results"]]
    assert "3 memories of somebody else" in caplog.text
    assert "bob" not in caplog.text


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (ANN, True),
        ({"AND": [ANN, {"agent_id": "a"}]}, True),
        ({"OR": [ANN, {"agent_id": "a"}]}, True),
        ({"user_id": {"in": ["ann", "bob"]}}, False),
        ({"AND": [{"agent_id": "a"}, {"NOT": [{"user_id": "*"}]}]}, True),
    ],
)
async def test_a_row_without_ids_is_the_users_whom_alone_the_host_was_asked_for(
    host: Host, memory: RemoteMemory, filters: dict[str, Any], shown: bool
) -> None:
    """Mem0's schema requires an id, a text and a time of a row, and no more."""
    row = {"id": "1", "memory": "I moved to Oslo.", "created_at": "2026-01-02T03:04:05+00:00"}
    host.rule = lambda request: Reply(200, json.dumps({"results": [row]}).encode())
    found = (await memory.search("Where?", filters=filters))["results"]
    assert [row["memory"] for row in found] == ["I moved to Oslo."] * shown
    assert (await memory.get_all(filters=filters))["results"] == found


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"user_id": "ann"}, ["ann"]),
        ({"user_id": {"in": ["ann", "bob"]}}, ["ann", "bob"]),
        ({"OR": [{"user_id": "ann"}, {"agent_id": "a"}]}, ["ann"]),
        ({"AND": [{"user_id": "ann"}, {"metadata": {"k": "v"}}]}, ["ann"]),
        ({"AND": [{"agent_id": "a"}, {"NOT": [{"user_id": "*"}]}]}, [None]),
        ({"agent_id": "a"}, ["ann", "bob", None]),
    ],
)
async def test_whose_rows_a_filter_shows(
    host: Host, memory: RemoteMemory, filters: dict[str, Any], shown: list[str | None]
) -> None:
    rows = [host.keep("a fact", user_id=user, agent_id="a") for user in ("ann", "bob", None)]
    host.rule = lambda request: Reply(200, json.dumps({"results": rows}).encode())
    found = await memory.search("Where?", filters=filters)
    assert [row["user_id"] for row in found["results"]] == shown


_NOBODYS: dict[str, Any] = {"AND": [{"agent_id": "a"}, {"NOT": [{"user_id": "*"}]}]}


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        ({"OR": [ANN, {"agent_id": "a"}, {"run_id": "r"}]}, ANN),
        ({"OR": [ANN, _NOBODYS]}, ANN),
        ({"AND": [{"OR": [ANN, _NOBODYS]}, {"metadata": {"k": "v"}}]}, {"AND": [ANN, {"metadata": {"k": "v"}}]}),
        ({"OR": [ANN, {"user_id": "bob"}]}, {"OR": [ANN, {"user_id": "bob"}]}),
        ({"OR": [{"agent_id": "a"}, {"run_id": "r"}]}, {"OR": [{"agent_id": "a"}, {"run_id": "r"}]}),
        (_NOBODYS, _NOBODYS),
        (ANN, ANN),
    ],
)
async def test_who_names_a_user_asks_the_host_for_users_only(
    host: Host, memory: RemoteMemory, filters: dict[str, Any], asked: dict[str, Any]
) -> None:
    rows = [host.keep("a fact", user_id=user, agent_id="a") for user in ("ann", None)]
    host.rule = lambda request: Reply(200, json.dumps({"results": rows}).encode())
    await memory.search("Where?", filters=filters)
    assert host.requests[-1].body["filters"] == asked
    await memory.get_all(filters=filters)
    assert host.requests[-1].body["filters"] == asked
    async with remote(host, agent_alone=True) as asking:
        found = await asking.search("Where?", filters={"OR": [ANN, _NOBODYS]})
    assert host.requests[-1].body["filters"] == {"OR": [ANN, _NOBODYS]}
    assert [row["user_id"] for row in found["results"]] == ["ann", None]


async def test_deleting_takes_back_what_was_not_sent_yet(host: Host, memory: RemoteMemory) -> None:
    host.rule = lambda request: Reply(503, b"{}") if request.path.endswith("/add/") else None
    await memory.add("Ann's words", **ANN)
    await memory.add("Bob's words", user_id="bob")
    await memory.delete_all(user_id="ann")
    assert [request.query for request in host.asked("/v1/memories/")] == [ANN]
    host.rule = lambda request: None
    await memory.search("Where?", filters=ANN)  # the host is seen alive
    await until(lambda: bool(host.said))
    assert host.said == ["Bob's words"]
    row = host.keep("a fact", **ANN)
    await memory.delete(row["id"])
    with pytest.raises(MemoryNotFound):
        await memory.delete(row["id"])


async def test_deleting_waits_for_what_is_just_being_sent(host: Host, memory: RemoteMemory) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def rule(request: Request) -> None:
        if request.path.endswith("/add/"):
            arrived.set()
            go_on.wait(20)

    host.rule = rule
    await memory.add("Ann's words", **ANN)
    await until(arrived.is_set)
    deleting = asyncio.create_task(memory.delete_all(user_id="ann"))
    await asyncio.sleep(0.1)
    assert not host.asked("/v1/memories/")
    go_on.set()
    await deleting
    assert host.memories == []


async def test_errors_of_the_host_reach_who_asks_and_not_who_says(host: Host, memory: RemoteMemory) -> None:
    host.rule = lambda request: Reply(401, b'{"detail": "Invalid key"}')
    with pytest.raises(AuthenticationFailed, match="MEM0_API_KEY"):
        await memory.search("Where?", filters=ANN)
    await memory.add("kept", **ANN)
    assert await memory.warm(**ANN) == 0


async def test_the_same_words_offered_again_with_their_ids_are_sent_once(host: Host, memory: RemoteMemory) -> None:
    messages = [{"role": "user", "content": "yes", "id": "0"}]
    for _ in range(3):
        await memory.add(messages, **ANN, conversation_id="c")
        await until(lambda: len(host.said) == 1)
    await memory.add(messages, user_id="bob", conversation_id="c")  # what another says in a talk of that name
    await until(lambda: len(host.said) == 2)
    for _ in range(2):
        await memory.add("yes", **ANN)  # without ids each is said anew
    await until(lambda: len(host.said) == 4)


async def test_two_memories_of_one_host_share_what_they_need(host: Host, memory: RemoteMemory) -> None:
    before = set(threading.enumerate())  # the first memory's sender is among them
    async with remote(host) as other:
        await other.search("Where?", filters=ANN)
        await memory.search("Where?", filters=ANN)
        await other.add("one", **ANN)
        await memory.add("two", **ANN)
        started = [thread.name for thread in threading.enumerate() if thread not in before]
        assert "toldonce-sender" not in started
    assert host.connections <= 2  # one for recall, one for the outbox
    await until(lambda: host.said == ["one", "two"])


async def test_an_older_api_is_spoken_where_asked(host: Host) -> None:
    async with remote(host, api_version="v1") as memory:
        await memory.add("hello", **ANN)
        await until(lambda: bool(host.added))
        assert host.asked("/v1/memories/")
        assert (await memory.search("hello", filters=ANN))["results"]


async def test_what_an_agent_knows_is_reached_on_our_own_server_only(host: Host, memory: RemoteMemory) -> None:
    reaches = []
    for organisation in ("org", "home"):
        host.organisation = organisation
        await memory.warm(**ANN)
        reaches.append(memory.reaches_agent_alone)
    assert reaches == [False, True]
    async with remote(host, agent_alone=True) as asking:
        assert asking.reaches_agent_alone


async def test_several_loops_use_one_memory(host: Host, memory: RemoteMemory) -> None:
    host.keep("a fact", **ANN)
    found = await asyncio.gather(
        *(asyncio.to_thread(asyncio.run, memory.search("Where?", filters=ANN)) for _ in range(3)),
        memory.search("Where?", filters=ANN),
    )
    assert [len(answer["results"]) for answer in found] == [1] * 4


async def test_hours_offline_then_the_next_process_sends_the_rest_in_order(host: Host) -> None:
    """The host is down for the whole call; the process that had it ends; the next one sends."""
    host.rule = lambda request: Reply(drops=True)
    first = remote(host)
    for number in range(20):
        await first.add([{"role": "user", "content": f"turn {number}"}], **ANN, conversation_id="call")
    await first.close()
    assert host.said == []
    host.rule = lambda request: None
    async with remote(host):
        await until(lambda: len(host.said) == 20)
    assert host.said == [f"turn {number}" for number in range(20)]


async def test_a_host_seen_alive_is_sent_to_at_once(host: Host, memory: RemoteMemory) -> None:
    host.rule = lambda request: Reply(503, b"{}", {"Retry-After": "3000"}) if request.path.endswith("/add/") else None
    await memory.add("kept", **ANN)
    await until(lambda: bool(host.requests))
    host.rule = lambda request: None
    await asyncio.sleep(0.1)
    await memory.search("Where?", filters=ANN)
    await until(lambda: host.said == ["kept"])


async def test_a_key_that_was_wrong_is_put_right(host: Host) -> None:
    host.key = "m0-rotated"
    memory = remote(host)
    await memory.add("kept", **ANN)
    await until(lambda: bool(host.requests))
    await memory.close()
    host.key = KEY
    async with remote(host):
        await until(lambda: host.said == ["kept"])


async def test_lost_answers_are_counted(host: Host) -> None:
    """A host that ignores idempotency keys holds twice what it had answered in vain: no more, and it is known."""
    host.honours_keys = False

    def rule(request: Request) -> Reply | None:
        return Reply(stored=True, drops=True) if len(host.added) in (1, 3) and request.path.endswith("/add/") else None

    host.rule = rule
    async with remote(host) as memory:
        for number in range(5):
            await memory.add(f"turn {number}", **ANN)
        await until(lambda: memory._outbox.file.filling().waiting == 0)
        assert sorted(set(host.said)) == [f"turn {number}" for number in range(5)]
        assert len(host.said) - 5 == 2 == memory._outbox.file.repeated


async def test_an_outbox_of_a_newer_version_is_refused(host: Host) -> None:
    memory = remote(host)
    path = memory._outbox.file.path
    await memory.add("I keep bees", **ANN)
    await memory.close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version=7").fetchall()
    connection.close()
    with pytest.raises(NewerStore):
        remote(host)
    assert KEY not in str(path)


async def test_no_host(tmp_path: Path) -> None:
    async with RemoteMemory(api_key=KEY, host="http://nobody.invalid", allow_plain_http=True) as memory:
        assert await memory.warm(**ANN) == 0
        with pytest.raises(Unreachable, match="check host="):
            await memory.search("Where?", filters=ANN)
        await memory.add("kept", **ANN)


TALKER = """
import asyncio, sys
from toldonce.remote.holds import Holds
from toldonce.remote.memory import RemoteMemory

async def main():
    memory = RemoteMemory(api_key=sys.argv[1], host=sys.argv[2])
    number = int(sys.argv[3])
    while True:
        await memory.add([{"role": "user", "content": f"turn {number}", "id": str(number)}], user_id="ann",
                         conversation_id="call")
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_and_repeats_nothing(host: Host) -> None:
    acknowledged = -1
    for round_number in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            TALKER,
            KEY,
            host.url,
            str(acknowledged + 1),
            stdout=asyncio.subprocess.PIPE,
            env=dict(os.environ),
        )
        assert child.stdout is not None
        for _ in range(5 + 7 * round_number):
            acknowledged = int(await child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest, _ = await child.communicate()
        acknowledged = max([acknowledged, *(int(line) for line in rest.split(b"\n")[:-1])])
    async with remote(host) as memory:
        await until(lambda: memory._outbox.file.filling().waiting == 0)
    said = [int(text.split()[1]) for text in host.said]
    assert said == sorted(set(said)), "out of order, or twice"
    assert set(range(acknowledged + 1)) <= set(said), "lost"


async def test_patience_a_host_asks_for_holds_everything_that_is_sent_to_it(
    host: Host, memory: RemoteMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one conversation, nor one client: searches, other conversations and other services wait as well."""
    time = [0.0]
    monkeypatch.setattr("toldonce.remote.client.HOLDS", Holds(lambda: time[0]))
    host.rule = lambda request: Reply(429, b"{}", {"Retry-After": "60"}) if request.path.endswith("/add/") else None
    await memory.add("My cat is called Miso.", **ANN, conversation_id="one")
    await until(lambda: len(host.asked("/add/")) == 1)
    await asyncio.sleep(0.05)
    host.rule = lambda request: None
    asked = len(host.requests)
    await memory.add("She is black.", **ANN, conversation_id="two")
    async with remote(host) as other:
        for one in (memory, other):
            with pytest.raises(RateLimited, match="60 s more") as caught:
                await one.search("Where?", filters=ANN)
            assert caught.value.retry_after == 60
    assert len(host.requests) == asked
    time[0] = 61.0
    await memory.search("Where?", filters=ANN)  # The host is seen alive: what waits is sent.
    await until(lambda: len(host.said) == 2)
