"""What a query asks: its terms, of whom, of when, and the text its vector is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
from numpy.typing import NDArray

from toldonce.index import IndexView
from toldonce.recall.asked_for import (
    asked_for,
    asks_of_the_past,
    asks_what_was_before,
    attributes,
    own_attributes,
)
from toldonce.recall.asking import asked_of
from toldonce.recall.overview import Overview, overview
from toldonce.text.dates import Period, period
from toldonce.text.kinds import Kind
from toldonce.text.languages import function_words
from toldonce.text.lexicon.english import FIRST_PERSON, FUNCTION_WORDS, MONTHS, OF_TALK, RELATIVE
from toldonce.text.names import in_first_person, is_personal, mentioned, name_key, subject
from toldonce.text.tokens import called, is_english, stem, token_id, token_ids, words
from toldonce.times import as_datetime

SPOKEN_TO = 0.01
"""Share of an owner's memories that speak to somebody by a name, from which it is the name of one who talks there.
Measured for stores without speaker names."""

_CAPITALISED = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]{2,}\b")
_ASKS_ASSISTANT = re.compile(
    r"\byou(?:'ve| have| had)? (?:\w+ )?(?:said|say|tell|told|suggest\w*|recommend\w*|advise\w*|mention\w*|explain\w*|"
    r"give|gave|given|list\w*|describe\w*|propose\w*|show\w*|help\w*|write|wrote|written)\b"
    r"|\byour (?:\w+ )?(?:suggest|recommend|advi[cs]e|answer|explanation|list|tip|repl)"
    r"|\b(?:assistant|chatbot|ai|bot)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A query as one owner's index reads it."""

    text: str
    dense_text: str
    """What to embed: what it is about, the people who talk in this store in the first person."""
    terms: NDArray[np.uint32]
    """Ids of the words to look for, each once."""
    weak: frozenset[int]
    """Those of them that are function words. In English none is looked for; elsewhere some might be a name."""
    speaker: int | None
    """Code of the one speaker it is about."""
    period: Period | None
    """The stretch of time it speaks of."""
    asks_assistant: bool
    """It asks what the assistant said."""
    of_self: bool
    """It is in the first person, and about nobody by name."""
    kinds: Kind
    """What kinds of thing speak for a memory as its answer."""
    attributes: np.uint64
    """Which of ``lexicon.people.ONE_AT_A_TIME`` it may ask about: a bit for each."""
    own: np.uint64
    """Of these, what it asks about the one who asks and about nothing else."""
    of_past: bool
    """It may want what holds no more."""
    of_before: bool
    """It wants what something else took the place of."""
    overview: Overview | None
    """What it wants of the talk as a whole, if it names nothing to look for."""
    now: int | None
    """When it is asked, microseconds since 1970."""


def analyse(text: str, view: IndexView, now: int | None = None, zone: tzinfo = UTC) -> Query:
    """Read a query against an owner's index.

    ``now`` (microseconds since 1970): what "last week" is counted from. ``zone``: whose days are meant.
    """
    named = mentioned(text, view.statistics.names)
    people = named if any(map(is_personal, view.statistics.names)) else _talked_to(text, view)
    about = subject(text, named)
    found = words(text)
    english = is_english(found)
    names = {word for name in people for word in name_key(name).split()}
    function = function_words(found)
    body = asked_of(text)
    sought = found if body == text else words(body)
    kept = [word for word in dict.fromkeys(sought) if not (english and word in FUNCTION_WORDS)]
    spoken_of = period(text, now, zone)
    wanted = overview(text, found, spoken_of)
    if wanted is Overview.PERSON:
        kept = [word for word in kept if word not in OF_TALK]
    if wanted is not None and wanted is not Overview.TIME and spoken_of is not None and spoken_of.latest:
        spoken_of = None  # the overview says which is the last time
    if spoken_of is not None and not spoken_of.recurs:
        away = bool(as_datetime(now or 0).astimezone(zone).utcoffset())
        named_days = {word for word in spoken_of.words.split() if _is_understood(word, spoken_of, away=away)}
        kept = [word for word in kept if word not in named_days]
    of_self = about is None and not FIRST_PERSON.isdisjoint(found)
    stems = [stem(word) if english else word for word in kept]

    return Query(
        text=text,
        dense_text=in_first_person(body, people),
        terms=token_ids(term for term in dict.fromkeys(stems) if term not in names),
        weak=frozenset(map(token_id, function.intersection(kept))),
        speaker=None if about is None else view.speakers.index(about),
        period=spoken_of,
        asks_assistant=_ASKS_ASSISTANT.search(text) is not None,
        of_self=of_self,
        kinds=asked_for(text),
        attributes=np.uint64(attributes(found)),
        own=np.uint64(own_attributes(kept)) if of_self else np.uint64(0),
        of_past=(spoken_of is not None and not spoken_of.latest) or asks_of_the_past(body),
        of_before=asks_what_was_before(body),
        overview=wanted,
        now=now,
    )


def _is_understood(word: str, spoken_of: Period, *, away: bool) -> bool:
    """Whether a word of a time says nothing beside it: "week" of "last week" is in what is told of any week.

    A memory's tokens hold its own day, in UTC, as ``date_words`` names it: an edge is another day, and so may be a day
    of another zone (``away``).
    """
    if word[0].isdecimal():
        return spoken_of.edges or away
    return word in RELATIVE or (spoken_of.edges and word in MONTHS)


def _talked_to(text: str, view: IndexView) -> list[str]:
    """Capitalised words of a query by which so many memories speak to somebody that they name those who talk here."""
    least = max(2.0, SPOKEN_TO * view.statistics.units)
    found = dict.fromkeys(_CAPITALISED.findall(text))
    return [word for word in found if view.statistics.document_frequency(token_id(called(word.lower()))) >= least]
