"""What differs between the Pipecat versions this package runs on: 0.0.108, and 1.0 up to the newest 1.x.

Frames that a version does not have are absent from the tuples below, and ``isinstance(frame, ())`` is false.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

from pipecat.frames import frames as _frames
from pipecat.frames.frames import Frame, InterimTranscriptionFrame, LLMContextFrame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameProcessor


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())


PIPECAT = _numbers(version("pipecat-ai"))

INSTRUCTION_ROLE = "developer" if PIPECAT >= (1, 9) else "system"
"""The role Pipecat itself gives to instructions in the middle of a conversation. From 1.9 on some adapters drop a
``system`` message that comes first; before, none knew ``developer``."""


def _present(*names: str) -> tuple[type[Frame], ...]:
    return tuple(getattr(_frames, name) for name in names if hasattr(_frames, name))


def _optional(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


USER_MESSAGE_EVENTS = (
    ("on_user_turn_message_added",)
    if _optional("pipecat.processors.aggregators.llm_response_universal", "UserTurnMessageAddedMessage")
    else ()
)
"""Events of the user aggregator that bring the words of a turn it added to its context."""

SWITCHER = _optional("pipecat.pipeline.service_switcher", "ServiceSwitcher")
"""Of several services one is there at a time, and the strategy says which."""

SUMMARISES = _optional("pipecat.processors.aggregators.llm_context_summarizer", "LLMContextSummarizer") is not None
"""Whether assistant aggregators have a summariser."""

USER_TURN_FRAMES = _present("LLMContextUserTurnFrame")  # since 1.13
ASSISTANT_TURN_FRAMES = _present("LLMContextAssistantTurnFrame")  # since 1.4
MUTE_STARTED_FRAMES = _present("UserMuteStartedFrame")
MUTE_STOPPED_FRAMES = _present("UserMuteStoppedFrame")
EAGER_FRAMES = _present("EagerTranscriptionFrame")  # since 1.9
MESSAGES_FRAMES = _present("LLMMessagesFrame")  # up to 0.0.108
OLD_CONTEXT_FRAMES: tuple[type[Frame], ...] = tuple(  # up to 0.0.108
    frame
    for frame in (_optional("pipecat.processors.aggregators.openai_llm_context", "OpenAILLMContextFrame"),)
    if frame is not None
)
CONTEXT_FRAMES: tuple[type[Frame], ...] = (LLMContextFrame, *OLD_CONTEXT_FRAMES)
TRANSCRIPT_FRAMES: tuple[type[Frame], ...] = (InterimTranscriptionFrame, TranscriptionFrame, *EAGER_FRAMES)

_ERROR_CATEGORY = _optional("pipecat.utils.errors", "ErrorCategory")  # since 1.8
ERROR_OPTIONS: dict[str, Any] = {} if _ERROR_CATEGORY is None else {"category": _ERROR_CATEGORY.UNKNOWN}
"""For ``push_error``: left to itself, Pipecat takes an HTTP 401 for permanent and may end the call over it."""

NOT_GIVEN: Any = _optional("pipecat.services.settings", "NOT_GIVEN")
"""A setting that an update leaves as it is."""


_F = TypeVar("_F", bound=Callable[..., Any])
_TOOL_OPTIONS = _optional("pipecat.adapters.llm.schemas.direct_function", "tool_options") or _optional(
    "pipecat.adapters.schemas.direct_function", "tool_options"
)  # since 1.4, at its present place since 1.14


def stays_when_interrupted(function: _F) -> _F:
    """Mark a direct function as one that is carried through when the user speaks into it (since 1.4)."""
    return function if _TOOL_OPTIONS is None else _TOOL_OPTIONS(cancel_on_interruption=False)(function)


def base_options(options: dict[str, Any]) -> dict[str, Any]:
    """What is handed on to ``FrameProcessor``. It would pass over a misspelt name in silence: a ``TypeError`` here."""
    known = inspect.signature(FrameProcessor.__init__).parameters
    for name in options:
        if name not in known or known[name].kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(f"MemoryService() got an unexpected keyword argument {name!r}")
    return options


def is_speculative(frame: Frame) -> bool:
    """Whether a context frame carries words the user has not committed to (since 1.9)."""
    return bool(getattr(frame, "speculation", False))
