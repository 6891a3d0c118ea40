"""The client of chat models: what it sends, what it takes, and what it says of everything else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.llm.fake import Answer, Asked, refuses, says, serving
from toldonce.errors import AuthenticationFailed, HostFailed, RateLimited, Rejected, RemoteError, Unreachable
from toldonce.llm import Completion
from toldonce.llm.chat import MOST_BYTES, Chat
from toldonce.llm.spec import read_llm

SCHEMA = {"type": "object"}


def chat(url: str, **config: Any) -> Chat:
    settings = {"model": "fake", "openai_base_url": url, "api_key": "sk-secret", "timeout": 5, **config}
    return Chat(read_llm("openai", settings))


def test_one_request_gives_the_text_and_what_it_took() -> None:
    with serving(says("Hello.")) as model:
        client = chat(model.url, max_tokens=50)
        assert client.complete("Be brief.", "Hi \ud800", SCHEMA) == Completion("Hello.", 100, 10)
        client.close()
        assert client.complete("Be brief.", "Hi", SCHEMA).text == "Hello.", "connections open again"
        client.close()
    (asked, _) = model.asked
    assert model.paths[0] == "/v1/chat/completions"
    assert model.headers[0]["Authorization"] == "Bearer sk-secret"
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["messages"][0]["content"] == "Be brief."
    assert (asked["model"], asked["temperature"], asked["max_tokens"], asked["stream"]) == ("fake", 0.0, 50, False)
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "top_p" not in asked


def test_what_a_model_does_not_know_is_left_out_from_then_on() -> None:
    def script(asked: Asked) -> Answer:
        for unknown in ("temperature", "response_format"):
            if unknown in asked:
                return refuses(400, f"Unsupported parameter: '{unknown}'")
        return says("Yes.")

    with serving(script) as model:
        client = chat(model.url)
        assert client.complete("", "Hi", SCHEMA).text == "Yes."
        assert client.complete("", "Hi", SCHEMA).text == "Yes."
        client.close()
    assert [len(asked) for asked in model.asked] == [5, 4, 3, 3]


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (refuses(401, "bad key sk-secret"), AuthenticationFailed, "OPENAI_API_KEY"),
        (refuses(403), AuthenticationFailed, "403"),
        (refuses(404, "no such model"), Rejected, "no such model"),
        (refuses(400, "too long"), Rejected, "'fake'"),
        (refuses(429), RateLimited, "fewer requests"),
        (refuses(500), HostFailed, "500"),
        (refuses(302), Rejected, "302"),
        (Answer(b"<html>"), HostFailed, "chat completion"),
        (Answer(b"[]"), HostFailed, "chat completion"),
        (Answer(b'{"choices": []}'), HostFailed, "chat completion"),
        (Answer(b'{"choices": [{"message": null}]}'), HostFailed, "chat completion"),
        (says(None, refusal="I cannot"), Rejected, "I cannot"),
        (says(""), Rejected, "no text"),
        (Answer(b"x" * (MOST_BYTES + 1)), HostFailed, "bytes"),
    ],
)
def test_what_goes_wrong_is_told_without_the_key(answer: Answer, error: type[RemoteError], said: str) -> None:
    with serving(answer) as model:
        client = chat(model.url)
        with pytest.raises(error, match=said) as told:
            client.complete("", "Hi", SCHEMA)
        client.close()
    assert "sk-secret" not in str(told.value)
    assert len(model.asked) == 1, "jobs try again, the client does not"


def test_a_busy_host_says_when_to_come_back() -> None:
    with serving(refuses(429, Retry_After="7")) as model:
        client = chat(model.url)
        with pytest.raises(RateLimited) as told:
            client.complete("", "Hi", SCHEMA)
        client.close()
    assert told.value.retry_after == 7


@pytest.mark.parametrize(
    "answer", [Answer(b"{}", delay=3.0), Answer(json.dumps({"x": "y" * 500}).encode(), drips=True)]
)
def test_an_answer_that_takes_too_long_is_broken_off(answer: Answer) -> None:
    with serving(answer) as model:
        client = chat(model.url, timeout=1)
        began = time.monotonic()
        with pytest.raises(Unreachable, match="within 1 s"):
            client.complete("", "Hi", SCHEMA)
        assert time.monotonic() - began < 2.9
        client.close()


def test_a_host_that_is_not_there_is_told() -> None:
    with serving(says("x")) as model:
        pass
    with pytest.raises(Unreachable, match="cannot be reached"):
        chat(model.url).complete("", "Hi", SCHEMA)


def test_counts_that_are_none_count_nothing() -> None:
    body = {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": True, "completion_tokens": "many"}}
    with serving(Answer(json.dumps(body).encode())) as model:
        client = chat(model.url)
        assert client.complete("", "Hi", SCHEMA) == Completion("x", 0, 0)
        client.close()


def test_without_a_key_the_refusal_says_that_none_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with serving(refuses(401)) as model:
        client = Chat(read_llm("ollama", {"model": "m", "ollama_base_url": model.url}))
        with pytest.raises(AuthenticationFailed, match="No key was sent"):
            client.complete("", "Hi", SCHEMA)
        client.close()
    assert "Authorization" not in model.headers[0]
