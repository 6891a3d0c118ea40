"""Which memory a service writes to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from loguru import logger

from toldonce.adapters.mem0_config import needs_mem0

if TYPE_CHECKING:
    from toldonce.adapters.mem0 import Mem0Memory
    from toldonce.memory import AsyncMemory
    from toldonce.remote.memory import RemoteMemory

    AnyMemory: TypeAlias = AsyncMemory | RemoteMemory | Mem0Memory


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


def version_of(params: Any) -> str | None:
    """The API version that ``InputParams`` ask for, Pipecat's own too; None where the default was left as it is."""
    return params.api_version if "api_version" in getattr(params, "model_fields_set", ()) else None
