"""One simulated worker: two lines, one memory, and what was wrong with it in the end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pipecat.frames.frames import EndFrame
from pipecat.pipeline.parallel_pipeline import ParallelPipeline
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.workers.runner import WorkerRunner

from tests.pipecat.harness import until, within
from toldonce.memory import AsyncMemory
from toldonce.pipecat import MemoryService, MemorySettings, MemoryUpdateSettingsFrame
from toldonce.testing import WordEmbedder

from .ledger import Ledger
from .line import Line
from .memories import Health, Host, Mood, RecordedMemory
from .talk import PEOPLE, Talk, earlier_call

Identity: TypeAlias = Literal["set", "frame", "callable", "awaitable", "speakers"]
MakeService: TypeAlias = Callable[..., MemoryService]

EMBEDDER = WordEmbedder()
ALL_THERE_IS = MemoryService.InputParams(search_threshold=0.0, search_limit=60)
"""What ranks before what is not what is tested here."""


class Simulation:
    """A worker in which two people talk, each on a line of their own, as the seed has it."""

    def __init__(self, seed: int, folder: Path, make_service: MakeService = MemoryService) -> None:
        self._rng = random.Random(seed)
        self._folder = folder
        self._make_service = make_service
        self._ledger = Ledger()
        self._identity: Identity = self._rng.choice(("set", "set", "frame", "callable", "awaitable", "speakers"))
        self._mood: Mood | None = self._rng.choice((None, None, None, "slow", "hangs", "fails", "loses answers"))
        self._is_host = self._mood is not None or self._rng.random() < 0.3
        self._errors: list[str] = []
        self._lines = [
            Line(number, person, self._ledger, random.Random(self._rng.random()))
            for number, person in enumerate(PEOPLE[:2], 1)
        ]
        self._services: dict[Line, MemoryService] = {}

    def __str__(self) -> str:
        return f"identity {self._identity}, memory {self._mood or ('a host' if self._is_host else 'embedded')}"

    async def run(self) -> list[str]:
        """Talk, end the call, and say what was wrong."""
        async with AsyncExitStack() as opened:
            memories = [
                await opened.enter_async_context(RecordedMemory(folder=self._folder, embedder=EMBEDDER))
                for _ in self._lines
            ]
            before = await self._earlier_calls(memories[0])
            health = Health(self._ledger, self._rng) if self._is_host else None
            waits = self._identity == "awaitable" or self._rng.random() < 0.7
            self._ledger.recall_is_waited_for = waits
            self._ledger.words_tell = self._identity == "speakers"
            self._ledger.tells_at_once = self._identity in ("set", "frame")
            for line, memory in zip(self._lines, memories, strict=True):
                memory.line = line.number
                memory.ledger = Ledger() if health is not None else self._ledger
                self._services[line] = self._make_service(
                    user_id=self._user_of(line),
                    memory=memory if health is None else Host(memory, line.number, health),
                    params=ALL_THERE_IS,
                    speaker_ids=self._identity == "speakers",
                    recall_timeout=10.0 if waits else 0.15,
                    shutdown_timeout=20.0,
                )
            await self._call(health)
            return self._ledger.faults(await journal(memories[0]) - before, self._errors)

    async def _earlier_calls(self, memory: RecordedMemory) -> Counter[tuple[str, str, str]]:
        """What everybody told before. What the journal holds then."""
        for person in PEOPLE:
            for text in earlier_call(person):
                await memory.add(text, user_id=person)
        return await journal(memory)

    async def _call(self, health: Health | None) -> None:
        branches = [line.processors(self._services[line]) for line in self._lines]
        parallel = ParallelPipeline(*branches)  # type: ignore[no-untyped-call] # untyped in Pipecat
        worker = PipelineWorker(Pipeline([parallel]), cancel_on_idle_timeout=False, enable_rtvi=False)
        started = asyncio.Event()

        async def begin(*_: object) -> None:
            started.set()

        async def failed(_: object, frame: Any) -> None:
            if frame.processor in self._services.values():
                self._errors.append(frame.error)

        worker.add_event_handler("on_pipeline_started", begin)
        worker.add_event_handler("on_pipeline_error", failed)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())
        await within(started.wait())
        ended = False
        try:
            await self._talk(health)
            ended = True
        finally:
            if ended and self._rng.random() < 0.5:
                await worker.queue_frame(EndFrame())
            else:
                await worker.cancel()
            await within(running, 60)

    async def _talk(self, health: Health | None) -> None:
        talks = [Talk(line, self._become) for line in self._lines]
        weather = asyncio.create_task(self._weather(health)) if health is not None and self._mood is not None else None
        await asyncio.gather(*(talk.go_on(self._rng.randint(5, 12)) for talk in talks))
        if weather is not None and health is not None:
            weather.cancel()
            health.heal()
            await asyncio.sleep(health.recovery)
            await asyncio.gather(*(talk.last_turn() for talk in talks))
            await asyncio.sleep(0.3)  # The first lookup is a probe. It has answered now.
            await asyncio.gather(*(talk.last_turn() for talk in talks))
        if self._rng.random() < 0.5:
            await asyncio.gather(*(talk.turn() for talk in talks))

    async def _weather(self, health: Health) -> None:
        """One outage, too short for the service to ask again within it: each failed probe doubles the rest."""
        assert self._mood is not None
        await asyncio.sleep(self._rng.uniform(0.0, 0.6))
        health.ail(self._mood)
        await asyncio.sleep(self._rng.uniform(0.05, 0.8))
        health.heal()

    def _user_of(self, line: Line) -> Any:
        async def asked() -> str:
            person, line.service_knows = line.person, False
            await asyncio.sleep(line.rng.choice((0.0, 0.005, 0.03)))
            line.service_knows = True
            return person

        def asked_at_once() -> str:
            line.service_knows = True
            return line.person

        if self._identity == "callable":
            return asked_at_once
        return asked if self._identity == "awaitable" else line.person

    async def _become(self, line: Line, person: str) -> None:
        if self._identity == "speakers":
            line.person = person  # The transcripts say it.
        elif self._identity == "set":
            line.person = self._services[line].user_id = person
        elif self._identity == "frame":
            service = self._services[line]
            line.changing = True
            await line.push(MemoryUpdateSettingsFrame(delta=MemorySettings(user_id=person), service=service))
            await until(lambda: service.user_id == person)
            line.person, line.changing = person, False
        else:
            await until(lambda: line.service_knows)  # It asks with each turn.
            line.person = person


async def journal(memory: AsyncMemory) -> Counter[tuple[str, str, str]]:
    """(whose, role, text) -> how often it was stored."""
    stored = {person: await memory.messages(user_id=person) for person in PEOPLE}
    return Counter(
        (person, message["role"], message["content"]) for person, messages in stored.items() for message in messages
    )


async def simulate(seed: int, folder: Path, make_service: MakeService = MemoryService) -> list[str]:
    """What was wrong with one simulated call, with its seed; nothing, if all is well."""
    simulation = Simulation(seed, folder, make_service)
    try:
        faults = await simulation.run()
    except TimeoutError as error:
        faults = [f"it hung: {error!r}"]
    return [f"seed {seed} ({simulation}): {fault}" for fault in faults]
