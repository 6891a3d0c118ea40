"""Thirty Pipecat calls in one process: how many prompts carry their memory, and what memory adds to a turn."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from loguru import logger
from tests.pipecat.harness import Call, Message, Passing, blocks

from bench.filling import scratch
from bench.pipecat import TOPICS, Timed, fact, question
from bench.report import LATENCY, Figure, Part, Scale, Table, latency_row, quantile
from toldonce import AsyncMemory
from toldonce.pipecat import MemoryService

INCLUDES = (
    "Thirty people, each in a call of their own with 300 memories of their own, talk to thirty pipelines on one event "
    "loop. Each asks a question, a word every 150 ms, the final transcript 20 ms before the end of the turn, and "
    "pauses up to two seconds before the next. A prompt carries its memory if the block names what was asked about. "
    "The embedded engine, the bundled model and the default `recall_timeout` of "
    "150 ms. A turn's figure is the time from the user aggregator handing the context on to the LLM receiving it. "
    "Stretches with memory and with a pass-through processor in its place take turns in one process. What is said is "
    "stored, embedding included."
)


@dataclass(frozen=True)
class Sizes:
    calls: int
    memories: int
    stretches: int
    turns: int
    """Of each call in a stretch."""
    word: float
    """Seconds from word to word."""
    pause: float


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(30, 300, 3, 5, 0.15, 2.0),
    "quick": Sizes(30, 100, 1, 3, 0.15, 2.0),
    "tiny": Sizes(2, 5, 1, 1, 0.0, 0.0),
}


async def talk(call: Timed, number: int, sizes: Sizes) -> None:
    """One call's turns of a stretch."""
    pauses = random.Random(number)
    for _ in range(sizes.turns):
        await asyncio.sleep(pauses.uniform(0.0, sizes.pause))
        await call.turn(question(31 * number + len(call.hops)), sizes.word, 0.02)


def carries_its_memory(prompt: list[Message]) -> bool:
    """Whether the block speaks of what the latest message asks about. Each turn asks about something else."""
    asked = [topic for topic in TOPICS if topic in prompt[-1]["content"]]
    return any(topic in block["content"] for topic in asked for block in blocks(prompt))


async def run(folder: Path, sizes: Sizes) -> tuple[list[float], list[float], Sequence[bool]]:
    """The hops with a pass-through, those with memory, and of each of the latter whether the prompt had its memory."""
    async with AsyncExitStack() as opened:
        memory = await opened.enter_async_context(AsyncMemory(folder=folder))
        plain: list[Timed] = []
        ours: list[Timed] = []
        for number in range(sizes.calls):
            person = f"person{number}"
            told = [{"role": "user", "content": fact(13 * number + n)} for n in range(sizes.memories)]
            await memory.add(told, user_id=person)
            for calls, processor in (
                (plain, Passing()),
                (ours, MemoryService(user_id=person, memory=memory)),
            ):
                calls.append(Timed(await opened.enter_async_context(Call(processor))))
        for _ in range(sizes.stretches):
            for calls in (plain, ours):
                await asyncio.gather(*(talk(call, number, sizes) for number, call in enumerate(calls)))
        remembered = [carries_its_memory(prompt) for one in ours for prompt in one.call.shown]
        return [hop for one in plain for hop in one.hops], [hop for one in ours for hop in one.hops], remembered


def measure(scale: Scale) -> Part:
    """Prompts with memory, and the time a turn takes with memory beside the time it takes without."""
    sizes = SIZES[scale]
    logger.disable("pipecat")  # It logs every frame of a turn.
    try:
        with scratch() as folder:
            plain, ours, remembered = asyncio.run(run(folder, sizes))
    finally:
        logger.enable("pipecat")
    added = quantile(ours, 0.99) - quantile(plain, 0.99)
    return Part(
        "Thirty calls in one process",
        INCLUDES,
        [
            Figure("prompts with memory", 100 * sum(remembered) / len(remembered), "%", least=95),
            Figure("turn added by memory, p99", added, "ms", most=20),
        ],
        [
            Table(
                f"{sizes.calls} calls, {len(ours):,} turns",
                LATENCY,
                [latency_row("turn, pass-through", plain), latency_row("turn, memory", ours)],
            )
        ],
    )
