"""Which model a configuration names, where it is, and which key goes there."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.config import Guidance, read_config
from toldonce.errors import InvalidConfig
from toldonce.llm import parse_llm, read_llm
from toldonce.llm.spec import PROVIDERS, TIMEOUT


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in PROVIDERS.values():
        for name in (provider.key_variable, provider.address_variable):
            if name:
                monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("TOLDONCE_LLM", raising=False)


@pytest.mark.parametrize(
    ("provider", "config", "line"),
    [
        ("openai", {}, "openai:m@https://api.openai.com/v1"),
        ("openai", {"openai_base_url": "http://box:9/x/"}, "openai:m@http://box:9/x"),
        ("openai", {"base_url": "http://box:9"}, "openai:m@http://box:9/v1"),
        ("ollama", {"ollama_base_url": "http://Box:11434"}, "ollama:m@http://box:11434/v1"),
        ("lmstudio", {}, "lmstudio:m@http://localhost:1234/v1"),
        ("groq", {}, "groq:m@https://api.groq.com/openai/v1"),
        (
            "azure_openai",
            {"azure_kwargs": {"azure_endpoint": "https://me.openai.azure.com/", "azure_deployment": "d"}},
            "azure_openai:d@https://me.openai.azure.com/openai/v1",
        ),
    ],
)
def test_mem0s_section_names_a_model(provider: str, config: dict[str, Any], line: str) -> None:
    spec = read_config({"llm": {"provider": provider, "config": {"model": "m", **config}}}).llm
    assert str(spec) == line
    assert parse_llm(line) == spec


def test_a_line_in_the_environment_names_a_model_where_the_configuration_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_config({}).llm is None
    assert read_config({"llm": {"provider": "toldonce"}}).llm is None
    monkeypatch.setenv("TOLDONCE_LLM", "ollama:qwen3:8b")
    assert str(read_config({}).llm) == "ollama:qwen3:8b@http://localhost:11434/v1"
    assert read_config({"llm": {"provider": "toldonce"}}).llm is None, "the configuration says that there is none"
    monkeypatch.setenv("TOLDONCE_LLM", "qwen3")
    with pytest.raises(InvalidConfig, match=r"PROVIDER:MODEL.*ollama"):
        read_config({})


def test_a_key_goes_to_its_provider_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in PROVIDERS.values():
        if provider.key_variable:
            monkeypatch.setenv(provider.key_variable, f"key of {provider.key_variable}")
    elsewhere = {"model": "m", "base_url": "https://example.org/v1"}
    for name, provider in PROVIDERS.items():
        assert read_llm(name, elsewhere).key() == ""
        assert read_llm(name, {**elsewhere, "api_key": " given "}).key() == "given"
        if provider.base_url and provider.key_variable:
            assert read_llm(name, {"model": "m"}).key() == f"key of {provider.key_variable}"
    assert read_llm("ollama", {"model": "m"}).key() == ""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.org/v1")
    assert read_llm("openai", {"model": "m"}).key() == "key of OPENAI_API_KEY", "whoever set the one set the other"
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com")
    assert read_llm("azure_openai", {"model": "m"}).key() == "key of AZURE_OPENAI_API_KEY"
    assert "given" not in repr(read_llm("openai", {**elsewhere, "api_key": "given"}))


def test_limits_are_read() -> None:
    spec = read_llm("openai", {"model": "m", "temperature": 1, "timeout": 5, "daily_tokens": 9, "top_p": 0.5})
    assert (spec.temperature, spec.timeout, spec.daily_tokens, spec.top_p) == (1.0, 5.0, 9, 0.5)
    assert read_llm("openai", {"model": "m"}).timeout == TIMEOUT


@pytest.mark.parametrize(
    ("provider", "config", "complaint"),
    [
        ("openai", {}, "needs a model"),
        ("openai", {"model": 3}, "model must be a string"),
        ("openai", {"model": "m", "modle": "n"}, "unknown key 'modle'"),
        ("openai", {"model": "m", "temperature": "hot"}, "temperature"),
        ("openai", {"model": "m", "temperature": True}, "temperature"),
        ("openai", {"model": "m", "max_tokens": 0}, "max_tokens"),
        ("openai", {"model": "m", "timeout": 1e9}, "timeout"),
        ("openai", {"model": "m", "base_url": "ftp://x"}, "https://"),
        ("azure_openai", {"model": "m"}, "AZURE_OPENAI_ENDPOINT"),
        ("azure_openai", {"model": "m", "azure_kwargs": 3}, "azure_kwargs must be a dict"),
        ("bedrock", {"model": "m"}, "'bedrock' is not one"),
    ],
)
def test_what_cannot_be_read_is_told(provider: str, config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidConfig, match=complaint):
        read_config({"llm": {"provider": provider, "config": config}})


def test_what_is_wanted_of_facts_stands_beside_the_model() -> None:
    wanted = {
        "custom_instructions": "Note hobbies.",
        "includes": "sports",
        "excludes": "health",
        "custom_categories": [{"sport": "what they play"}, "food"],
    }
    expected = Guidance("Note hobbies.", "sports", "health", {"sport": "what they play", "food": ""})
    assert read_config(wanted).guidance == expected
    assert read_config({"custom_categories": {"a": "b"}}).guidance.custom_categories == {"a": "b"}
    for wrong in ({"includes": 3}, {"custom_categories": 3}, {"custom_categories": [3]}):
        with pytest.raises(InvalidConfig, match=next(iter(wrong))):
            read_config(wrong)
