from __future__ import annotations

from dataclasses import replace

import pytest

from tests.recall.helpers import talk, view
from toldonce.recall import analyse, rank
from toldonce.recall.asked_for import asked_for, asks_what_was_before
from toldonce.remember.facts import memory_tokens
from toldonce.text.kinds import Kind

NOTHING = Kind(0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("How many hens have we got?", Kind.NUMBER),
        ("What's the code of the shed?", Kind.NUMBER),
        ("Which size does he wear?", Kind.NUMBER),
        ("Who mends the boat?", Kind.NAME),
        ("what is the ferry called", Kind.NAME),
        ("Can I bring walnut bread?", Kind.LIMIT),
        ("ok so, should we climb up there?", Kind.LIMIT),
        ("Please book us a table.", Kind.LIMIT),
        ("I'm baking a cake for my aunt.", Kind.LIMIT),
        ("Let's row out tomorrow.", Kind.LIMIT),
        ("Can you swim?", NOTHING),
        ("What did she say about the boat?", NOTHING),
        ("boat", NOTHING),
    ],
)
def test_the_kind_of_thing_that_answers(query: str, expected: Kind) -> None:
    assert asked_for(query) == expected


def test_what_forbids_comes_first_if_its_speaker_is_a_person() -> None:
    lines = [
        talk("No bread for me at breakfast or supper"),
        talk("The bread was lovely", session=2, start=2),
        talk("I cannot order bread for that breakfast", session=3, start=3, role="assistant"),
    ]
    store = view(*lines, *[talk(f"other{n} matter{n}", session=n, start=n) for n in range(4, 20)])
    asked = [hit.memory_id for hit in rank(store, analyse("Can I eat bread?", store), None, limit=3)]
    told = [hit.memory_id for hit in rank(store, analyse("the bread", store), None, limit=3)]
    assert asked.index(1) == 0
    assert told.index(1) > 0, "nothing but the question raised it"


def test_a_request_scores_as_high_as_ever_where_nothing_limits() -> None:
    store = view(talk("The boat is called Gull"), talk("I play chess", session=2, start=2))
    query = analyse("Book the boat", store)
    assert query.kinds == Kind.LIMIT
    assert rank(store, query, None, limit=2) == rank(store, replace(query, kinds=NOTHING), None, limit=2)


def test_what_the_query_asks_of_oneself_is_what_somebody_stated_of_oneself() -> None:
    rows = [
        *talk("met a man whose name is Bo, a good name, and a name I like"),
        *talk("I am on leave, my name is Ada", session=2, start=2, tokens=memory_tokens("my name is Ada", None, 0)),
    ]
    store = view(rows, *[talk(f"other{n} matters here", session=n, start=n) for n in range(3, 12)])
    query = analyse("What's my name?", store)
    assert query.own
    assert rank(store, query, None, limit=1)[0].memory_id == 2
    assert not analyse("What's my dog's name?", store).own
    assert not analyse("What's your name?", store).own


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("What was my rent before?", True),
        ("Where did I use to row?", True),
        ("Who was my previous dentist?", True),
        ("Can you ring me before nine?", False),
        ("What do I do before breakfast?", False),
        ("Where did I row on Monday?", False),
    ],
)
def test_whether_what_was_before_is_asked_for(query: str, expected: bool) -> None:
    assert asks_what_was_before(query) is expected
