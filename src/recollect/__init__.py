"""Long-term memory for conversational agents.

    from recollect import Memory

    memory = Memory()
    memory.add("I moved to Oslo in March.", user_id="ann")
    memory.search("Where does she live?", filters={"user_id": "ann"})

The names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recollect.errors import RecollectError
    from recollect.memory import AsyncMemory, Memory

__all__ = ["AsyncMemory", "Memory", "RecollectError", "__version__"]

_HOMES = {"Memory": "recollect.memory", "AsyncMemory": "recollect.memory", "RecollectError": "recollect.errors"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("recollect")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'recollect' has no attribute {name!r}")
