"""From a ranking to what is shown: each thing once, the person's own words first, and no more than fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from recollect.recall.scoring import Scored
from recollect.text.names import is_personal
from recollect.text.stopwords import ENGLISH
from recollect.text.tokens import stem, words
from recollect.types import MemoryRecord

SAME = 0.75
"""Share of the words of two memories that both have, from which they say the same."""

ECHO = 0.8
"""Share of an unnamed assistant's words that are in what the person said, from which it only says it again."""

FEWEST = 3
"""Words. With fewer, two memories say the same only if all of them are the same."""

CHARACTERS_A_TOKEN = 4
"""The usual estimate for English text."""

Fetch = Callable[[Sequence[int]], dict[int, MemoryRecord]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A recalled memory, and why."""

    scored: Scored
    record: MemoryRecord
    wording: tuple[str, ...]
    """Its words as they stand, folded."""
    content: frozenset[str]
    """Stems of its words, without function words."""

    @property
    def tokens(self) -> int:
        """What it takes of a budget."""
        return -(-len(self.record.text) // CHARACTERS_A_TOKEN)


def select(ranked: Sequence[Scored], fetch: Fetch, *, limit: int, token_budget: int | None = None) -> list[Hit]:
    """The best of a ranking, best first: at most ``limit``, or with ``token_budget`` as many as fit into it.

    A memory that says what a better one says already is passed over. If that better one is an assistant's echo of what
    the person said, the person's own words take its place. ``fetch`` reads records by id; ids it does not know (deleted
    meanwhile) are passed over too.
    """
    chosen: list[Hit] = []
    left = token_budget
    for candidate in _candidates(ranked, fetch, limit):
        twin = next((place for place, other in enumerate(chosen) if says_the_same(candidate, other)), None)
        if twin is not None:
            if _is_echo(chosen[twin].record) and not _is_echo(candidate.record):
                score = chosen[twin].scored.score
                chosen[twin] = replace(candidate, scored=replace(candidate.scored, score=score))
            continue
        if left is not None:
            if candidate.tokens > left:
                continue
            left -= candidate.tokens
        chosen.append(candidate)
        if token_budget is None and len(chosen) == limit:
            break
    return chosen


def says_the_same(one: Hit, other: Hit) -> bool:
    """Whether two memories say the same, or one is an assistant's echo of the other."""
    common = len(one.content & other.content)
    fewer = min(len(one.content), len(other.content))
    if fewer < FEWEST:
        return one.wording == other.wording
    if common >= SAME * (len(one.content) + len(other.content) - common):
        return True
    echo = [side for side in (one, other) if _is_echo(side.record)]
    return len(echo) == 1 and common >= ECHO * len(echo[0].content)


def _is_echo(record: MemoryRecord) -> bool:
    """Whether it can be one: a named assistant is a person who speaks for itself."""
    return record.role == "assistant" and not (record.actor_id and is_personal(record.actor_id))


def _candidates(ranked: Sequence[Scored], fetch: Fetch, size: int) -> Iterable[Hit]:
    """The ranking with its records, read as far as it is needed."""
    for start in range(0, len(ranked), size):
        some = ranked[start : start + size]
        records = fetch([scored.memory_id for scored in some])
        for scored in some:
            record = records.get(scored.memory_id)
            if record is not None:
                wording = tuple(words(record.text))
                yield Hit(scored, record, wording, frozenset(stem(word) for word in wording if word not in ENGLISH))
