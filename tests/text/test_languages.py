"""Which words of a text are function words of its language."""

from __future__ import annotations

import pytest

from toldonce.text.languages import function_words
from toldonce.text.tokens import words


@pytest.mark.parametrize(
    ("text", "substance"),
    [
        ("Where does she keep the blue umbrella?", {"keep", "blue", "umbrella"}),
        ("¿Dónde está la bicicleta de mi hermana?", {"bicicleta", "hermana"}),
        ("Wo ist der Schlüssel für den Keller?", {"schlussel", "keller"}),
        ("Quand est le concert de la chorale ?", {"concert", "chorale"}),
        ("Где он и его ключ?", {"ключ"}),
        ("Dove è la chiave della cantina?", {"chiave", "cantina"}),
    ],
)
def test_what_is_left_is_what_a_text_is_about(text: str, substance: set[str]) -> None:
    found = words(text)
    assert set(found) - function_words(found) == substance


def test_a_text_of_no_known_language_keeps_its_words() -> None:
    assert function_words(["zyx", "vut"]) == frozenset()
    assert function_words([]) == frozenset()


def test_a_word_that_only_another_language_has_for_a_function_word_stays() -> None:
    found = words("¿Qué dice el sol?")
    assert "sol" not in function_words(found)
