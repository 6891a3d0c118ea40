"""What a host says of an error, without the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toldonce.net.client import client_settings
from toldonce.net.messages import explanation, redacted


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"error": {"message": "no such model", "type": "x"}}, "no such model"),
        ({"error": "no such model"}, "no such model"),
        ({"detail": [{"loc": ["a"]}, "b"]}, '{"loc": ["a"]}; b'),
        ({"detail": {"error": {"message": "deep"}}}, "deep"),
        ({"code": 7}, '{"code": 7}'),
        (["one", "two"], "one; two"),
        ("plain", "plain"),
        (7, "7"),
        (None, ""),
        ({"message": "two\n lines  "}, "two lines"),
    ],
)
def test_an_explanation_is_found_in_every_shape(said: Any, text: str) -> None:
    assert explanation(json.dumps(said).encode()) == text


def test_what_is_not_json_is_read_as_text() -> None:
    assert explanation(b"<html>502\nBad \xff gateway") == "<html>502 Bad \ufffd gateway"
    assert explanation(b"") == ""
    assert len(explanation(b"x" * 100_000)) == len(explanation(json.dumps("x" * 100_000).encode())) == 300


def test_no_key_stands_in_a_message() -> None:
    assert redacted("Incorrect key sk-1234 (sk-1234).", "sk-1234") == "Incorrect key (the key) ((the key))."
    assert redacted("nothing to hide", "") == "nothing to hide"
    assert redacted("a word", "a") == "a word"


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("http://localhost:11434/v1", False),
        ("http://127.0.0.7/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://box.localhost/v1", False),
        ("https://api.openai.com/v1", True),
        ("http://localhost.example.org/v1", True),
    ],
)
def test_no_proxy_is_asked_for_this_machine_and_no_redirect_is_followed(url: str, proxied: bool) -> None:
    settings = client_settings(url, "Bearer k")
    assert settings["trust_env"] is proxied
    assert settings["follow_redirects"] is False
    assert settings["headers"]["Authorization"] == "Bearer k"
    assert "Authorization" not in client_settings(url)["headers"]
