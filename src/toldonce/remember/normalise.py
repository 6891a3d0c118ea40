"""Whatever a caller passes as messages -> the messages that were said by a person or an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from toldonce.errors import InvalidInput, InvalidMessage
from toldonce.text.repair import DEEPEST, storable
from toldonce.times import moment
from toldonce.types import Message, Role

_SPOKEN: dict[str, Role] = {"user": "user", "assistant": "assistant"}
_UNSPOKEN = frozenset({"system", "developer", "tool", "function"})
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
_WORDS = ("text", "value", "content")
_SOUNDS = ("input_audio", "audio")

LONGEST_MESSAGE = 256 * 1024
"""Characters. More than a day of talk: whatever is longer is a file, not something said."""
LONGEST_LABEL = 512
"""Characters of a name or an id."""


class Oddity(NamedTuple):
    """Something in what a caller passed that could not be used, and what became of it."""

    place: int
    """In the caller's list."""
    reason: str


class Normalised(NamedTuple):
    """What was said, and what could not be used of what was passed."""

    messages: list[Message]
    oddities: list[Oddity]


def normalise(messages: object, said_at: int | None = None) -> Normalised:
    """Read a string, one message or a list of them; ``said_at`` is the time of those that carry none.

    System, developer and tool messages, and calls of tools, are nothing that was said: they are left out. One odd
    message takes nothing from its neighbours: what has no words is left out, what no store can keep is replaced by
    U+FFFD, a name, id or time that cannot be used is left out of its message; each is noted.

    Raises:
        InvalidMessage: ``messages`` is of no use at all, or holds nothing but messages that cannot be read.
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
    read: list[Message] = []
    oddities: list[Oddity] = []
    unreadable: InvalidMessage | None = None
    for place, message in enumerate(messages):
        notes: list[str] = []
        try:
            found = _read(message, f"messages[{place}]", said_at, notes)
        except InvalidMessage as error:
            unreadable = unreadable or error
            notes.append(str(error))
            found = None
        if found is not None:
            read.append(found)
        oddities += [Oddity(place, note) for note in notes]
    if unreadable is not None and not read:
        raise unreadable
    return Normalised(read, oddities)


def _read(message: object, where: str, said_at: int | None, notes: list[str]) -> Message | None:
    if not isinstance(message, Mapping):
        raise InvalidMessage(f"{where} must be a dict with 'role' and 'content', not {type(message).__name__}.")
    role = message.get("role")
    if role in _UNSPOKEN:
        return None
    if not isinstance(role, str) or role not in _SPOKEN:
        raise InvalidMessage(
            f"{where}.role is {role!r:.80}. Use 'user' or 'assistant'; system, developer and tool messages are skipped."
        )
    content = message.get("content")
    if content is None:
        if message.get("tool_calls") or message.get("function_call"):
            return None
        raise InvalidMessage(f"{where} has no words: its content must be text or a list of parts.")
    text = _text(content, f"{where}.content")
    if not text.strip():
        notes.append(f"{where} has no words.")
        return None
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage(
            f"{where} has {len(text):,} characters; the most is {LONGEST_MESSAGE:,}. Split it, or store a summary."
        )
    kept = storable(text)
    if kept != text:
        notes.append(f"{where}.content held a null byte or half a character, which is now U+FFFD.")
    return Message(
        role=_SPOKEN[role],
        content=kept,
        name=_label(message, "name", where, notes),
        said_at=_own_time(message.get("timestamp"), where, said_at, notes),
        id=_label(message, "id", where, notes),
    )


def _own_time(value: object, where: str, said_at: int | None, notes: list[str]) -> int | None:
    if value is None:
        return said_at
    try:
        return moment(value, f"{where}.timestamp")
    except InvalidInput as error:
        notes.append(f"{error} The message counts as said when the call says, or now.")
        return said_at


def _label(message: Mapping[Any, Any], key: str, where: str, notes: list[str]) -> str | None:
    value = message.get(key)
    if value is None:
        return None
    if isinstance(value, (int, UUID)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_LABEL:
        notes.append(f"{where}.{key} was left out: it must be a string of at most {LONGEST_LABEL} characters.")
        return None
    return storable(value).strip() or None


def _text(content: object, where: str) -> str:
    """The words of a message: a string, or the text parts of a list; images and sounds have none."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return _part(content)
    if isinstance(content, Sequence) and not isinstance(content, (bytes, bytearray)):
        return _part(content)
    raise InvalidMessage(
        f"{where} must be text or a list of parts such as {{'type': 'text', 'text': '...'}}, "
        f"not {type(content).__name__}."
    )


def _part(part: object, depth: int = 0) -> str:
    """The words of a part: a string, the text of one that is of text or does not say of what, or a transcript.

    APIs write them as ``{"text": "..."}``, ``{"text": {"value": "..."}}``, ``{"transcript": "..."}`` or as parts again.
    """
    if isinstance(part, str) or depth == DEEPEST:
        return part if isinstance(part, str) else ""
    if isinstance(part, Mapping):
        found = [part.get("transcript")]
        if part.get("type", "text") in _TEXT_PARTS:
            found += [part.get(key) for key in _WORDS]
        else:  # a sound itself may be a string too, in base64
            found += [inner for key in _SOUNDS if isinstance(inner := part.get(key), Mapping)]
        return next((text for one in found if (text := _part(one, depth + 1))), "")
    if isinstance(part, Sequence) and not isinstance(part, (bytes, bytearray)):
        return "\n".join(text for one in part if (text := _part(one, depth + 1)))
    return ""
