"""Function words by language, for texts that are not English: lists of the ``stop-words`` package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import stop_words

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.tokens import is_english, token_id, words


def function_words(found: Sequence[str]) -> frozenset[str]:
    """Those among ``found`` that are function words in the language they speak; ``found``: as ``words`` gives them.

    The language is the one with the most function words among them. Where several have as many, a word counts that is
    one in any of these: "la" tells French and Spanish as little apart as it says in either.
    """
    if is_english(found) and any(word.isascii() and word.isalpha() for word in found):
        return FUNCTION_WORDS.intersection(found)
    languages = _languages()
    held = Counter(code for word in set(found) for code in languages.get(word, ()))
    most = max(held.values(), default=0)
    spoken = {code for code, count in held.items() if count == most}
    return frozenset(word for word in found if not spoken.isdisjoint(languages.get(word, ())))


def is_function_word(word: str) -> bool:
    """Whether a word, as ``words`` gives it, is a function word in any language."""
    return word in FUNCTION_WORDS or word in _languages()


@lru_cache(maxsize=1)
def function_ids() -> frozenset[int]:
    """Token ids of the function words of all languages but English."""
    return frozenset(map(token_id, _languages()))


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, frozenset[str]]:
    """By folded word: the languages, but English, in which it is a function word."""
    found: dict[str, set[str]] = {}
    for language in stop_words.AVAILABLE_LANGUAGES:
        if language == "english":
            continue
        for listed in stop_words.get_stop_words(language):
            for word in words(listed):
                found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}
