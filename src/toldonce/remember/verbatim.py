"""Without an extraction model a message is its own memory, if it says something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import regex

from toldonce.remember.questions import (
    asked_in,
    ends_as_question,
    last_sentence,
    may_ask,
    only_asks,
    points_back,
    refers,
)
from toldonce.text.keys import ANSWERED
from toldonce.text.languages import is_function_word
from toldonce.text.lexicon.english import FIRST_PERSON, FUNCTION_WORDS, POLITE, SELF, SUBJECTS
from toldonce.text.lexicon.listening import NOTING, NOTING_LENGTH, NOTING_UNSPACED
from toldonce.text.lexicon.others import NEGATIONS
from toldonce.text.lexicon.others import POLITE as POLITE_ELSEWHERE
from toldonce.text.lexicon.talk import (
    ASSENTS,
    COURTESIES,
    CREDITING,
    FILLING,
    HOLDING,
    NO,
    NOISES,
    RECOGNISER_CLOSINGS,
    SUBTITLES,
    YES,
)
from toldonce.text.phrases import is_longer, made_of, plain, size
from toldonce.text.tokens import is_english, stem
from toldonce.text.tokens import words as tokens
from toldonce.types import Message

_ANNOTATION = regex.compile(
    r"\[[^\[\]]{1,60}\]|\([^()]{1,60}\)|<[^<>]{1,60}>|\{[^{}]{1,60}\}|【[^【】]{1,60}】|（[^（）]{1,60}）|\*[^*\n]{1,60}\*"
    r"|♪[^♪\n]*♪?|%[A-Z_]{3,}\b"
)
"""Where a recogniser writes what it hears between the words: [BLANK_AUDIO], (inaudible), *coughs*, %HESITATION."""
_LONGEST_ANNOTATION = 6
"""Words. More in brackets is something somebody wrote."""
_MARKUP = regex.compile(r"♪.*|%.*|[<\[{]\W*(?:\w*[_|/].*|s)[>\]}]", regex.DOTALL)
"""What no person writes: <|nospeech|>, [SPEAKER_00], </s>."""
_ENDINGS = ("", "s", "es", "ing", "ed", "er", "ter")
_SOUND = regex.compile(r"a+h+|o+h+|u+h+m*|u+m+|[eä]+h+m*|ä+m+|e+u+h+|e+r+m?|h+m+|m+|э+м*|м{2,}|х+м+|г+м+")
"""Uh, ehm, mm: a voice that looks for words."""
_LAUGHTER = regex.compile(r"(?:(?:ha|he|hi|ho|ja|je){2,}h?|(?:lo)+l|x+d+|k{3,})(?: (?:(?:ha|he|hi|ho|ja)+h?))*")
_STUTTER = 3
"""Times a recogniser writes the same function word for a noise."""
_CREDIT = 8
"""Words, at most, of a line that says who made the subtitles."""
_SIGN = regex.compile(r"\p{So}")
_NAMED = regex.compile(
    r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{M}\p{N}'’]+|[\p{L}--[\p{Latin}\p{Cyrillic}\p{Greek}]]+", regex.V1
)
_WITHOUT = frozenset({"not", "without"})
_NOISE_STEMS = frozenset(map(stem, NOISES))
_SENTENCE = SUBJECTS | SELF - {"my", "mine", "myself", "me", "our", "ours", "us"}
"""Words that a name, a number or a day by itself is not said with."""

SHORT = 6
"""Words of an answer that is nothing without its question."""

LONGEST_COURTESY = 12
"""Words. Longer messages say something."""

LONGEST_ELLIPTIC = 12
"""Words of an answer that leaves its verb to the question: "Tuesday at 3:15 with Dr. Berg, on Mill Road"."""

LONGEST_NOTE = 6
"""Words of what only says that something was taken note of."""

LOOKED_BACK = 6
"""Messages among which the question of a short answer is looked for."""

_MARKS = tuple(".!?…。！？।،,;:")
LONGEST_LENT = 40
"""Words of a statement that is kept with a question about it."""

_SILENT = COURTESIES | FILLING | RECOGNISER_CLOSINGS
_LISTENING = ASSENTS | FILLING | COURTESIES
_ANSWERS_NOTHING = (COURTESIES | RECOGNISER_CLOSINGS) - (YES | NO | ASSENTS)
_WAITING = HOLDING | _LISTENING
_AGREEING = YES | _LISTENING
_DENYING = NO | _AGREEING
_NOTING = frozenset(token for known in NOTING.values() for word in known for token in tokens(word))
_POLITE = POLITE.union(*POLITE_ELSEWHERE.values())
_AGREEING_WORDS = frozenset(token for phrase in YES | NO | ASSENTS for token in tokens(phrase))
_NEGATIONS = NO.union(*NEGATIONS.values())


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
    statement adds nothing to it, unless it may have been meant as a question; disagreement does.
    """
    text = message.content.strip()
    if stands_alone(text):
        return Draft(text)
    spoken = without_annotations(text)
    words = plain(spoken)
    if _is_noise(spoken, words) or made_of(words, _ANSWERS_NOTHING):
        return None
    if _takes_note(spoken, words, of_assistant=message.role == "assistant") and not _was_asked(message, before):
        return None
    agrees = made_of(words, _AGREEING)
    denies = not agrees and made_of(words, _DENYING)
    if (not words or agrees or denies or _needs_its_question(spoken, words)) and not ends_as_question(spoken):
        asked = _asked_before(message, before)
        if (
            asked is None
            and size(spoken) <= SHORT
            and message.role == "user"
            and _takes_up(spoken, words, agrees=agrees, denies=denies)
        ):
            asked = _meant_before(message, before)
        if asked is not None:
            return Draft(f"{asked.text}{ANSWERED}{text}", asked.asked)
    if not words or agrees or made_of(words, _SILENT):
        return None
    if denies:
        return _denied(message, before)
    return Draft(text)


def stands_alone(text: str) -> bool:
    """Whether it says something whatever was said before it."""
    return is_longer(text, LONGEST_COURTESY)


def says_nothing(text: str) -> bool:
    """Whether there is nothing in it but courtesies, sounds and noise."""
    spoken = without_annotations(text)
    words = plain(spoken)
    return not words or _is_noise(spoken, words) or made_of(words, _SILENT)


def _needs_its_question(spoken: str, words: str) -> bool:
    """Whether it hardly says by itself what it is about: it is short, or in English has no verb and nobody who acts."""
    if size(spoken) <= SHORT:
        return True
    return size(spoken) <= LONGEST_ELLIPTIC and is_english(tokens(spoken)) and _SENTENCE.isdisjoint(words.split())


def _takes_note(spoken: str, words: str, *, of_assistant: bool) -> bool:
    """Whether it only says that something was heard, noted or found nice: "I've saved that.", "Oh dear!".

    A person's words may be anything that is not all courtesy: "Goodnight.".
    """
    if size(spoken) > LONGEST_NOTE or ends_as_question(spoken):
        return False
    if of_assistant and any(part in words for part in NOTING_UNSPACED):
        return size(spoken) <= NOTING_LENGTH
    said = tokens(spoken)
    if not _NEGATIONS.isdisjoint([*said, *words.split()]):
        return False
    heard = [word for word in said if word in _POLITE or (of_assistant and word in _NOTING)]
    if not of_assistant:
        return bool(said) and len(heard) == len(said) and not _AGREEING_WORDS.issuperset(said)
    return bool(heard) and all(word in heard or is_function_word(word) for word in said)


def _was_asked(message: Message, before: Sequence[Message]) -> bool:
    """Whether the other side's last message ends with a question mark."""
    last = next((earlier for earlier in reversed(before) if not _same_speaker(earlier, message)), None)
    return last is not None and ends_as_question(last.content)


def _is_noise(spoken: str, words: str) -> bool:
    """Whether nobody said anything: no word and no sign, a sound, laughter, or what recognisers write for silence."""
    if not words:
        return _SIGN.search(spoken) is None
    single = words.split()
    if all(map(_SOUND.fullmatch, single)) and not made_of(words, ASSENTS):
        return True
    if _LAUGHTER.fullmatch(words) or _is_credit(spoken):
        return True
    return len(single) >= _STUTTER and len(set(single)) == 1 and single[0] in FUNCTION_WORDS - YES - NO


def _is_credit(spoken: str) -> bool:
    """Whether it says who made the subtitles and nothing else: "Subtitles by", then names with capitals."""
    begins = SUBTITLES.match(spoken.casefold().replace("-", " "))
    if begins is None:
        return False
    parts = [part.group() for part in _NAMED.finditer(spoken) if part.start() >= begins.end()]
    names = [part for part in parts if part.casefold() not in CREDITING]
    if not names or len(parts) > _CREDIT:
        return False
    if "amara" in spoken.casefold():
        return True
    credited = len(names) < len(parts)
    return all(part[0].isupper() or part[0].isdecimal() or (credited and not part[0].islower()) for part in names)


def without_annotations(text: str) -> str:
    """The text without what a recogniser noted about sounds."""
    return _ANNOTATION.sub(lambda found: " " if _is_annotation(found.group()) else found.group(), text).strip()


def _is_annotation(text: str) -> bool:
    """Whether it names a sound, or is written as no person writes. Anything else in brackets was meant."""
    if _MARKUP.fullmatch(text):
        return True
    words = plain(text).split()
    if len(words) > _LONGEST_ANNOTATION or not (FIRST_PERSON | NO | _WITHOUT).isdisjoint(words):
        return False
    return any(word in NOISES or stem(word) in _NOISE_STEMS for word in words)


def is_short(text: str) -> bool:
    """Whether people say such a thing again and again, as they do with "No." and "Yes, please."."""
    return not is_longer(text, SHORT)


def _asked_before(message: Message, before: Sequence[Message]) -> Draft | None:
    """What the other side asked since this side last answered, in order; the messages it was asked in."""
    asked: list[tuple[int, str]] = []
    for back, earlier in enumerate(reversed(before[-LOOKED_BACK:]), 1):
        if _same_speaker(earlier, message):
            if _still_owes(earlier.content):
                continue
            break
        question = asked_in(earlier.content)
        if question is not None and not says_nothing(question):
            asked.append((back, question))
    if not asked:
        return None
    once = list({plain(question): (back, question) for back, question in reversed(asked)}.values())
    once = [*_pointed_at(message, before, *once[0]), *once]
    return Draft(" ".join(question for _, question in once), tuple(back for back, _ in once))


def _pointed_at(message: Message, before: Sequence[Message], back: int, question: str) -> list[tuple[int, str]]:
    """What a question like "Is that right?" or "What's her name?" is about: the last thing said before its message.

    After a short answer that is the question it answered.
    """
    if not points_back(question):
        return []
    for further, earlier in enumerate(reversed(before[-LOOKED_BACK:]), 1):
        if further <= back or says_nothing(earlier.content) or made_of(plain(earlier.content), _WAITING):
            continue
        if _same_speaker(earlier, message) and is_short(earlier.content) and _follows_a_question(before, further):
            continue
        statement = last_sentence(earlier.content)
        if size(statement) > LONGEST_LENT or (ends_as_question(statement) and not refers(question)):
            return []
        return [(further, statement if statement.endswith(_MARKS) else f"{statement}.")]
    return []


def _follows_a_question(before: Sequence[Message], back: int) -> bool:
    """Whether what the other side said right before the message so far back asks something."""
    earlier = before[: len(before) - back]
    return bool(earlier) and asked_in(earlier[-1].content) is not None


def _still_owes(text: str) -> bool:
    """Whether a message leaves the question open: it says nothing, asks to wait, or asks back."""
    return says_nothing(text) or made_of(plain(text), _WAITING - _AGREEING) or only_asks(text)


def _takes_up(spoken: str, words: str, *, agrees: bool, denies: bool) -> bool:
    """Whether it hardly follows anything that is not meant as a question: a plain yes or no, a name, a number."""
    if agrees or denies:
        return denies or not made_of(words, _LISTENING)
    single = frozenset(words.split())
    return (
        bool(words) and not made_of(words, _SILENT) and single.isdisjoint(_SENTENCE) and single.isdisjoint(_LISTENING)
    )


def _meant_before(message: Message, before: Sequence[Message]) -> Draft | None:
    """The last thing the other side said, if it may have been meant as a question and answers none."""
    near = before[-LOOKED_BACK:]
    for back, earlier in enumerate(reversed(near), 1):
        if _same_speaker(earlier, message):
            if _still_owes(earlier.content):
                continue
            return None
        if says_nothing(earlier.content):
            continue
        replies = back < len(near) and _same_speaker(near[-back - 1], message) and only_asks(near[-back - 1].content)
        if replies or not may_ask(earlier.content):
            return None
        return Draft(last_sentence(earlier.content), (back,))
    return None


def _denied(message: Message, before: Sequence[Message]) -> Draft | None:
    """A denial with the statement that it denies."""
    for back, earlier in enumerate(reversed(before[-LOOKED_BACK:]), 1):
        if _same_speaker(earlier, message):
            return None
        if not says_nothing(earlier.content):
            return Draft(f"{last_sentence(earlier.content)}{ANSWERED}{message.content.strip()}", (back,))
    return None


def _same_speaker(one: Message, other: Message) -> bool:
    return one.role == other.role and one.name == other.name
