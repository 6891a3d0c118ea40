"""What is asked in a message: by a question mark, by the form of the sentence, or because nothing tells otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from sentencex import segment

from toldonce.text.lexicon.english import FUNCTION_WORDS, POLITE, SELF, SUBJECTS, SUPPOSING
from toldonce.text.lexicon.others import ENGLISH_TOO
from toldonce.text.phrases import plain, size
from toldonce.text.tokens import is_english, words

_MARKS = ("?", "？", "؟", "\u037e", "՞", "⁇", "‽", "፧", "⸮")  # the fourth is Greek
_GREEK = regex.compile(r"\p{Greek}\P{L}*;\Z")
"""Greek asks with what looks like a semicolon, and mostly is typed as one."""
_ARMENIAN = regex.compile(r"\w՞")
_STOPS = (".", "!", "。", "！", "।", "։", "።")
_OPEN = ("...", "…")
_QUOTES = " \"'”’»)]}*"

_FORM = regex.compile(
    r"(?:(?:and|so|but|ok|okay|now|then|well|alright|great|fine|good|thanks|thank you|right|first|next|also|finally|"
    r"please)[ ,.!:]+)*+"
    r"(?:(?:who|whom|whose|what|when|where|which|why|how)(?:'s|'re|'d|'ll)?"
    r"|(?:do|does|did|are|is|was|were|am|have|has|had|can|could|will|would|should|shall|may|might)(?:n't)?"
    r"|(?:tell|give|send|show|spell|say|name|repeat|confirm|describe|state|enter|choose|pick|let)|any|your|please)\b",
    regex.IGNORECASE,
)
"""How English asks: with a question word or an auxiliary in front, with an imperative, or with a bare "your name"."""

_ENGLISH = FUNCTION_WORDS - ENGLISH_TOO
"""Words that tell a text is English."""
_OF_OTHER = frozenset("you your yours you're you've you'll you'd yourself".split())
_BARE = 4
"""Words of a question that has none of its own ("Stimmt das?") in a language whose function words are not known."""
_ELLIPTIC = 3
"""Words of a question without a verb ("Which knee?"), which leaves it to what was said before."""
_SHORT = 6
"""Words of a question that speaks of something by "that" or "it", and says little of it."""
_PROMPT = 4
"""Words of a statement without a subject, which asks for what it names: "Next, the address."."""
_ABBREVIATED = 3
"""Letters of a word after which a full stop may be part of it: "av.", "St."."""
_VOWEL = regex.compile(r"[aeiouyäöüàáâéèêíìîóòôúùûаеёиоуыэюя]", regex.IGNORECASE)


def asked_in(text: str) -> str | None:
    """The last sentence of a message that asks something, whole; None if nothing in it does.

    "Is that right?" asks about the sentence before it, and takes that along.
    """
    found = sentences(text)
    for place in range(len(found) - 1, -1, -1):
        if _asks(found[place]):
            first = _beginning(found, place)
            if first and points_back(" ".join(found[first : place + 1])):
                first = _beginning(found, first - 1)
            return " ".join(found[first : place + 1])
    return None


def may_ask(text: str) -> bool:
    """Whether a message may be meant as a question, though its form does not tell.

    So it is if what it ends with has no full stop, as recognisers write; is about the person it is said to ("So you
    still live in Oslo."); wants or supposes something ("I need a name."); is no sentence ("Next, the address."); or is
    in a language whose questions cannot be told from statements here. "Here you go." and "No problem." ask nothing.
    """
    last = last_sentence(text)
    said, spoken = words(last), frozenset(plain(last).split())
    ending = last.rstrip(_QUOTES)
    breaks_off = ending.endswith(_OPEN)
    if breaks_off and not _OF_OTHER.isdisjoint(spoken):
        return True
    if ends_as_question(last) or not any(word not in FUNCTION_WORDS and word not in POLITE for word in said):
        return False
    if breaks_off or not ending.endswith(_STOPS) or not (_OF_OTHER | SUPPOSING).isdisjoint(spoken):
        return True
    if not is_english(said) or _ENGLISH.isdisjoint(said):
        return True
    return size(last) <= _PROMPT and (SELF | SUBJECTS).isdisjoint(spoken)


def only_asks(text: str) -> bool:
    """Whether a message is a question and nothing else."""
    found = sentences(text)
    return len(found) == 1 and _asks(found[0])


def ends_as_question(text: str) -> bool:
    """Whether a text ends with a question mark of any script."""
    ending = text.rstrip(_QUOTES)
    return ending.endswith(_MARKS) or _GREEK.search(ending) is not None


def last_sentence(text: str) -> str:
    """The sentence a message ends with."""
    found = sentences(text)
    return " ".join(found[_beginning(found, len(found) - 1) :]) if found else text.strip()


def sentences(text: str) -> list[str]:
    """The sentences of a text; titles, abbreviations, amounts and addresses do not end one."""
    return [
        sentence.strip()
        for line in text.splitlines()
        for sentence in segment("en", line)
        if any(character.isalnum() for character in sentence)
    ]


def points_back(question: str) -> bool:
    """Whether what it asks about is in what was said before it: "Is that right?", "Which knee?"."""
    said = plain(question).split()
    if all(word in FUNCTION_WORDS or word in _POINTING for word in said):
        return True
    if _ENGLISH.isdisjoint(said):
        return size(question) <= _BARE
    if size(question) <= _ELLIPTIC and (SUBJECTS | SELF | _OF_OTHER).isdisjoint(said):
        return True
    return size(question) <= _SHORT and refers(question)


def refers(question: str) -> bool:
    """Whether it speaks of somebody or something by a pronoun."""
    return not _PRONOUNS.isdisjoint(plain(question).replace("'s", "").split())


def _beginning(found: Sequence[str], place: int) -> int:
    """Where a sentence begins, if it was cut at a full stop that may be part of a word: "12, av. Dupont?".

    Too much of what was said before a question does no harm; half a question does.
    """
    while place and _may_go_on(found[place - 1], found[place]):
        place -= 1
    return place


def _may_go_on(before: str, after: str) -> bool:
    beginning = after.lstrip(_QUOTES + "“‘«([¿")[:1]
    if beginning.islower() or not before.endswith("."):
        return beginning.islower()
    last = before.rstrip(".").split()[-1:]
    if not last or last[0].casefold() in FUNCTION_WORDS | POLITE or not last[0][-1].isalpha():
        return False
    return len(last[0]) <= _ABBREVIATED or _VOWEL.search(last[0]) is None


def _asks(sentence: str) -> bool:
    return (
        ends_as_question(sentence)
        or _FORM.match(sentence.lstrip(_QUOTES + "“‘«([¿")) is not None
        or _ARMENIAN.search(sentence) is not None
    )


_POINTING = frozenset("right correct ok okay true fine sure agreed good accurate".split())
_PRONOUNS = frozenset("that this those these it its they them their he him his she her both either".split())
