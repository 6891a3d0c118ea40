"""Whether a text is made of given phrases and nothing else, in scripts with and without spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import lru_cache

import regex

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*")
_DRAWN_OUT = regex.compile(r"(\p{L})\1{2,}")
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
_OF_UNSPACED = regex.compile(rf"[{_UNSPACED}]")
_CLUSTERS = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")

LONGEST = 120
"""Characters. Longer texts say something."""


def plain(text: str) -> str:
    """Words in lower case with one blank between them; no punctuation, and "hmmmm" as "hmm"."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i").replace("’", "'"))
    return _DRAWN_OUT.sub(r"\1\1", " ".join(words))


def size(text: str) -> float:
    """How long a text is in words. In scripts without spaces two characters of Chinese, or four of Thai, are a word."""
    if text.isascii():
        return len(text.split())
    unspaced = len(_OF_UNSPACED.findall(text))
    clusters = len(_CLUSTERS.findall(text))
    return len(_WORD.findall(_OF_UNSPACED.sub(" ", text))) + (unspaced - clusters) / 2 + clusters / 4


def is_longer(text: str, words: int) -> bool:
    """Whether a text has more words than this, as ``size`` counts them."""
    return len(text.split(None, words)) > words if text.isascii() else size(text) > words


def made_of(text: str, phrases: Collection[str]) -> bool:
    """Whether ``text``, as ``plain`` gives it, can be read as one of ``phrases`` after the other; at least one."""
    if not text or len(text) > LONGEST:
        return False
    longest = _longest(frozenset(phrases)) if not isinstance(phrases, frozenset) else _longest(phrases)
    reached = {0}
    for start in range(len(text)):
        if start not in reached:
            continue
        for end in range(start + 1, min(start + longest, len(text)) + 1):
            if text[start:end] in phrases and _may_end(text, end):
                reached.add(end + 1 if end < len(text) and text[end] == " " else end)
    return len(text) in reached


@lru_cache(maxsize=16)
def _longest(phrases: frozenset[str]) -> int:
    return max(map(len, phrases))


def _may_end(text: str, at: int) -> bool:
    """Whether a phrase may end here: at a blank, at the end, or after a character of a script without spaces."""
    return at == len(text) or text[at] == " " or _OF_UNSPACED.match(text[at - 1]) is not None
