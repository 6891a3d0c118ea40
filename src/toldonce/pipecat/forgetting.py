"""What a request to forget is about."""

from __future__ import annotations

from collections.abc import Iterable

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.lexicon.others import NOT_ENGLISH
from toldonce.text.tokens import stem, words

from .block import Hit


def clearly_about(query: str, hits: Iterable[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Memories with every word of ``query`` that says something, and the rest.

    Likeness of meaning is enough to recall something, but not to destroy it.
    """
    wanted = {stem(word) for word in words(query) if word not in FUNCTION_WORDS and word not in NOT_ENGLISH}
    about: list[Hit] = []
    rest: list[Hit] = []
    for hit in hits:
        said = {stem(word) for word in words(str(hit.get("memory")))}
        (about if wanted and wanted <= said else rest).append(hit)
    return about, rest
