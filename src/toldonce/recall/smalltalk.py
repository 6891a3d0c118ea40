"""Telling what is said to be polite from what is said to learn something.

Neither words nor vectors of a store can: talk is full of "Hey, how are you?", and nothing is more like it than another
"Hey, how are you?". So the query is judged by itself: what it is about besides pleasantries, and whether it asks; and
where that leaves a doubt, by whether the store speaks of the same things. English, with the commonest greetings of
other languages; what is in no list counts as substance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from toldonce.text.stopwords import ENGLISH

_POLITE = """
    hi hello hey heya hiya yo howdy greetings sup morning afternoon evening night goodnight bye goodbye cheers ciao
    nice meet met meeting pleasure welcome thank thanks thankyou thx ta appreciate appreciated grateful kind kindly
    ok okay okey kay alright right fine good great cool awesome amazing wonderful fantastic excellent perfect perfectly
    lovely brilliant super superb neat wow whoa oh ooh ah aha aw aww hmm hm mm mmm mhm uh um huh er eh ugh phew yay
    oops ouch damn dang gosh geez jeez god yikes hurrah hooray
    well yeah yep yup yea yes ya no nope nah sure surely absolutely definitely exactly precisely certainly indeed
    course shall correct true totally completely agreed agree fair enough understood understand got gotcha gotta gonna
    wanna noted
    sorry pardon excuse apologies apologise apologize forgive worries worry problem problems bother hurry rush bless
    congrats congratulations kudos bravo props haha hahaha hehe lol lmao rofl omg funny hilarious joke jokes joking
    kidding laugh laughing cute sweet honey dear darling sir madam ma'am please
    hola gracias buenos buenas dias noches tardes adios hasta luego nada perdon bonjour merci salut bonsoir revoir
    accord desole hallo danke guten tag morgen abend tschuss bitte geht gehts dir ihnen entschuldigung grazie prego
    ciao scusi ola obrigado obrigada tudo bem oi hej tack
    こん んに にち ちは ばん あり りが がと とう
    元気 気で です すか ます 你好 谢谢 謝謝 안녕 녕하 하세 세요 감사 привет спасибо здравствуйте مرحبا شكرا שלום תודה
"""
_VAGUE = """
    talk talking talked chat chatting speak speaking hear hearing heard listen listening hang wait waiting moment sec
    second seconds minute minutes while time times know think thought thinking guess suppose mean means meant sound
    sounds look looks looking seem seems saying tell telling ask asking come coming go going back start started stop
    continue repeat begin ready keep leave let's try trying see seeing later soon talk help helpful helps helping want
    need like love feel feeling feelings hope hopefully wish believe imagine bet doubt expect care mind matter matters
    happen happening change chance choice deal point idea sense fact reason case word words way ways thing stuff bit
    piece part side end rest break people person guy guys folks everyone man men dude bro buddy mate pal friend friends
    day days today tonight tomorrow yesterday week weeks weekend month year years hour hours monday tuesday wednesday
    thursday friday saturday sunday weather sunny rainy rain raining cold hot warm freezing outside
    happy glad sad bad better best worse worst big small little new old long short busy tired sleepy bored boring
    excited exciting interesting interested curious funny fun crazy weird strange silly serious seriously real honest
    honestly literally basically actually anyway anyways obviously apparently possible possibly impossible easy hard
    quick quickly slow slowly slower fast faster loud louder quiet clear clearly simple
    luck lucky enjoy relax sleep sleeping dream dreams rest wake awake hungry sick
    question questions answer answers asked wonder wondering nothing anything something everything
    robot ai bot assistant human computer machine voice program smart clever name
    safe safely travels drive holy cow heaven goodness relaxing chilling cracking ahead
    merry christmas xmas birthday easter holidays holiday anniversary cheer
    there next first last same different other another else together alone
    take today's catch run running pick call phone test testing check hand hands door sit stand
    said tells told say nobody somebody someone set count
"""
POLITE = frozenset(_POLITE.split())
VAGUE = frozenset(_VAGUE.split())
"""Words that may be the matter of a question ("What did I do last weekend?") and are none by themselves."""

_TOLD = (0.0, 0.08, 0.15, 0.6, 1.0)
"""How much a statement asks for what is known already, by how many weighty words it has."""

_FEW, _RARE = 3, 0.05
"""Memories that hold a word, and share of all, up to which it is one thing of many they speak of."""

_GLUE = frozenset("a an the my our your his her their its of for in at to with and or from".split())
"""Function words that hold keywords together; "carry on" and "cancel that" are none."""

_LAUGHTER = re.compile(r"(?:(?:ha|he|hi|ja|lo|m+|h+|o+|a+)h?)+l?|\w*(\w)\1{2,}\w*")
"""Hahaha, mmhm, sooooo."""

ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|where|when|why|how)\b.*\?"
    r"|(?:^|[.!?,;:]\s*|\b(?:and|so|but|then|hey|hi|ok|okay|please)\s+)"
    r"(?:what(?! an?\b)|which|who|whom|whose|where|when|why|how|did|does|do|has|have|had|is|are|was|were|am|will|would|"
    r"should)\b",
    re.IGNORECASE,
)
_CUES = re.compile(
    r"\b(?:remember|remind|recall|forg[eo]t\w*(?! (?:about )?(?:it|that)\b| i said (?:it|that)\b)|last time|previously|"
    r"tell me (?:about|wh\w+|how)|"
    r"(?:did|have|had) (?:i|we|you) (?:ever|already|mention|tell|say|said|told|talk|discuss)\w*)\b",
    re.IGNORECASE,
)
_OF_A_PERSON = re.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|we|us|our|he|she|his|her|him|they|their|them)\b", re.IGNORECASE
)
_PLEASANTRY = re.compile(
    r"\bhow(?:'s| is| are| was| were| have| has|'ve| do| did)? (?:you|it|life|things|everything|that)\b"
    r"|\bhow (?:do|can|may|could) i help\b"
    r"|\bwhat'?s? (?:is )?(?:up|new|going on|happening)\b|\bwhere were we\b"
    r"|\bwhat (?:can|should|shall|do) (?:i|we) (?:say|do)\b"
    r"|\b(?:do|did|can|could|would|will|may|are|have) you\b(?! (?:remember|recall|know (?:my|what|where|when|who|if)))"
    r"|\bhow(?: was| is| are|'s|s) your\b|\bwho knows\b|\bam i right\b|\bcan i ask\b|\bi mean\b|\bthank\w*\b",
    re.IGNORECASE,
)


class Intent(NamedTuple):
    """What a query wants, judged by itself and by the words the store holds."""

    strength: float
    """How much it wants to know, in [0, 1]: 1 is a question about somebody or something, 0 nothing but "hello"."""
    grounded: bool
    """It asks, or speaks of something that was spoken of before: an answer is not ruled out by likeness alone."""


def intent(
    text: str,
    found: Sequence[str],
    content: Sequence[str],
    names: Iterable[str],
    holding: Callable[[str], int],
    memories: int,
) -> Intent:
    """How much a query wants to know.

    ``found``: its words; ``content``: those that are neither function words nor names; ``names``: people it speaks of;
    ``holding``: how many of the ``memories`` hold a word.
    """
    matters = [word for word in content if word not in POLITE and not _LAUGHTER.fullmatch(word)]
    weighty = [word for word in matters if word not in VAGUE]
    if matters and _CUES.search(text):
        return Intent(1.0, grounded=True)
    asks = ASKS.search(text) is not None
    pleasantry = _PLEASANTRY.search(text) is not None
    if asks and not pleasantry and (any(names) or _OF_A_PERSON.search(text) is not None):
        return Intent(1.0 if matters else 0.6 if len(content) == 0 else 0.0, grounded=True)
    known = [count for count in map(holding, weighty) if count]
    questioning = text.rstrip().endswith(("?", "？", "؟"))
    if pleasantry:
        # "Did you say" is asked for politeness' sake, "which flats did you recommend" is not.
        wants = any(count <= max(_FEW, _RARE * memories) for count in known)
    elif asks:
        wants = bool(weighty)
    else:
        wants = (questioning and bool(known)) or _is_keywords(text, found, weighty, known)
    strength = 1.0 if wants else _TOLD[min(len(weighty), len(_TOLD) - 1)]
    return Intent(strength, grounded=asks or questioning or bool(known))


def _is_keywords(text: str, found: Sequence[str], weighty: Sequence[str], known: Sequence[int]) -> bool:
    """Whether this is no sentence: "favourite restaurant Graz", "name of the vet"."""
    if "!" in text or not weighty:
        return False
    return len(weighty) == len(found) or (
        bool(known) and all(word in _GLUE or not (word in ENGLISH or word in POLITE) for word in found)
    )
