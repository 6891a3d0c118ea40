"""Telling what is said to be polite from what is said to learn something."""

from __future__ import annotations

from collections.abc import Iterable

WORDS = frozenset(
    """
    hi hello hey heya hiya yo howdy greetings morning afternoon evening night goodnight bye goodbye cheers ciao later
    soon see seeing nice meet meeting pleasure welcome thank thanks thankyou ta appreciate appreciated kind sweet
    ok okay okey kay alright right fine good great cool awesome amazing wonderful fantastic excellent perfect lovely
    brilliant super neat wow oh ah aha ooh hmm hm mm mhm uh um huh er well yeah yep yup yea nope nah sure absolutely
    definitely exactly certainly indeed correct true totally agreed agree fair enough understood got gotcha noted
    sorry pardon excuse apologies worries worry problem bother hurry rush bless congrats congratulations
    haha hahaha hehe lol lmao rofl funny hilarious joke joking kidding laugh laughing
    talk talking chat chatting speak hear heard listen listening hang wait moment sec second minute minutes
    know think guess suppose mean sounds sound looks look seems say saying tell go going come back start started
    day today tonight week weekend time doing today's everything care luck enjoy rest sleep dreams hope hopefully
    help helpful helps question answer interesting boring bored tired busy long been while anyway anyways actually
    basically honestly literally like love glad happy feel feeling good better best bad too want need let's ready
    continue next stop repeat again there man dude buddy mate friend friends guys folks everyone dear sir madam
    please weather sunny rainy cold hot
    """.split()
)
"""As ``text.tokens.words`` writes them; what is a stop word already need not be here."""


def substance(words: Iterable[str]) -> int:
    """How many of the words, stop words already left out, are not small talk."""
    return sum(word not in WORDS for word in words)
