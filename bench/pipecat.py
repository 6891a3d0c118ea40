"""What memory adds to a turn of a Pipecat pipeline, beside a pass-through processor in the same run.

    python -m bench.pipecat                       the embedded engine: 10,000 memories, 1,000 turns
    python -m bench.pipecat --at-once             the same, the final transcript coming with the end of the turn
    python -m bench.pipecat --backend-ms 200 --words    a backend that takes 200 ms, a word every 150 ms
    python -m bench.pipecat --backend-ms hang     a backend that never answers
    .venv-mem0/bin/python -m bench.pipecat --backend-ms 200 --words --upstream    Pipecat's own service beside ours

A turn's figure is the time from the user aggregator handing the context on to the LLM receiving it. Turns with and
without memory alternate between two pipelines that run side by side, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack
from itertools import pairwise, takewhile
from typing import Any

from loguru import logger
from pipecat.frames.frames import LLMContextFrame
from tests.pipecat.harness import Call, Passing

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from toldonce.remote.memory import RemoteMemory

TOPICS = ("garden", "sister", "violin", "Lisbon", "marathon", "recipe", "passport", "dentist", "novel", "bicycle")
VERBS = ("bought", "lost", "painted", "repaired", "sold", "borrowed", "found", "cleaned", "hid", "measured")


def fact(n: int) -> str:
    """Memory number ``n``."""
    return f"On day {n} I {VERBS[n // 10 % 10]} something for my {TOPICS[n % 10]} and paid {n % 977} crowns."


def question(n: int) -> str:
    """What is asked in turn ``n``."""
    return f"What did I say about my {TOPICS[n % 10]} when I {VERBS[n // 7 % 10]} it on day {n * 13 % 9973}?"


class Backend:
    """A memory that takes its time to search, as hosts do."""

    lookups_a_turn = RemoteMemory.lookups_a_turn

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    async def search(self, query: str, **options: Any) -> dict[str, Any]:
        """Ten memories, or never any."""
        if self._seconds is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self._seconds or 0)
        return {"results": [{"id": f"{n}", "memory": f"{fact(n)} {query[:20]}"} for n in range(10)]}

    async def add(self, messages: Any, **options: Any) -> dict[str, Any]:
        """Takes everything."""
        return {"results": []}


class Blocking:
    """The same for Pipecat's own service, whose client blocks the thread that calls it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def search(self, query: str, **options: Any) -> dict[str, Any]:
        """Ten memories."""
        time.sleep(self._seconds)
        return {"results": [{"id": f"{n}", "memory": f"{fact(n)} {query[:20]}"} for n in range(10)]}

    def add(self, **options: Any) -> dict[str, Any]:
        """Takes everything."""
        return {"results": []}


def upstream(seconds: float) -> Any:
    """Pipecat's own ``Mem0MemoryService`` over a backend that takes so long. Needs ``mem0ai`` to be imported."""
    from pipecat.services.mem0 import memory as stock

    vars(stock)["MemoryClient"] = lambda **_: Blocking(seconds)
    return stock.Mem0MemoryService(api_key="unused", user_id="ann")


class Timed:
    """A call whose hops are measured."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.hops: list[float] = []
        self._left = 0.0

        async def leaves(_: object, frame: object) -> None:
            if isinstance(frame, LLMContextFrame):
                self._left = time.perf_counter()

        async def arrives(_: object, frame: object) -> None:
            if isinstance(frame, LLMContextFrame):
                self.hops.append((time.perf_counter() - self._left) * 1000)

        call.user.add_event_handler("on_before_push_frame", leaves)
        call.llm.add_event_handler("on_before_process_frame", arrives)

    async def turn(self, text: str, gap: float, lead: float) -> None:
        """One turn."""
        words = text.split() if gap else []
        said = [" ".join(words[: n + 1]) for n in range(len(words) - 1)]
        await self.call.say(text, interims=said, gap=gap, lead=lead)


class Stalls:
    """How late the event loop comes to what is due."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            due = time.perf_counter() + 0.002
            await asyncio.sleep(0.002)
            self.late.append((time.perf_counter() - due) * 1000)


def quantiles(figures: list[float]) -> dict[str, float]:
    """p50, p99, p99.9 and the greatest, in milliseconds."""
    ranked = sorted(figures)
    at = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: round(ranked[min(len(ranked) - 1, int(part * len(ranked)))], 3) for name, part in at.items()}


def reused(prompts: list[list[dict[str, Any]]]) -> float:
    """The part of a prompt, in characters, that the next one begins with: what a provider's prompt cache can reuse."""
    parts = []
    for before, after in pairwise(prompts):
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        parts.append(sum(len(str(old)) for old, _ in alike) / sum(len(str(message)) for message in before))
    return round(sum(parts) / len(parts), 3)


async def fill(memory: AsyncMemory, count: int) -> None:
    """Tell the engine ``count`` things."""
    for start in range(0, count, 500):
        messages = [{"role": "user", "content": fact(n), "id": str(n)} for n in range(start, min(start + 500, count))]
        await memory.add(messages, user_id="ann", conversation_id="before", timestamp=1_700_000_000 + start)


async def run(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    """Both pipelines, turn by turn."""
    memory: Any
    if options.backend_ms is None:
        memory = AsyncMemory(folder=folder)
        await fill(memory, options.memories)
    else:
        memory = Backend(None if options.backend_ms == "hang" else float(options.backend_ms) / 1000)
    timeout = {} if options.recall_timeout is None else {"recall_timeout": options.recall_timeout}
    params = Mem0MemoryService.InputParams(position=options.position)
    service = Mem0MemoryService(user_id="ann", memory=memory, params=params, **timeout)
    plain, ours = Call(Passing()), Call(service)
    others = {"upstream": Call(upstream(float(options.backend_ms) / 1000))} if options.upstream else {}
    gap = 0.15 if options.words else 0.0
    async with AsyncExitStack() as calls:
        for call in (plain, ours, *others.values()):
            await calls.enter_async_context(call)
        timed = {"pass-through": Timed(plain), "toldonce": Timed(ours)}
        timed |= {name: Timed(call) for name, call in others.items()}
        stalls: dict[str, list[float]] = {name: [] for name in timed}
        for n in range(options.turns):
            for name, one in timed.items():
                watching = Stalls()
                task = asyncio.create_task(watching.watch())
                await one.turn(question(n), gap, 0.0 if options.at_once else 0.02)
                await asyncio.sleep(options.rest)
                task.cancel()
                stalls[name] += watching.late
    if options.backend_ms is None:
        await memory.close()
    skipped = options.skip
    hops = {name: quantiles(one.hops[skipped:]) for name, one in timed.items()}
    added = {
        name: {part: round(found[part] - hops["pass-through"][part], 3) for part in ("p50", "p99")}
        for name, found in hops.items()
        if name != "pass-through"
    }
    with_block = sum(any("I recall" in str(m.get("content")) for m in shown) for shown in ours.shown)
    return {
        "hop_ms": hops,
        "added_ms": added,
        "first_turn_ms": {name: round(one.hops[0], 3) for name, one in timed.items()},
        "loop_late_ms": {name: quantiles(late) for name, late in stalls.items()},
        "turns_with_block": f"{with_block} of {options.turns}",
        "prompt_reused": {"pass-through": reused(plain.shown), "toldonce": reused(ours.shown)},
        "recall": str(service.session.prefetcher.tally),
    }


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--at-once", action="store_true", help="the final transcript ends the turn")
    parser.add_argument("--words", action="store_true", help="interim transcripts, a word every 150 ms")
    parser.add_argument("--backend-ms", help="milliseconds a search takes, or 'hang'")
    parser.add_argument("--upstream", action="store_true", help="beside a backend: Pipecat's own service over it too")
    parser.add_argument("--recall-timeout", type=float)
    parser.add_argument("--position", type=int, default=1)
    parser.add_argument("--rest", type=float, default=0.05, help="seconds between turns")
    parser.add_argument("--skip", type=int, default=0, help="turns left out at the beginning")
    options = parser.parse_args()
    logger.remove()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(run(options, folder)), indent=1))


if __name__ == "__main__":
    main()
