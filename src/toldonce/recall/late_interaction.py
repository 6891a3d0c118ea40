"""Meaning word by word: how near each of a query's tokens comes to any token of a memory (MaxSim).

After ColBERT (Khattab & Zaharia 2020, arXiv:2004.12832). A text's one vector is a mean: in a message about three things
the one that is asked about counts a third.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.signals import FUNCTION_WORD, Floats, idf
from toldonce.text.languages import function_words
from toldonce.text.tokens import stem_id, words
from toldonce.types import TOKEN_SCALE, QueryTokens

_WORD = re.compile(r"\w+")


def closeness(view: IndexView, rows: NDArray[np.intp], text: str, tokens: QueryTokens) -> Floats:
    """By row of ``rows``, which all have vectors of their tokens: 1 for sameness, 0 for what has nothing in common.

    Less than 0 for what has less than is usual. ``text``: what ``tokens`` are of. Cosines count from
    ``tokens.unrelated`` on, so they mean the same in every store.
    """
    weights = _weights(view, text, tokens.spans)
    nearest = view.token_similarities(rows, tokens.vectors)
    found = np.einsum("t,tm->m", weights, nearest)
    found /= np.float32(TOKEN_SCALE**2)
    found -= np.float32(tokens.unrelated)
    close: Floats = found / np.float32(1 - tokens.unrelated)
    return close


def _weights(view: IndexView, text: str, spans: NDArray[np.int32]) -> Floats:
    """By token, in sum 1: how much its word tells memories apart, from ``FUNCTION_WORD`` to 1 for one that none holds.

    Words that the model cuts count once a piece.
    """
    weights = np.full(len(spans), FUNCTION_WORD, np.float32)
    units = view.statistics.units
    function = function_words(words(text))
    for word in _WORD.finditer(text):
        rarity = _rarity(view, word.group(), function, units)
        weights[(spans[:, 0] >= word.start()) & (spans[:, 1] <= word.end())] = rarity
    weights[spans[:, 1] <= spans[:, 0]] = 0.0
    total = weights.sum()
    return weights / total if total else weights


def _rarity(view: IndexView, word: str, function: frozenset[str], units: int) -> float:
    """Its inverse document frequency as a share of the greatest there can be."""
    folded = words(word)
    if not folded or folded[0] in function:
        return FUNCTION_WORD
    held = view.statistics.document_frequency(stem_id(folded[0]))
    return max(FUNCTION_WORD, idf(held, units) / idf(0, units))
