"""What a Mem0 host costs a turn, how fast an outbox empties, and how fast memories move in.

    python -m bench.remote [--turns 300] [--memories 10000]

The host of the turns takes no time and has a process of its own. Turns on it alternate with turns through a
pass-through processor, and with requests for the same search by themselves: the floor. The import is from Toldonce's
own server, over HTTP, with every memory's history.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loguru import logger
from tests.pipecat.harness import Call, Passing
from tests.remote.server import KEY, Server

from bench.pipecat import Timed, fact, quantiles, question
from toldonce import Memory
from toldonce.engine.requests import PROJECT
from toldonce.pipecat import Mem0MemoryService
from toldonce.remote.account import account
from toldonce.remote.client import Mem0Client
from toldonce.remote.memory import RemoteMemory
from toldonce.transfer.jsonl import begin, export, load
from toldonce.transfer.mem0 import import_account

MESSAGES = 200


@contextmanager
def host(port: int = 0, *options: str) -> Iterator[str]:
    """A host that takes no time."""
    command = [sys.executable, "-m", "bench.remote_host", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.kill()
    process.communicate()


async def turns(count: int) -> dict[str, Any]:
    """What a turn waits for a host that takes no time."""
    with host() as url:
        options: dict[str, Any] = {"api_key": "m0-bench", "host": url, "user_id": "ann"}
        plain, ahead, at_once = Call(Passing()), Call(Mem0MemoryService(**options)), Call(Mem0MemoryService(**options))
        async with plain, ahead, at_once, Mem0Client(account("m0-bench", url)) as client:
            timed = {"pass-through": Timed(plain), "prefetched": Timed(ahead), "at once": Timed(at_once)}
            floor: list[float] = []
            for n in range(count):
                for name, one in timed.items():
                    await one.turn(question(n), 0.0, 0.02 if name == "prefetched" else 0.0)
                    await asyncio.sleep(0.02)
                began = time.perf_counter()
                await client.search(question(n), {"user_id": "ann"}, top_k=10)
                floor.append((time.perf_counter() - began) * 1000)
    hops = {name: quantiles(one.hops[1:]) for name, one in timed.items()}
    base = hops["pass-through"]["p50"]
    return {
        "hop_ms": hops,
        "search_alone_ms": quantiles(floor[1:]),
        "added_p50_ms": {name: round(hop["p50"] - base, 3) for name, hop in hops.items() if name != "pass-through"},
        "first_turn_ms": {name: round(one.hops[0], 3) for name, one in timed.items()},
    }


async def far(count: int) -> dict[str, Any]:
    """What a turn waits for a host whose searches take 200 ms, spoken at a word every 150 ms."""
    with host(0, "200") as url:
        service = Mem0MemoryService(api_key="m0-bench", host=url, user_id="ann")
        plain, call = Call(Passing()), Call(service)
        async with plain, call:
            timed = {"pass-through": Timed(plain), "toldonce": Timed(call)}
            for n in range(count):
                await asyncio.gather(*(one.turn(question(n), 0.15, 0.02) for one in timed.values()))
    with_block = sum(any("I recall" in str(m.get("content")) for m in shown) for shown in call.shown)
    return {
        "hop_ms": {name: quantiles(one.hops) for name, one in timed.items()},
        "turns_with_block": f"{with_block} of {count}",
        "recall": str(service.session.prefetcher.tally),
    }


async def hanging(count: int) -> dict[str, Any]:
    """What a turn waits for a host that never answers."""
    with host(0, "hang") as url:
        service = Mem0MemoryService(api_key="m0-bench", host=url, user_id="bob", shutdown_timeout=0.5)
        async with Call(service) as call:
            timed = Timed(call)
            for n in range(count):
                await timed.turn(question(n), 0.0, 0.0)
    return {"recall_timeout_ms": service.recall_timeout * 1000, "hop_ms": quantiles(timed.hops)}


async def offline(folder: Path) -> dict[str, Any]:
    """A host that is down for a whole call, and back for the next."""
    with host() as url:
        port = int(url.rsplit(":", 1)[1])
    memory = RemoteMemory(api_key="m0-bench", host=url, folder=folder)
    began = time.perf_counter()
    for n in range(MESSAGES):
        await memory.add([{"role": "user", "content": fact(n)}], user_id="ann", conversation_id="call")
    kept = time.perf_counter() - began
    await memory.close()
    with host(port):
        began = time.perf_counter()
        async with RemoteMemory(api_key="m0-bench", host=url, folder=folder) as memory:
            assert await memory.flush(60)
            took = time.perf_counter() - began
        async with Mem0Client(account("m0-bench", url)) as client:
            assert client._http is not None
            said = (await client._http.get("/said/")).json()
    assert said == [fact(n) for n in range(MESSAGES)], "not all of it, or not in order"
    return {"messages": MESSAGES, "kept_ms_each": round(kept / MESSAGES * 1000, 3), "all_sent_after_s": round(took, 3)}


def moving_in(folder: Path, count: int) -> dict[str, Any]:
    """From a Mem0-compatible server, and from a file with vectors."""
    with Memory(folder=folder / "there") as there:
        for start in range(0, count, 500):
            said = [{"role": "user", "content": fact(n)} for n in range(start, min(start + 500, count))]
            there.add(said, user_id=f"user-{start // 500}", infer=False, timestamp=1_700_000_000 + start)
    with Server(folder / "there") as server, Memory(folder=folder / "here") as here:
        began = time.perf_counter()
        report = asyncio.run(_import(here, server.url))
        took = time.perf_counter() - began
        assert (report.imported, report.differing) == (count, [])
        whole, again = io.StringIO(), io.StringIO()
        export(here._engine, PROJECT, whole, vectors=True, done=_ignore)
        with Memory(folder=folder / "third") as third:
            whole.seek(0)
            began = time.perf_counter()
            load(third._engine, PROJECT, begin(whole), done=_ignore)
            with_vectors = time.perf_counter() - began
            export(third._engine, PROJECT, again, vectors=True, done=_ignore)
    assert whole.getvalue() == again.getvalue(), "something differs on re-export"
    return {
        "memories": count,
        "from_a_server_per_s": round(count / took),
        "from_a_file_with_vectors_per_s": round(count / with_vectors),
    }


async def _import(memory: Memory, url: str) -> Any:
    async with Mem0Client(account(KEY, url)) as client:
        return await import_account(memory._engine, PROJECT, client, done=_ignore)


def _ignore(count: int) -> None:
    """Nobody watches."""


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--memories", type=int, default=10_000)
    options = parser.parse_args()
    logger.remove()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TOLDONCE_HOME"] = name
        found = {
            "turns": asyncio.run(turns(options.turns)),
            "far": asyncio.run(far(max(3, options.turns // 10))),
            "hanging": asyncio.run(hanging(max(3, options.turns // 10))),
            "offline": asyncio.run(offline(folder)),
        }
        found["moving_in"] = moving_in(folder, options.memories)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
