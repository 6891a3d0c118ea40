"""Long-term memory for Pipecat pipelines: one processor in front of the LLM."""

from __future__ import annotations

from .service import Mem0MemoryService, MemoryService
from .settings import MemorySettings, MemoryUpdateSettingsFrame

__all__ = ["Mem0MemoryService", "MemoryService", "MemorySettings", "MemoryUpdateSettingsFrame"]
