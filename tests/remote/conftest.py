"""A host for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as serving:
        yield serving


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outboxes of a test lie in its own folder, and no key of the developer's is used."""
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MEM0_API_KEY", raising=False)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
