"""What can be set: when the service is made, and while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from loguru import logger
from pipecat.frames.frames import ServiceUpdateSettingsFrame
from pipecat.services.settings import ServiceSettings
from pydantic import BaseModel, Field, ValidationError, model_validator

from toldonce.errors import InvalidInput

from .compat import NOT_GIVEN


class InputParams(BaseModel):
    """How memories are recalled and shown.

    Parameters:
        search_limit: The most memories in a block.
        search_threshold: The least score (0 to 1) a memory must have.
        api_version: Of a Mem0 host: v3, v2 or v1, if it is said. Otherwise the newest that the host has.
        system_prompt: The beginning of the block.
        add_as_system_message: Whether the block is an instruction ("developer", below Pipecat 1.9 "system") or a
            "user" message.
        position: Where the block is put, as ``list.insert`` counts. -1, right before the latest message, keeps the
            prompt cache of the provider.
    """

    search_limit: int = Field(default=10, ge=1)
    search_threshold: float = Field(default=0.1, ge=0.0, le=1.0)
    api_version: str | None = Field(default="v2")
    system_prompt: str = Field(default="Based on previous conversations, I recall: \n\n")
    add_as_system_message: bool = Field(default=True)
    position: int = Field(default=1)

    @model_validator(mode="before")
    @classmethod
    def _name_the_unknown(cls, given: Any) -> Any:
        """Pipecat's own ``InputParams`` pass over a misspelt name in silence; here at least the log has it."""
        for name in given if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                logger.warning(f"InputParams has no {name!r}; it has {', '.join(cls.model_fields)}.")
        return given


def require_sensible(scope: object, **seconds: object) -> None:
    """Raise ``InvalidInput`` unless this is a scope and these are spans of time."""
    if scope not in ("user", "user+agent"):
        raise InvalidInput(f'scope must be "user" or "user+agent", not {scope!r}.')
    for name, given in seconds.items():
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not given >= 0:
            raise InvalidInput(f"{name} must be a number of seconds, 0 or more, not {given!r}.")


def checked_setting(name: str, given: Any) -> Any:
    """The value of one of ``ADJUSTABLE`` as the service keeps it; raises ``InvalidInput`` if it can be none."""
    if name in InputParams.model_fields:
        try:
            return getattr(InputParams(**{name: given}), name)
        except ValidationError as error:
            raise InvalidInput(f"{name} cannot be {given!r}: {error.errors()[0]['msg']}.") from error
    if name == "recall_timeout":
        require_sensible("user", recall_timeout=given)
    elif name == "prefetch" and not isinstance(given, bool):
        raise InvalidInput(f"prefetch must be True or False, not {given!r}.")
    return given


@dataclass
class MemorySettings(ServiceSettings):
    """What can be changed while the pipeline runs, by a ``MemoryUpdateSettingsFrame`` or by setting the attribute.

    Parameters:
        user_id: Another user: block, lookups and everything held for the one before are dropped at once.
        search_limit: See ``InputParams``.
        search_threshold: See ``InputParams``.
        system_prompt: See ``InputParams``.
        add_as_system_message: See ``InputParams``.
        position: See ``InputParams``.
        recall_timeout: The most seconds a turn waits for memories.
        prefetch: Whether memories are looked up while the user is still speaking.
    """

    user_id: Any = NOT_GIVEN
    search_limit: int = NOT_GIVEN
    search_threshold: float = NOT_GIVEN
    system_prompt: str = NOT_GIVEN
    add_as_system_message: bool = NOT_GIVEN
    position: int = NOT_GIVEN
    recall_timeout: float = NOT_GIVEN
    prefetch: bool = NOT_GIVEN


@dataclass
class MemoryUpdateSettingsFrame(ServiceUpdateSettingsFrame):
    """Changes settings of the memory service it reaches, or of the one it names as ``service``."""


ADJUSTABLE = tuple(name.name for name in fields(MemorySettings) if name.name not in ("model", "extra"))
"""The attributes of the service that are settings too."""
