"""Without an extraction model a message is its own memory, if it says something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain, islice
from typing import Final, NamedTuple

import regex

from toldonce.text.lexicon.english import ACKNOWLEDGEMENTS, YES_OR_NO
from toldonce.types import Message

_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['\-][A-Za-z0-9]+)*")
_SENTENCE = regex.compile(r"[^.!?…。！？\n]+[.!?…。！？]*")
_QUESTION_END: Final = ("?", "？", "؟")

_SHORT_ANSWER_WORDS = 6


class Draft(NamedTuple):
    """A message on its way to becoming a memory."""

    text: str
    answers: bool
    """The text begins with the question it answers."""


def draft(message: Message, before: Message | None) -> Draft | None:
    """What a message is remembered as, given the message before it; None if it says nothing.

    Emoji, greetings, thanks and backchannels ("ok", "mm-hm") say nothing: they stay in the journal.

    A short answer is nothing without its question, and is kept together with it.
    """
    said = _words(message.content)
    words = list(islice(said, _SHORT_ANSWER_WORDS + 1))
    if not words:
        return None
    if len(words) > _SHORT_ANSWER_WORDS:
        return Draft(message.content.strip(), answers=False) if any(map(_is_matter, chain(words, said))) else None
    question = _question(before) if before is not None and not _same_speaker(before, message) else None
    if question and not _asks(message.content) and not _only_noise(words):
        return Draft(f"{question} — {message.content.strip()}", answers=True)
    return Draft(message.content.strip(), answers=False) if any(map(_is_matter, words)) else None


def is_short(text: str) -> bool:
    """Whether people say such a thing again and again, as they do with "No." and "Yes, please."."""
    return len(list(islice(_words(text), _SHORT_ANSWER_WORDS + 1))) <= _SHORT_ANSWER_WORDS


def _words(text: str) -> Iterator[str]:
    if text.isascii():
        return (word.group().lower() for word in _ASCII_WORD.finditer(text))
    return (word.group().casefold() for word in _WORD.finditer(text))


def _is_matter(word: str) -> bool:
    return word not in ACKNOWLEDGEMENTS and word not in YES_OR_NO


def _only_noise(words: list[str]) -> bool:
    return all(word in ACKNOWLEDGEMENTS for word in words) and not any(word in YES_OR_NO for word in words)


def _same_speaker(one: Message, other: Message) -> bool:
    return one.role == other.role and one.name == other.name


def _asks(text: str) -> bool:
    return text.rstrip(" \"'”’)").endswith(_QUESTION_END)


def _question(message: Message) -> str | None:
    """The question a message ends with."""
    if not _asks(message.content):
        return None
    sentences = [found.strip() for found in _SENTENCE.findall(message.content.strip()) if found.strip(" \"'”’)")]
    return sentences[-1].strip("\"'“”‘’ ") if sentences else None


def words_digest(role: str, name: str | None, text: str, *about: str | None) -> bytes:
    """Equal where the same speaker says the same about the same; texts may differ in white space and nothing else.

    A capital letter or a sign may be the correction of a password or a name.
    """
    words = " ".join(text.split())
    parts = [role, name or "", words, *(part or "" for part in about)]
    while not parts[-1]:  # what is not there is not written either
        parts.pop()
    return blake2b("\x1f".join(parts).encode(), digest_size=16).digest()
