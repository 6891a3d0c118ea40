"""Reading the messages of a context: which of them people said, and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

ContextMessage: TypeAlias = Any
"""An OpenAI-style dict, or one of Pipecat's ``LLMSpecificMessage``, which is for one provider's eyes only."""

TURN_MARKERS = ("●", "◐", "○", "✓")
"""Signs with which a model says whether the user had finished. They stand in the context and are never spoken."""

_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A user or assistant message that carries words."""

    role: Literal["user", "assistant"]
    text: str
    source: ContextMessage = None
    """The message in the context, if that is where it was found."""

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal words in the same role."""
        return fingerprint(self.role, self.text)


def fingerprint(role: str, text: str) -> bytes:
    """Equal for equal words in the same role; keeps none of them."""
    return blake2b(f"{role}\x1f{text}".encode(errors="replace"), digest_size=16).digest()


def role_of(message: ContextMessage) -> str | None:
    """The role of a standard message."""
    if not isinstance(message, Mapping):
        return None
    role = message.get("role")
    return role if isinstance(role, str) else None


def text_of(message: ContextMessage) -> str:
    """The words of a standard message: its text, or the text parts of its list content. Images and sounds have none."""
    # ``dict`` first: a context is read whole, message by message, and to ask about ``Mapping`` takes ten times as long.
    content = message.get("content") if isinstance(message, (dict, Mapping)) else None
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") in _TEXT_PARTS)
    return " ".join(part for part in parts if isinstance(part, str) and part)


class StandingTexts:
    """The texts that stand in a context. Of one that only grew, only what is new is read: a call may last for hours."""

    def __init__(self) -> None:
        self._read: list[ContextMessage] = []
        self._texts: set[str] = set()

    def texts(self, messages: Sequence[ContextMessage]) -> Set[str]:
        """The texts of these messages, without white space around them."""
        if list(messages[: len(self._read)]) != self._read:
            self._read, self._texts = [], set()
        self._texts.update(text_of(message).strip() for message in messages[len(self._read) :])
        self._read = list(messages)
        return self._texts


def utterance_of(message: ContextMessage) -> Utterance | None:
    """What was said in this message, if it is one that a person or the agent said.

    Calls of tools are not; words an assistant says beside a call are.
    """
    role = role_of(message)
    if role not in ("user", "assistant"):
        return None
    text = spoken(text_of(message))
    return Utterance("user" if role == "user" else "assistant", text, message) if text else None


def readable(text: str) -> str:
    """Text that can be stored and sent: half an emoji, cut by somebody, becomes a question mark; NUL goes."""
    return text if text.isascii() and "\0" not in text else text.encode("utf-8", "replace").decode().replace("\0", "")


def spoken(text: str) -> str:
    """Text without the signs a model puts before it to say whether the user had finished."""
    text = readable(text).strip()
    while text and text[0] in TURN_MARKERS:
        text = text[1:].lstrip()
    return text
