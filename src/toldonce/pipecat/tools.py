"""What the LLM may do with the memory by itself: search, remember, forget and list, as Pipecat direct functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeAlias

from loguru import logger

from .block import Hit
from .compat import stays_when_interrupted

Tool: TypeAlias = Any
"""What Pipecat calls a direct function: its docstring and signature tell the LLM what it is for."""

_LISTED = 20

PATIENCE = 5.0
"""Seconds after which the LLM is told that the memory did not answer."""


class Remembers(Protocol):
    """What the tools need of the service."""

    async def find(self, query: str) -> Sequence[Hit]: ...

    async def note(self, fact: str) -> None: ...

    async def forget(
        self, query: str, *, ids: Iterable[str] = (), context: Any = None
    ) -> tuple[list[Hit], list[Hit]]: ...

    async def get_memories(self, *, limit: int | None = None) -> list[dict[str, Any]]: ...


def make_tools(memory: Remembers) -> list[Tool]:
    """The four functions, for ``LLMContext(tools=...)``. ``params`` are Pipecat's ``FunctionCallParams``."""

    async def search_memory(params: Any, query: str) -> None:
        """Search what the user said in earlier conversations.

        Args:
            query: What to look for, in a few words.
        """
        async with _answering(params):
            await params.result_callback({"memories": _told(await memory.find(query))})

    @stays_when_interrupted
    async def remember(params: Any, fact: str) -> None:
        """Remember something for later conversations, when the user asks for it.

        Args:
            fact: What to remember, as a sentence the user could have said, e.g. "My sister Eva plays the cello."
        """
        async with _answering(params):
            await memory.note(fact)
            await params.result_callback({"remembered": fact})

    @stays_when_interrupted
    async def forget(params: Any, query: str, ids: list[str] | None = None) -> None:
        """Forget what the user said about something, when the user asks for it.

        Args:
            query: What to forget, in a few words, e.g. "my job".
            ids: Ids of memories, as search_memory and an earlier call of this tell them, to forget besides.
        """
        async with _answering(params):
            forgotten, perhaps = await memory.forget(query, ids=ids or (), context=params.context)
            await params.result_callback({"forgotten": _told(forgotten), "perhaps_meant_too": _told(perhaps[:_LISTED])})

    async def list_memories(params: Any) -> None:
        """List what is remembered of the user."""
        async with _answering(params):
            await params.result_callback({"memories": _told(await memory.get_memories(limit=_LISTED))})

    return [search_memory, remember, forget, list_memories]


@asynccontextmanager
async def _answering(params: Any) -> AsyncIterator[None]:
    """The agent says nothing until its tool has answered: a memory that fails, or does not, is told as such."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        await params.result_callback({"error": f"The memory did not answer within {PATIENCE:.0f} seconds."})
    except Exception as error:  # Whatever it raises, the conversation goes on.
        logger.error(f"A tool of the memory failed: {error!r}")
        await params.result_callback({"error": f"The memory could not be used: {error}"})


def _told(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    return [{key: hit[key] for key in ("id", "memory", "said_at", "role") if key in hit} for hit in hits]
