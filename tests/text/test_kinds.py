from __future__ import annotations

import pytest

from toldonce.text.kinds import Kind, kinds
from toldonce.text.tokens import is_english, words

NOTHING = Kind(0)


def held(text: str) -> Kind:
    found = words(text)
    return Kind(sum(kinds(text, found, english=is_english(found))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The lane is 25 metres long.", Kind.NUMBER),
        ("There are twenty-three hens.", Kind.NUMBER),
        ("The other one is bigger.", NOTHING),
        ("She sails with Imke.", Kind.NAME),
        ("They went to “Casa Verde” again.", Kind.NAME),
        ("Yes. Then we rowed home.", NOTHING),
        ("So I rowed home on Monday in June, as I said.", NOTHING),
        ("Please put no walnuts in anything.", Kind.LIMIT),
        ("I can't climb ladders.", Kind.LIMIT),
        ("Her aunt is coeliac.", Kind.LIMIT),
        ("We row on Tuesdays now.", Kind.CHANGE),
        ("I gave up smoking.", Kind.CHANGE),
        ("Our new boat leaks.", Kind.CHANGE),
        ("Sorry, the key is under the mat.", Kind.CHANGE),
        ("Pia retired.", Kind.CHANGE),
        ("The ferry is cancelled.", Kind.CHANGE),
        ("They put the fare up.", NOTHING),
        ("The club closed.", Kind.CHANGE),
        ("Sorry about the key.", NOTHING),
        ("I'm learning the oboe.", Kind.SELF),
        ("Our eldest boy is a diver.", Kind.SELF),
        ("Well, I teach chess.", Kind.SELF),
        ("I'm fine.", NOTHING),
        ("I think so.", NOTHING),
        ("Now, listen to this.", NOTHING),
        ("The boat is here right now.", NOTHING),
        ("There are more of them.", NOTHING),
    ],
)
def test_what_a_text_holds(text: str, expected: Kind) -> None:
    assert held(text) == expected


def test_only_digits_are_read_in_another_language() -> None:
    assert held("Wir wohnen seit 12 Jahren nicht mehr in Berlin und das ist gut.") == Kind.NUMBER
