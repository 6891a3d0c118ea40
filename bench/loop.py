"""How late an event loop runs its timers while live sessions search and one of them is written to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.corpus import GivenTokens, Talk
from bench.filling import fill, scratch
from bench.report import LATENCY, Figure, Part, Scale, Table, latency_row, quantile
from toldonce import AsyncMemory, Memory
from toldonce.embedders.minilm import MiniLM

INCLUDES = (
    "Eight sessions on one event loop, each with an owner of its own, ask a new question about every 25 ms through "
    "`AsyncMemory` (embedded by the bundled model), while a writer adds a message, embedding included, and waits 25 ms "
    "before the next. How late the loop is, is how much later than asked a sleep of two milliseconds ends. Stretches "
    "with and without sessions take turns, in one process that also runs a Pipecat pipeline without anything to do if "
    "Pipecat is installed."
)

TICK = 0.002


@dataclass(frozen=True)
class Sizes:
    memories: int
    sessions: int
    stretches: int
    seconds: float


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(10_000, 8, 10, 4.0),
    "quick": Sizes(10_000, 8, 3, 3.0),
    "tiny": Sizes(50, 2, 1, 0.2),
}


@dataclass
class Live:
    """What happened in the busy stretches."""

    searches: list[float] = field(default_factory=list)
    adds: list[float] = field(default_factory=list)
    errors: int = 0


async def lateness(seconds: float, into: list[float]) -> None:
    """Milliseconds by which two-millisecond sleeps overrun."""
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        await asyncio.sleep(TICK)
        into.append((time.perf_counter() - start - TICK) * 1e3)


async def session(memory: AsyncMemory, number: int, seconds: float, questions: Sequence[str], live: Live) -> None:
    """One live session, until its time or its questions are over."""
    pauses = np.random.default_rng(number).uniform(0.015, 0.035, len(questions)).tolist()
    until = time.perf_counter() + seconds
    for question, pause in zip(questions, pauses, strict=True):
        await asyncio.sleep(pause)
        start = time.perf_counter()
        if start > until:
            return
        try:
            await memory.search(question, filters={"user_id": f"owner{number}"})
        except Exception:
            live.errors += 1
        live.searches.append((time.perf_counter() - start) * 1e3)


async def writer(memory: AsyncMemory, seconds: float, texts: Sequence[str], live: Live) -> None:
    """Adds one message after the other to the first session's owner."""
    until = time.perf_counter() + seconds
    for text in texts:
        start = time.perf_counter()
        if start > until:
            return
        try:
            await memory.add(text, user_id="owner0", run_id="now")
        except Exception:
            live.errors += 1
        live.adds.append((time.perf_counter() - start) * 1e3)
        await asyncio.sleep(0.025)


@asynccontextmanager
async def idle_pipeline() -> AsyncIterator[bool]:
    """A Pipecat pipeline of one processor, running and waiting; False without Pipecat."""
    try:
        from pipecat.pipeline.pipeline import Pipeline
        from pipecat.pipeline.worker import PipelineWorker
        from pipecat.processors.filters.identity_filter import IdentityFilter
        from pipecat.workers.runner import WorkerRunner
    except ImportError:
        yield False
        return
    idle = IdentityFilter()  # type: ignore[no-untyped-call] # untyped in Pipecat
    worker = PipelineWorker(Pipeline([idle]), cancel_on_idle_timeout=False)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(0.2)
    try:
        yield True
    finally:
        await worker.cancel()
        await running


async def run(folder: Path, sizes: Sizes, embedder: GivenTokens) -> tuple[list[float], list[float], Live, bool]:
    """Lateness idle and busy, what the sessions met, and whether a pipeline ran beside them."""
    idle: list[float] = []
    busy: list[float] = []
    live = Live()
    talk = Talk(13)
    async with idle_pipeline() as pipeline, AsyncMemory(folder=folder, embedder=embedder) as memory:
        for number in range(sizes.sessions):
            await memory.warm(user_id=f"owner{number}")
        await session(memory, 0, 0.3, talk.questions(20), Live())
        for _ in range(sizes.stretches):
            questions = [talk.questions(int(sizes.seconds * 60)) for _ in range(sizes.sessions)]
            texts = talk.texts(int(sizes.seconds * 40))
            await lateness(sizes.seconds, idle)
            live_now = [session(memory, number, sizes.seconds, asked, live) for number, asked in enumerate(questions)]
            await asyncio.gather(lateness(sizes.seconds, busy), writer(memory, sizes.seconds, texts, live), *live_now)
    return idle, busy, live, pipeline


def measure(scale: Scale) -> Part:
    """Event-loop lag with live sessions, beside the idle loop."""
    sizes = SIZES[scale]
    embedder = GivenTokens(queries=MiniLM())
    talk = Talk(12)
    with scratch() as folder:
        with Memory(folder=folder, embedder=embedder) as memory:
            for number in range(sizes.sessions):
                fill(memory, f"owner{number}", talk.texts(sizes.memories))
        idle, busy, live, pipeline = asyncio.run(run(folder, sizes, embedder))
    beyond = quantile(busy, 0.999) - quantile(idle, 0.999)
    rest = "idle loop with a pipeline" if pipeline else "idle loop"
    return Part(
        "Event loop",
        INCLUDES,
        [
            Figure("how late the loop is, p99.9, beyond the idle loop", beyond, "ms", most=5),
            Figure("errors", live.errors, "", most=0),
        ],
        [
            Table(
                f"{sizes.sessions} sessions with {sizes.memories:,} memories each, and one writer",
                LATENCY,
                [
                    latency_row(f"lateness, {rest}", idle),
                    latency_row("lateness, live sessions", busy),
                    latency_row("search", live.searches),
                    latency_row("add", live.adds),
                ],
            )
        ],
    )
