"""A person's talk in which things change: what holds now is found first, and what was before if that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from toldonce import Memory

THEN = """
Biscuit the dog eats salmon kibble.
The standup is at nine fifteen every morning.
My salary goes to the Postbank account.
Bins go out on Tuesday night.
My boss is called Henrike, very strict.
I see Dr Halloran at the Mill Lane surgery.
I keep the heating low at night.
The lemon tree stands on the balcony.
The twins sleep at seven.
I can't eat anything spicy.
I live in Porto, my home is small.
""".strip().splitlines()
BETWEEN = """
The train was late again and it rained sideways.
I bought a green scarf at the market.
My neighbour plays the tuba on Sundays.
The film was too long, but the music was lovely.
Somebody parked in front of the garage.
I painted the fence on Saturday.
We saw a heron by the canal.
I made marmalade, nine jars.
""".strip().splitlines()
SINCE = """
We moved the standup to ten, nobody was awake.
I switched from Postbank to Triodos, the fees got silly.
The council changed it, bins go out Thursdays.
Henrike left and I report to Samir.
We're with Dr Banerjee now, Halloran went to Wales.
The twins are four now, so bed is at eight.
No, the stomach thing is over, I eat hot food again.
So we moved. We're in Braga now, third floor.
""".strip().splitlines()


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    with Memory(folder=tmp_path_factory.mktemp("changes")) as memory:
        for month, lines in enumerate((THEN, BETWEEN, SINCE), 1):
            for day, line in enumerate(lines, 1):
                memory.add(line, user_id="ann", run_id=f"m{month}", timestamp=f"2026-0{month}-{day:02}T10:00:00Z")
        yield memory


def first(memory: Memory, question: str) -> str:
    found = memory.search(question, filters={"user_id": "ann"}, reference_date="2026-04-01T00:00:00Z")
    return str(found["results"][0]["memory"])


@pytest.mark.parametrize(
    ("question", "now"),
    [
        ("When is our standup?", SINCE[0]),
        ("Which bank am I with?", SINCE[1]),
        ("When do the bins go out?", SINCE[2]),
        ("Who is my manager?", SINCE[3]),
        ("Who is my doctor?", SINCE[4]),
        ("When do the twins go to bed?", SINCE[5]),
        ("Can I eat spicy food?", SINCE[6]),
        ("Where is my home?", SINCE[7]),
    ],
)
def test_what_holds_now_comes_first(memory: Memory, question: str, now: str) -> None:
    assert first(memory, question) == now


@pytest.mark.parametrize(
    ("question", "before"),
    [
        ("On which day did the bins use to go out?", THEN[3]),
        ("Who was my doctor before Dr Banerjee?", THEN[5]),
        ("Which bank was I with before Triodos?", THEN[2]),
    ],
)
def test_what_was_before_comes_first_if_that_is_asked_for(memory: Memory, question: str, before: str) -> None:
    assert first(memory, question) == before


@pytest.mark.parametrize(
    ("question", "same"), [("What does Biscuit eat?", THEN[0]), ("Where is the lemon tree?", THEN[7])]
)
def test_what_did_not_change_stays_first(memory: Memory, question: str, same: str) -> None:
    assert first(memory, question) == same
