from __future__ import annotations

import pytest

from toldonce.errors import InvalidInput
from toldonce.filters import entity_id


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("alice", "alice"),
        ("  alice\n", "alice"),
        (42, "42"),
        (-1, "-1"),
        ("Zoë|42@example.com/größe", "Zoë|42@example.com/größe"),
        ("x" * 512, "x" * 512),
        (f"  {'x' * 512}  ", "x" * 512),
        ("**", "**"),
    ],
)
def test_stores_an_id_trimmed_and_as_a_string(given: object, stored: str) -> None:
    assert entity_id("user", given) == stored


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "must not be empty"),
        (" \t ", "must not be empty"),
        ("*", 'cannot be "*"'),
        ("alice\nsmith", "must not contain whitespace"),
        ("alice\u00a0smith", "must not contain whitespace"),
        ("al\0ice", "must not contain a null byte"),
        ("al\ud800ice", "must not contain a lone surrogate"),
        ("x" * 513, "must not be longer than 512 characters"),
        pytest.param(10**6000, "must not be longer than 512 characters", id="huge number"),
        (True, "must be a string, not a boolean"),
        (None, "must be a string, not null"),
        (1.5, "must be a string, not a number"),
        (["alice"], "must be a string, not a list"),
        (b"alice", "must be a string, not bytes"),
    ],
)
def test_refuses_what_is_no_id_and_names_the_key(given: object, complaint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        entity_id("agent", given)
    assert str(refused.value).startswith(f"agent_id {complaint}")
