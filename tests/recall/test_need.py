from __future__ import annotations

import pytest

from toldonce.recall import needs_memory

TOLD = [
    "My birthday is on the fourth of May.",
    "I finally bought touring skis in Graz.",
    "The door code is 4471, and my sister feeds the cat.",
]


@pytest.mark.parametrize(
    "text",
    [
        "Where did Ana buy her skis?",
        "What's my dog called?",
        "whats my dog called",
        "Do you remember my sister's birthday?",
        "remind me what I ordered",
        "What do you know about me?",
        "What did we talk about last time?",
        "birthday",
        "my door code please",
        "door code bitte",
        "touring skis Graz",
        "which skis did you recommend?",
        "thanks, and what was the shop in Graz?",
        "Somebody must feed the cat.",
        "¿Dónde vive mi hermana?",
        "I'd like to book a table for my mother's retirement dinner in Leoben",
        "What happens in the third week of June?",
        "Which bakery with a garden did you suggest?",
        "w-w-where did I buy the skis?",
        "When may you call me?",
    ],
)
def test_what_asks_or_speaks_of_what_was_told_does(text: str) -> None:
    assert needs_memory(text, TOLD)


@pytest.mark.parametrize(
    "text",
    [
        "Hi!",
        "Hey, how are you doing?",
        "Good morning!",
        "Thanks so much!",
        *(
            "köszönöm",
            "teşekkürler",
            "terima kasih",
            "감사합니다",
            "до свидания",
            "arrivederci",
            "さようなら",
            "להתראות",
        ),
        *("dank je wel", "dziękuję bardzo", "ευχαριστώ πολύ", "hvala", "kiitos, hei hei"),
        "thanks, that's great",
        "Haha, that's funny",
        "ok",
        "Okay, goodbye",
        "Have a nice day",
        "Hola, gracias",
        "G-good evening!",
        "Okay, c-carry on.",
        "What a long day that was.",
        "I'm so tired, what a week",
        "Hold on a second",
        "Please continue",
        "Wait a minute",
        "...",
        "",
    ],
)
def test_greetings_and_thanks_do_not_whatever_was_found(text: str) -> None:
    assert not needs_memory(text, TOLD)


@pytest.mark.parametrize("text", ["Do you like skis?", "my skis again", "Somebody must feed the cat."])
def test_a_pleasantry_or_remark_does_if_the_memories_speak_of_it(text: str) -> None:
    assert needs_memory(text, TOLD)
    assert not needs_memory("Do you like rain?", TOLD)


@pytest.mark.parametrize("text", ["Please wait", "Interesting", "Take care", "my bad"])
def test_a_word_of_talk_is_no_keyword_though_memories_hold_it(text: str) -> None:
    found = [f"It was {word.lower()} that I told her" for word in text.split()]
    assert needs_memory("birthday", [*found, "My birthday is in May"])
    assert not needs_memory(text, found)
