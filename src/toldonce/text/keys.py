"""What a memory is found by: the text its vector is made from, and the tokens in its index row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toldonce.caches import word_cache
from toldonce.text.dates import date_words
from toldonce.text.kinds import kinds
from toldonce.text.lexicon.english import FIRST_PERSON, FUNCTION_WORDS
from toldonce.text.names import addressed, is_personal
from toldonce.text.tokens import (
    ASKED_OF_YOU,
    HOLDS,
    QUESTION,
    REPLY,
    TEXT_END,
    called,
    is_english,
    stated,
    stem_id,
    token_id,
    tokenize,
    words,
)

KEY_VERSION = "11"
"""Changes whenever the same memory would get another key or other tokens: part of a store's fingerprint."""

ANSWERED = " — "
"""Stands between a question and the short answer that is remembered together with it."""

_ASKS = re.compile(
    r"(?:(?:and|so|but|then|ok|okay|hey|hi|hello|well|please)[ ,]+){0,3}(?:"
    r"(?:who|what|when|where|why|how)(?:'s|'re|s)\b|"
    r"(?:who|whom|whose|what|when|where|which|why|how)(?! (?:i|we|you|he|she|it|they|an?|the)\b)(?: [\w']+){0,3}? "
    r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|has|have)\b|"
    r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|has|have)(?:n't)? "
    r"(?:i|we|you|he|she|it|they|my|your|our|the|this|that|there)\b)[^.!]*\Z",
    re.IGNORECASE,
)
"""How a question begins that has no mark, as recognisers write; "When I was young" is none."""

_DAY = 86_400_000_000
"""Microseconds."""

LONGEST_CONTEXT = 60
"""Words. A longer previous message would drown the memory it precedes in its own vector."""


def spoken(text: str, actor: str | None) -> str:
    """``Name: text`` when the speaker is known by name."""
    return f"{actor}: {text}" if actor is not None and is_personal(actor) else text


def key_text(text: str, actor: str | None, previous_text: str | None, previous_actor: str | None) -> str:
    """The text to embed for a memory: itself, then what was said right before it in the same session.

    Answers ("Yes, for two years") are about what was asked, so the previous message gives them their subject; see
    ``LONGEST_CONTEXT`` for the limit.
    """
    key = spoken(text, actor)
    if previous_text and len(previous_text.split()) <= LONGEST_CONTEXT:
        key += "\n" + spoken(previous_text, previous_actor)
    return key


def indexed_tokens(text: str, actor: str | None, said_at: int, attributes: Iterable[str] = ()) -> NDArray[np.uint32]:
    """Token ids for ``IndexRow.tokens``: speaker, words, the date it was said, then marks.

    The marks say what the words alone do not: ``TEXT_END``, what follows was not said; ``QUESTION``, something is
    asked; ``ASKED_OF_YOU``, and nothing is said of the one who asks ("How was your trip?"), given to English only,
    where it can be told; ``REPLY``, a question stands before its answer, and is none any more; ``called``, somebody is
    spoken to by name; ``HOLDS``, of what kinds the things in it are; ``stated``, one of the ``attributes`` that the
    memory states something about.
    """
    found = words(text)
    english = is_english(found)
    known = stem_id if english else token_id
    ids = [*map(known, _speaker_words(actor)), *map(known, found)]
    ids += _date_ids(said_at // _DAY)
    _, answered, told = text.rpartition(ANSWERED)
    if answered:
        ids.append(token_id(REPLY))
    if "?" in told or "？" in told or "؟" in told or (english and _ASKS.match(told)):
        ids.append(token_id(QUESTION))
        if english and not FUNCTION_WORDS.isdisjoint(found) and FIRST_PERSON.isdisjoint(found):
            ids.append(token_id(ASKED_OF_YOU))
    ids += [token_id(called(name)) for name in addressed(text)]
    ids += [token_id(HOLDS[kind]) for kind in kinds(text, found, english=english)]
    ids += [token_id(stated(attribute)) for attribute in attributes]
    return np.array(ids, np.uint32)


@word_cache(4096)
def _speaker_words(actor: str | None) -> tuple[str, ...]:
    return tuple(words(actor)) if actor is not None and is_personal(actor) else ()


@lru_cache(maxsize=4096)
def _date_ids(day: int) -> tuple[int, ...]:
    """What comes after the words: their end, and the day."""
    return tuple(map(token_id, (TEXT_END, *tokenize(date_words(day * _DAY)))))
