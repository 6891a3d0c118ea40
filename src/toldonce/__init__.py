"""Long-term memory for conversational agents.

    from toldonce import Memory

    memory = Memory()
    memory.add("I moved to Oslo in March.", user_id="ann")
    memory.search("Where does she live?", filters={"user_id": "ann"})

The names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toldonce.errors import ToldonceError
    from toldonce.memory import AsyncMemory, Memory

__all__ = ["AsyncMemory", "Memory", "ToldonceError", "__version__"]

_HOMES = {"Memory": "toldonce.memory", "AsyncMemory": "toldonce.memory", "ToldonceError": "toldonce.errors"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("toldonce")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'toldonce' has no attribute {name!r}")
