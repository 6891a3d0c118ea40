"""How a session recalls, shows and stores: the values that an application sets, and may set again at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from .block import CLOSING, Formatter
from .capture import Clock


@dataclass
class Options:
    """See the arguments of ``MemoryService`` and of its ``InputParams``, which have the same names."""

    search_limit: int = 10
    search_threshold: float = 0.1
    system_prompt: str = "Based on previous conversations, I recall: \n\n"
    add_as_system_message: bool = True
    position: int = 1
    user_name: str | None = None
    assistant_name: str | None = None
    recall_timeout: float = 0.15
    shutdown_timeout: float = 2.0
    prefetch: bool = True
    profile_limit: int = 0
    formatter: Formatter | None = None
    block_role: str | None = None
    closing_note: str = CLOSING
    now: Clock | None = None
    speaker_ids: bool = False
    instruction_role: str = "system"
    """The role that the framework gives to instructions in the middle of a conversation."""

    @property
    def role(self) -> str:
        """The role of the block."""
        return self.block_role or (self.instruction_role if self.add_as_system_message else "user")

    @property
    def names(self) -> dict[str, str | None]:
        """Who speaks in which role."""
        return {"user": None if self.speaker_ids else self.user_name, "assistant": self.assistant_name}

    @property
    def zone(self) -> tzinfo | None:
        """Of the days in the block; None is this machine's."""
        return None if self.now is None else self.now().tzinfo
