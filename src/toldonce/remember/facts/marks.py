"""The tokens a memory is found by, with a mark for each thing it states that a person has one of at a time.

By these marks a ranking puts the latest statement first (``recall.latest``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toldonce.remember.facts.claims import claims
from toldonce.text.keys import indexed_tokens
from toldonce.text.lexicon.people import ONE_AT_A_TIME

_MARKED = frozenset(ONE_AT_A_TIME)


def memory_tokens(text: str, actor: str | None, said_at: int) -> NDArray[np.uint32]:
    """Token ids for ``IndexRow.tokens``: see ``text.keys.indexed_tokens``."""
    found = (
        claim.attribute if claim.only else f"{claim.attribute} {claim.value.replace(' ', '-')}"
        for claim in claims(text, said_at, statements_only=True)
    )
    return indexed_tokens(text, actor, said_at, [name for name in dict.fromkeys(found) if name in _MARKED])
