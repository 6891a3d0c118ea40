"""Two people in one worker, at random: nothing is mixed, lost, doubled or forgotten, and no turn goes without a lookup.

``TOLDONCE_SIMULATED_CALLS`` says how many calls; ``make simulate`` makes 1,000.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.pipecat.harness import WORKERS

if not WORKERS:
    pytest.skip("below Pipecat 1.3 a service finds no aggregators in a parallel pipeline", allow_module_level=True)

from pipecat.frames.frames import TranscriptionFrame
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.processors.frame_processor import FrameProcessorSetup

from toldonce.pipecat import MemoryService

from .simulate import MakeService, simulate
from .talk import PEOPLE

CALLS = int(os.environ.get("TOLDONCE_SIMULATED_CALLS", "16"))
AT_ONCE = 4
"""Calls that share the process, as in a server."""


async def faults_of(seeds: Sequence[int], folder: Path, make_service: MakeService = MemoryService) -> list[str]:
    running = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> list[str]:
        async with running:
            return await simulate(seed, folder / str(seed), make_service)

    return [fault for faults in await asyncio.gather(*map(one, seeds)) for fault in faults]


async def test_two_people_in_one_worker(tmp_path: Path) -> None:
    assert await faults_of(range(CALLS), tmp_path) == []


class Forgetful(MemoryService):
    """Stores only every third batch."""

    _batches = 0

    async def _store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self._batches += 1
        if self._batches % 3 == 0:
            await super()._store_messages(messages)


class Stuttering(MemoryService):
    """Stores everything once more, as something new."""

    async def _store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        await super()._store_messages(messages)
        await super()._store_messages([dict(message) for message in messages])


class Careless(MemoryService):
    """Stores under whoever it last heard of."""

    async def _store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        said = [{"role": message["role"], "content": message["content"]} for message in messages]
        await self.memory_client.add(said, user_id=PEOPLE[-1])


class Gossiping(MemoryService):
    """Recalls what anybody said."""

    async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
        found = await self.memory_client.search(query, filters={"user_id": {"in": list(PEOPLE)}}, threshold=0.0)
        return list(found["results"])


class Deaf(MemoryService):
    """Looks nothing up."""

    async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
        return []


class Failing(MemoryService):
    """Looks up, and then finds nothing."""

    async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
        await super()._retrieve_memories(query)
        return []


class Eavesdropping(MemoryService):
    """Looks up all that the recogniser hears, muted or not."""

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override] # Pipecat's own override
        await super().setup(setup)
        service = self

        class Ear(BaseObserver):
            async def on_push_frame(self, data: FramePushed) -> None:
                if isinstance(data.frame, TranscriptionFrame):
                    await service.memory_client.search(data.frame.text, filters={"user_id": PEOPLE[0]})

        assert setup.pipeline_worker is not None
        setup.pipeline_worker.add_observer(Ear())


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (Forgetful, "lost"),
        (Stuttering, "stored again"),
        (Careless, "stored under cyd, who was not spoken to: user"),
        (Gossiping, "was answered with a memory of"),
        (Deaf, "nothing was looked up"),
        (Failing, "was answered without"),
        (Eavesdropping, "words that were no turn were looked up"),
    ],
)
async def test_the_simulation_tells_when_a_service_is_broken(
    tmp_path: Path, broken: type[MemoryService], fault: str
) -> None:
    faults = await faults_of(range(AT_ONCE), tmp_path, broken)
    assert any(fault in found for found in faults)
