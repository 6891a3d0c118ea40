"""Memories kept by a Mem0 host: its cloud, or any server that speaks its REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toldonce.remote.memory import RemoteMemory

__all__ = ["RemoteMemory"]


def __getattr__(name: str) -> Any:
    if name == "RemoteMemory":  # loaded when it is used, as the modules beside it need little of what it imports
        from toldonce.remote.memory import RemoteMemory

        return RemoteMemory
    raise AttributeError(f"module 'toldonce.remote' has no attribute {name!r}")
