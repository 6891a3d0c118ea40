"""What a query leaves to the turns before it: "yes please", "and what about her?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from toldonce.recall.need import ASKS, POLITE
from toldonce.text.lexicon.english import FUNCTION_WORDS, VAGUE
from toldonce.text.tokens import stem_id, token_id, words

LATEST = 6
"""Turns a follow-up may lean on."""

LONGEST = 1_000
"""Characters of a question, and of what is looked at of its answer: only short ones are remembered together."""

FEW = 2
"""Words of its own from which a question with a pronoun is understood without what came before."""

_GOES_ON = re.compile(
    r"^\W*(?:and|but|or|so|then|also|what about|how about|(?:why|when|where|who|how)(?: not)?(?=\W*$)|since when|"
    r"until when|where to|with whom|which ones?|who else|what else|where else|when exactly|how so|how come)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then|one|ones|same|else)\b",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"^\W*(?:yes|yeah|yep|yup|sure|ok|okay|please|go ahead|of course|do|why not|sounds good|great|absolutely|exactly|"
    r"definitely|right|correct|no|nope|not really|the (?:first|second|third|last|other))\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def in_context(text: str, earlier: Sequence[tuple[str, str]]) -> str:
    """The query with what it leaves unsaid. ``earlier``: (role, text) of the turns before it, oldest first.

    A query that stands by itself comes back as it is. "And the bindings?" goes with what the person asked before; "yes
    please" goes with what the assistant asked last. Greetings and thanks are left alone.
    """
    own = [word for word in words(text) if word not in FUNCTION_WORDS and word not in POLITE and word not in VAGUE]
    if len(own) >= FEW or not earlier:
        return text
    role, last = earlier[-1]
    if role == "assistant" and not own and "?" in last and _AGREES.match(text):
        asked = [sentence for sentence in _SENTENCE_END.split(last.strip()) if sentence.endswith("?")]
        return f"{asked[-1]} {text}" if asked else text
    if _GOES_ON.match(text) or ("?" in text and _POINTS_BACK.search(text)):
        before = _asked_before(earlier)
        if not before or own:
            return f"{before} {text}".lstrip()
        # "Why?" adds nothing to look for, and its vector would only blur the other's; that it asks is kept.
        return before if before.endswith("?") else f"{before.rstrip(' .!')}?"
    return text


def just_asked(earlier: Sequence[tuple[str, str]]) -> tuple[frozenset[int], ...]:
    """Of each question among the last turns: the ids of its words, and of those it was answered with.

    The query's own words come with "and where?", so what is most like it is the memory of the question before.
    """
    found = []
    for (role, text), (by, reply) in pairwise([*earlier[-LATEST:], ("", "")]):
        if role == "user" and len(text) <= LONGEST and text.rstrip().endswith("?") and ASKS.search(text):
            said = words(text) + (words(reply[:LONGEST]) if by == "assistant" else [])
            found.append(frozenset(known(word) for word in said for known in (token_id, stem_id)))
    return tuple(found)


def _asked_before(earlier: Sequence[tuple[str, str]]) -> str:
    """The person's last turn, and if that leaned on the one before, that too."""
    said = [text for role, text in earlier if role == "user"]
    chain: list[str] = []
    for text in reversed(said[-3:]):
        chain.insert(0, text)
        if not (_GOES_ON.match(text) or _POINTS_BACK.search(text)):
            break
    return " ".join(chain)
