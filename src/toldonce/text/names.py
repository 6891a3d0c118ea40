"""Speakers' names: which of them a text mentions, and how it reads in the first person.

A memory vector made from what Ana said holds no "Ana": people rarely say their own name, those who talk *to* them do.
Asked "Where did Ana go?", cosine therefore prefers the other person's turns. Asked "Where did I go?", it finds hers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from toldonce.caches import of_process, word_cache
from toldonce.text.lexicon.english import SPEAKER_LABELS
from toldonce.text.tokens import tokenize


def name_key(name: str) -> str:
    """What two spellings of a name share."""
    return " ".join(tokenize(name))


_MAYBE_ADDRESSED = re.compile(r"[A-Z][a-z]{2,}+(?=\s*(?:[,!?.]|$))")
_BEFORE_A_NAME = re.compile(
    r"(?:,|\b(?:hey|hi|hello|thanks|thank you|bye|sorry|congrats|congratulations|wow|yeah|yep|oh|dear)[,!]?)\s+$",
    re.IGNORECASE,
)
_LONGEST_ADDRESS = 32
"""Characters looked at before a name."""


def addressed(text: str) -> list[str]:
    """Names by which a text speaks to somebody ("Thanks, Ana!"), folded. People who talk are spoken to by name."""
    # A capital is rare and quickly found; what stands before it is looked at only then.
    found: list[str] = []
    end = 0
    for name in _MAYBE_ADDRESSED.finditer(text):
        start = max(end, name.start() - _LONGEST_ADDRESS)
        if _BEFORE_A_NAME.search(text, start, name.start()):
            found.append(name.group().lower())
            end = name.end()
    return list(dict.fromkeys(found))


@word_cache(4096)
def is_personal(name: str) -> bool:
    """Whether a speaker label may be somebody's name."""
    return bool(name.strip()) and name.strip().casefold() not in SPEAKER_LABELS


of_process(re.purge)  # keeps the patterns it compiled, and these are names


@word_cache(1024)
def _pattern(name: str) -> re.Pattern[str]:
    """The name as a whole, or its first word alone ("Ana" for "Ana Lopez"); any possessive."""
    full = name.strip()
    first = full.split()[0]
    spellings = {full, first} if len(first) > 2 else {full}
    either = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?P<owns>['’]s|['’](?=\s))?(?!\w)", re.IGNORECASE)


def mentioned(text: str, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that occur in the text, in the order given."""
    folded = text.casefold()
    return [
        name
        for name in names
        # The substring test spares a regular expression for every speaker who is not meant.
        if is_personal(name) and name.split()[0].casefold() in folded and _pattern(name).search(text)
    ]


def in_first_person(text: str, names: Sequence[str]) -> str:
    """The text with ``Ana's`` -> ``my`` and ``Ana`` -> ``I`` for each of the names."""
    for name in names:
        text = _pattern(name).sub(lambda match: "my" if match["owns"] else "I", text)
    return text


def subject(text: str, names: Sequence[str]) -> str | None:
    """Whom the text is about: the only one of ``names``, or the first that owns nothing in it.

    None for "Ana and Bo": what either said answers.
    """
    if len(names) < 2:
        return names[0] if names else None
    either = "|".join(_pattern(name).pattern for name in names).replace("(?P<owns>", "(?:")
    if re.search(rf"(?:{either})(?: and | or |, )(?:{either})", text, re.IGNORECASE):
        return None
    places = {name: list(_pattern(name).finditer(text)) for name in names}
    return min(names, key=lambda name: (all(match["owns"] for match in places[name]), places[name][0].start()))
