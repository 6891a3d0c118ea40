"""How a query asks for memory, which says nothing of what it is about: "do you remember", "can you tell me". English.

Whoever asks for one thing and then for another asks in the same words: with them, the earlier question is more like the
later one than the answer is.
"""

from __future__ import annotations

import re

from toldonce.text.lexicon.english import FUNCTION_WORDS, OF_TALK
from toldonce.text.tokens import words

_OPENING = r"(?:(?:and|so|but|then|also|hey|hi|hello|please|okay|ok|well|now|sorry|um+|uh+|oh)\b[\s,.!]*+)*+"
_HOW = r"(?: (?:still|please|also|even|ever|perhaps|maybe|happen to|kindly))*+"
_ASKING = (
    rf"(?:do|did|can|could|would|will) you\b{_HOW} (?:remember|recall|know|(?:tell|remind) (?:me|us))"
    r"|(?:remind|tell) (?:me|us)"
    r"|(?:remember|recall)"
    r"|i (?:forgot|forget|(?:can['’]?t|cannot|don['’]?t|do not) (?:quite )?(?:remember|recall|know))"
    rf"|what(?: else)? do you{_HOW} (?:remember|recall|know|have) (?:about|of|on)"
    r"|(?:do you have|have you got|is there) anything (?:about|on)"
    r"|(?:have you |do you have )?any idea"
    r"|what(?: else)?(?: (?:did|have) i|(?: i(?:['’]ve| have)?)) (?:tell|told|say|said|mention|mentioned)"
    r"(?: to)?(?: you)? (?:about|of|on)"
    r"|(?:did|have) i (?:ever )?(?:tell|told|mention|mentioned)(?: you)?(?: anything)?"
)
_BEFORE = re.compile(
    rf"[\s,.!]*+{_OPENING}(?:{_ASKING})\b(?:[\s,.:]++(?:again|please|about|of|if|whether)\b)*+[\s,.:]*+", re.IGNORECASE
)
_AFTER = re.compile(r"[\s,.?!](?:do|can) you\b(?: still)? (?:remember|recall|know)\W*+$", re.IGNORECASE)


def asked_of(text: str) -> str:
    """The text without what only asks for memory; all of it if nothing else is left to look for."""
    before = _BEFORE.match(text)
    rest = text[before.end() :] if before else text
    if after := _AFTER.search(rest):
        rest = rest[: after.start()]
    if rest == text or all(word in FUNCTION_WORDS or word in OF_TALK for word in words(rest)):
        return text
    return rest.strip(" ,\n")
