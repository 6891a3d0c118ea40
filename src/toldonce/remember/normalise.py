"""Whatever a caller passes as messages -> the messages that were said by a person or an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from toldonce.errors import InvalidMessage
from toldonce.times import moment
from toldonce.types import Message, Role

_SPOKEN: dict[str, Role] = {"user": "user", "assistant": "assistant"}
_UNSPOKEN = frozenset({"system", "developer", "tool", "function"})
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})

_SURROGATE = re.compile("[\ud800-\udfff]")

LONGEST_MESSAGE = 256 * 1024
"""Characters. More than a day of talk: whatever is longer is a file, not something said."""


def normalise(messages: object, said_at: int | None = None) -> list[Message]:
    """Read a string, one message or a list of them; ``said_at`` is the time of those that carry none.

    System, developer and tool messages, and calls of tools, are nothing that was said: they are left out, as are
    messages without any text. Raises ``InvalidMessage`` that names the message by its place in the list.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    elif isinstance(messages, Mapping):
        messages = [messages]
    if not isinstance(messages, Sequence) or isinstance(messages, (bytes, bytearray)):
        raise InvalidMessage(
            f"messages must be a string, a message or a list of messages, not {type(messages).__name__}."
        )
    if not messages:
        raise InvalidMessage("messages is empty: pass at least one message, e.g. [{'role': 'user', 'content': '...'}].")
    read = (_read(message, f"messages[{place}]", said_at) for place, message in enumerate(messages))
    return [message for message in read if message is not None]


def _read(message: object, where: str, said_at: int | None) -> Message | None:
    if not isinstance(message, Mapping):
        raise InvalidMessage(f"{where} must be a dict with 'role' and 'content', not {type(message).__name__}.")
    role = message.get("role")
    if role in _UNSPOKEN:
        return None
    if not isinstance(role, str) or role not in _SPOKEN:
        raise InvalidMessage(
            f"{where}: {role!r} is no role. Use 'user' or 'assistant'; system, developer and tool messages are skipped."
        )
    text = _text(message.get("content"), where, calls=bool(message.get("tool_calls") or message.get("function_call")))
    if not text.strip():
        return None
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage(
            f"{where} has {len(text):,} characters; the most is {LONGEST_MESSAGE:,}. Split it, or store a summary."
        )
    own_time = message.get("timestamp")
    return Message(
        role=_SPOKEN[role],
        content=text,
        name=_label(message, "name", where),
        said_at=said_at if own_time is None else moment(own_time, f"{where}.timestamp"),
        id=_label(message, "id", where),
    )


def _label(message: Mapping[Any, Any], key: str, where: str) -> str | None:
    value = message.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 512 or _unstorable(value):
        raise InvalidMessage(f"{where}.{key} must be a string of at most 512 characters, not {value!r:.80}.")
    return value.strip() or None


def _text(content: object, where: str, *, calls: bool) -> str:
    """The words of a message: a string, or the text parts of a list; images and sounds have none."""
    if content is None and calls:
        return ""
    if isinstance(content, str):
        text = content
    elif isinstance(content, Mapping):
        text = _part(content, f"{where}.content")
    elif isinstance(content, Sequence) and not isinstance(content, (bytes, bytearray)):
        parts = (_part(part, f"{where}.content[{place}]") for place, part in enumerate(content))
        text = "\n".join(part for part in parts if part)
    else:
        raise InvalidMessage(
            f"{where}.content must be text or a list of parts such as {{'type': 'text', 'text': '...'}}, "
            f"not {type(content).__name__}."
        )
    if _unstorable(text):
        raise InvalidMessage(f"{where}.content holds a null byte or a lone surrogate, which no text can. Remove it.")
    return text


def _part(part: object, where: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
        raise InvalidMessage(f"{where} must be a dict with a 'type', such as {{'type': 'text', 'text': '...'}}.")
    if part["type"] not in _TEXT_PARTS:
        return ""
    text = part.get("text")
    if not isinstance(text, str):
        raise InvalidMessage(f"{where}.text must be a string, not {type(text).__name__}.")
    return text


def _unstorable(text: str) -> bool:
    return "\0" in text or (not text.isascii() and _SURROGATE.search(text) is not None)
