"""Without an extraction model a message is its own memory, if it says something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import regex

from toldonce.remember.questions import asked_in, ends_as_question, last_sentence, may_ask
from toldonce.text.lexicon.english import FIRST_PERSON, FUNCTION_WORDS
from toldonce.text.lexicon.talk import ASSENTS, COURTESIES, NO, RECOGNISER_CLOSINGS, YES
from toldonce.text.phrases import made_of, plain, size
from toldonce.types import Message

_ANNOTATION = regex.compile(r"\[[^\[\]]{1,60}\]|\([^()]{1,60}\)|<[^<>]{1,60}>|\*[^*\n]{1,60}\*|♪[^♪\n]*♪?")
"""What a recogniser writes between the words: [BLANK_AUDIO], (inaudible), *coughs*."""
_LONGEST_ANNOTATION = 4
"""Words. More in brackets is something somebody wrote."""
_LAUGHTER = regex.compile(r"(?:(?:ha|he|hi|ho|ja|je){2,}h?|(?:lo)+l|x+d+|k{3,})(?: (?:(?:ha|he|hi|ho|ja)+h?))*")
_STUTTER = 3
"""Times a recogniser writes the same function word for a noise."""

SHORT = 6
"""Words of an answer that is nothing without its question."""

LONGEST_COURTESY = 12
"""Words. Longer messages say something."""

LOOKED_BACK = 6
"""Messages among which the question of a short answer is looked for."""

_SILENT = COURTESIES | RECOGNISER_CLOSINGS
_LISTENING = ASSENTS | COURTESIES
_AGREEING = YES | _LISTENING
_DENYING = NO | _AGREEING


class Draft(NamedTuple):
    """A message on its way to becoming a memory."""

    text: str
    asked: tuple[int, ...] = ()
    """How many messages back those are that the text begins with: the question it answers."""

    @property
    def answers(self) -> bool:
        """The text begins with the question it answers."""
        return bool(self.asked)


def draft(message: Message, before: Sequence[Message]) -> Draft | None:
    """What a message is remembered as, given the messages before it in the session; None if it says nothing.

    Emoji, greetings, thanks, backchannels ("ok", "mm-hm") and what recognisers write for noise say nothing: they stay
    in the journal. A short answer is nothing without its question, and is kept together with it. Agreement with a
    statement adds nothing to it; disagreement does.
    """
    text = message.content.strip()
    if size(text) > LONGEST_COURTESY:
        return Draft(text)
    spoken = without_annotations(text)
    words = plain(spoken)
    if says_nothing(spoken, words):
        return None
    agrees = made_of(words, _AGREEING)
    denies = not agrees and made_of(words, _DENYING)
    bare = denies or (agrees and not made_of(words, _LISTENING))
    if agrees or denies or size(spoken) <= SHORT:
        asked = _asked_before(message, before, bare=bare) if not ends_as_question(spoken) else None
        if asked is not None:
            return Draft(f"{asked.text} — {text}", asked.asked)
    if agrees:
        return None
    if denies:
        return _denied(message, before)
    return Draft(text)


def says_nothing(text: str, words: str | None = None) -> bool:
    """Whether there is nothing in it but courtesies, sounds and noise. ``words``: ``plain`` of the text, if at hand."""
    if words is None:
        words = plain(without_annotations(text))
    if not words or made_of(words, _SILENT) or _LAUGHTER.fullmatch(words):
        return True
    single = set(words.split())
    return len(single) == 1 and words.count(" ") + 1 >= _STUTTER and single <= FUNCTION_WORDS - YES - NO


def without_annotations(text: str) -> str:
    """The text without what a recogniser noted about sounds."""
    return _ANNOTATION.sub(lambda found: " " if _is_annotation(found.group()) else found.group(), text).strip()


def _is_annotation(text: str) -> bool:
    words = plain(text).split()
    return (
        len(words) <= _LONGEST_ANNOTATION
        and not any(word.isdecimal() for word in words)
        and FIRST_PERSON.isdisjoint(words)
    )


def is_short(text: str) -> bool:
    """Whether people say such a thing again and again, as they do with "No." and "Yes, please."."""
    return size(text) <= SHORT


def _asked_before(message: Message, before: Sequence[Message], *, bare: bool) -> Draft | None:
    """What the other side asked since this side last said something, in order; the messages it was asked in.

    ``bare``: the answer is a plain yes or no, which hardly follows anything that is not meant as a question.
    """
    asked: list[tuple[int, str]] = []
    for back, earlier in enumerate(reversed(before[-LOOKED_BACK:]), 1):
        if _same_speaker(earlier, message):
            if says_nothing(earlier.content):
                continue
            break
        question = asked_in(earlier.content)
        if question is None and bare and may_ask(earlier.content):
            question = last_sentence(earlier.content)
        if question is not None and not says_nothing(question):
            asked.append((back, question))
    if not asked:
        return None
    asked.reverse()
    return Draft(" ".join(question for _, question in asked), tuple(back for back, _ in asked))


def _denied(message: Message, before: Sequence[Message]) -> Draft | None:
    """A denial with the statement that it denies."""
    for back, earlier in enumerate(reversed(before[-LOOKED_BACK:]), 1):
        if _same_speaker(earlier, message):
            return None
        if not says_nothing(earlier.content):
            return Draft(f"{last_sentence(earlier.content)} — {message.content.strip()}", (back,))
    return None


def _same_speaker(one: Message, other: Message) -> bool:
    return one.role == other.role and one.name == other.name
