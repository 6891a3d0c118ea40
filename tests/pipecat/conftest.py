"""A real memory in a folder of its own, and services on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(folder=tmp_path / "memory") as opened:
        yield opened


def anything(**params: Any) -> Mem0MemoryService.InputParams:
    """Recall whatever there is: how well a memory fits is not what these tests are about."""
    return Mem0MemoryService.InputParams(**({"search_threshold": 0.0} | params))


class Ann:
    """What is known of the user in these tests."""

    def __init__(self, memory: AsyncMemory) -> None:
        self.memory = memory

    def service(self, **options: Any) -> Mem0MemoryService:
        defaults: dict[str, Any] = {
            "user_id": "ann",
            "memory": self.memory,
            "user_name": "Ann",
            "params": anything(),
            "recall_timeout": 10.0,  # Tests run on busy machines; those about lateness say how long they wait.
        }
        return Mem0MemoryService(**(defaults | options))

    async def told(self, *texts: str, **ids: Any) -> None:
        for text in texts:
            await self.memory.add(text, **({"user_id": "ann"} | ids), timestamp="2023-05-08T12:00:00+00:00")

    async def said(self, user_id: str = "ann") -> list[tuple[str, str]]:
        """The journal."""
        journal = await self.memory.messages(user_id=user_id)
        return [(message["role"], message["content"]) for message in journal]


@pytest.fixture
def ann(memory: AsyncMemory) -> Ann:
    return Ann(memory)
