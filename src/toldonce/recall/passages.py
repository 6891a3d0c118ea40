"""The part of a long memory that a query is about: what is shown of it, where all of it would drown the rest."""

from __future__ import annotations

import re
from collections import Counter

from toldonce.text.lexicon.english import FUNCTION_WORDS
from toldonce.text.tokens import stem, words

PASSAGE = 120
"""Words of a passage, as many as the index scores at once (see ``index.postings``)."""

LONG = 180
"""Words from which a memory has passages."""

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")


def passage_for(text: str, query: str) -> str | None:
    """The stretch of whole sentences, ``PASSAGE`` words at most, with most of the query's words; None for a short text.

    Of equals the first. A sentence that is longer than a passage is one by itself.
    """
    if len(text) < LONG or len(text.split()) < LONG:
        return None
    asked = _content(query)
    sentences = [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence]
    sizes = [len(sentence.split()) for sentence in sentences]
    contents = [_content(sentence) & asked for sentence in sentences]
    best, best_found = slice(0), -1
    found: Counter[str] = Counter()
    end = size = 0
    for start in range(len(sentences)):  # the stretch moves along, so that each sentence is looked at twice
        while end < len(sentences) and (end == start or size + sizes[end] <= PASSAGE):
            size += sizes[end]
            found.update(contents[end])
            end += 1
        if len(found) > best_found:
            best, best_found = slice(start, end), len(found)
        size -= sizes[start]
        for word in contents[start]:
            found[word] -= 1
            if not found[word]:
                del found[word]
    return " ".join(sentences[best])


def _content(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if word not in FUNCTION_WORDS)
