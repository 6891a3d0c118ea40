"""Which memory a service writes to, and calling it whatever kind of client it is."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from loguru import logger

from toldonce.adapters.mem0_config import needs_mem0
from toldonce.errors import ToldonceError

if TYPE_CHECKING:
    from toldonce.adapters.mem0 import Mem0Memory
    from toldonce.memory import AsyncMemory
    from toldonce.remote.memory import RemoteMemory

    AnyMemory: TypeAlias = AsyncMemory | RemoteMemory | Mem0Memory


GREETING_WAITS = 2.0
"""Seconds after which ``get_memories()`` gives up: somebody waits to be greeted."""

PATIENCE = 5.0
"""Seconds after which whoever asks outside a turn gets no answer."""


def choose(
    memory: AnyMemory | None,
    local_config: Mapping[str, Any] | None,
    api_key: str | None,
    host: str | None,
    api_version: str | None = None,
) -> AnyMemory:
    """The memory to use: the one given, else ``local_config``, else a host, else the embedded one.

    ``MEM0_API_KEY`` names Mem0's cloud where nothing else is said; ``local_config={}`` is always the embedded memory.
    """
    if memory is not None:
        logger.info("Memory service: using the memory it was given.")
        return memory
    if local_config and needs_mem0(local_config):
        from toldonce.adapters.mem0 import Mem0Memory

        logger.info("Memory service: using Mem0's library, as local_config says.")
        return Mem0Memory(local_config)
    if local_config:
        from toldonce.memory import AsyncMemory

        logger.info("Memory service: using the memory described by local_config.")
        return AsyncMemory.from_config(dict(local_config))
    if api_key or host or (local_config is None and os.environ.get("MEM0_API_KEY")):
        from toldonce.remote.memory import RemoteMemory

        remote = RemoteMemory(api_key=api_key, host=host, api_version=api_version)
        logger.info(f"Memory service: using the Mem0 host {remote.account.host}.")
        return remote
    from toldonce.memory import AsyncMemory

    logger.info("Memory service: using the embedded memory on this machine.")
    return AsyncMemory()


def kept_at(memory: Any) -> Hashable:
    """Where a memory keeps what it is told: one folder, or one account of a host, may be open several times."""
    for place in ("folder", "account"):
        with suppress(AttributeError, ToldonceError):
            where: Hashable = getattr(memory, place)
            return where
    return id(memory)


def version_of(params: Any) -> str | None:
    """The API version that ``InputParams`` ask for, Pipecat's own too; None where the default was left as it is."""
    return params.api_version if "api_version" in getattr(params, "model_fields_set", ()) else None


async def call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Call a method of a memory client. One that blocks runs in a thread of its own, which never delays the process."""
    if inspect.iscoroutinefunction(method):
        return await method(**arguments)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            set_it(value)

    def work() -> None:
        try:
            value, set_it = method(**arguments), done.set_result
        except Exception as error:  # Raised again where it is awaited.
            value, set_it = error, done.set_exception
        try:
            loop.call_soon_threadsafe(settle, set_it, value)
        except RuntimeError:  # The loop was closed meanwhile: nobody waits any more.
            return

    threading.Thread(target=work, name="toldonce-client", daemon=True).start()
    answer = await done
    return await answer if inspect.isawaitable(answer) else answer


def takes(method: Callable[..., Any], name: str) -> bool:
    """Whether a client's method has a parameter of this name, or takes any."""
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):
        return False
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def results_of(answer: Any) -> list[dict[str, Any]]:
    """The memories in an answer: Mem0's ``{"results": [...]}``, or a bare list as older clients give it."""
    found = answer.get("results", []) if isinstance(answer, Mapping) else answer
    return list(found or [])
