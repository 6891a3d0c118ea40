"""Which model reads what was said: Mem0's ``llm`` section, or one line such as ``ollama:qwen3:8b``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from toldonce.errors import InvalidConfig
from toldonce.net.address import origin, read_address
from toldonce.net.openai import CLOUD

TIMEOUT = 60.0
"""Seconds for one answer, unless the configuration says otherwise."""
LONGEST_TIMEOUT = 600.0
_KEY_FROM = "the configuration's api_key"


class Provider(NamedTuple):
    """A host, or a program on this machine, that speaks OpenAI's chat protocol."""

    base_url: str | None
    """None: the configuration has to say."""
    key_variable: str | None
    """The environment variable whose key goes to ``base_url``, and nowhere else."""
    address: str
    """What Mem0 calls the address in ``config``."""
    address_variable: str | None = None
    """The environment variable that may name another address; the key goes there too."""


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(CLOUD, "OPENAI_API_KEY", "openai_base_url", "OPENAI_BASE_URL"),
    "azure_openai": Provider(None, "AZURE_OPENAI_API_KEY", "azure_endpoint", "AZURE_OPENAI_ENDPOINT"),
    "anthropic": Provider("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "anthropic_base_url"),
    "gemini": Provider("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", "gemini_base_url"),
    "groq": Provider("https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq_base_url"),
    "together": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY", "together_base_url"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek_base_url", "DEEPSEEK_API_BASE"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY", "xai_base_url", "XAI_API_BASE"),
    "ollama": Provider("http://localhost:11434/v1", None, "ollama_base_url"),
    "lmstudio": Provider("http://localhost:1234/v1", None, "lmstudio_base_url"),
    "vllm": Provider("http://localhost:8000/v1", "VLLM_API_KEY", "vllm_base_url", "VLLM_BASE_URL"),
}
SETTINGS = frozenset({"model", "api_key", "base_url", "temperature", "max_tokens", "top_p", "timeout", "daily_tokens"})
"""What ``config`` takes for every provider, besides the address under Mem0's name and ``azure_kwargs``."""
_LINE = re.compile(rf"(?P<provider>{'|'.join(PROVIDERS)}):(?P<model>.+?)(?:@(?P<url>https?://\S+))?")


@dataclass(frozen=True, slots=True)
class LlmSpec:
    """Which model, where, and what it may take; ``str()`` gives the line, without the key."""

    provider: str
    model: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    timeout: float = TIMEOUT
    """Seconds for one answer, all of it."""
    daily_tokens: int | None = None
    """Tokens that a store may use on one day (UTC), input and output; None: as many as it likes."""

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}@{self.base_url}"

    def key(self) -> str:
        """The key that belongs to the address: the one given, or the provider's own from the environment."""
        if self.api_key and self.api_key.strip():
            return self.api_key.strip()
        provider = PROVIDERS[self.provider]
        if provider.key_variable is None:
            return ""
        named = os.environ.get(provider.address_variable or "")
        homes = [url for url in (provider.base_url, named) if url]
        belongs = any(origin(self.base_url) == origin(home) for home in homes)
        return os.environ.get(provider.key_variable, "").strip() if belongs else ""


def parse_llm(line: str) -> LlmSpec:
    """Read ``PROVIDER:MODEL[@BASE_URL]``. Raises ``InvalidConfig``."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise InvalidConfig(
            f"{line!r} names no model. Say PROVIDER:MODEL or PROVIDER:MODEL@BASE_URL, such as ollama:qwen3:8b; the "
            f"providers are {', '.join(PROVIDERS)}."
        )
    settings: dict[str, Any] = {"model": found["model"]}
    if found["url"]:
        settings["base_url"] = found["url"]
    return read_llm(found["provider"], settings)


def read_llm(provider: str, config: Mapping[str, Any]) -> LlmSpec:
    """Read the ``config`` of Mem0's ``llm`` section. Raises ``InvalidConfig``."""
    model = _text(config, "model")
    address = _text(config, PROVIDERS[provider].address) or _text(config, "base_url")
    key = _text(config, "api_key")
    if provider == "azure_openai":
        azure = config.get("azure_kwargs") or {}
        if not isinstance(azure, Mapping):
            raise InvalidConfig("llm.config.azure_kwargs must be a dict with azure_endpoint and azure_deployment.")
        model = _text(azure, "azure_deployment") or model
        address = _text(azure, "azure_endpoint") or address
        key = _text(azure, "api_key") or key
    if not model:
        raise InvalidConfig(f"llm: provider {provider!r} needs a model: {{'config': {{'model': NAME}}}}.")
    return LlmSpec(
        provider,
        model,
        _base_url(provider, address),
        key,
        _number(config, "temperature", 0, 2),
        _whole(config, "max_tokens"),
        _number(config, "top_p", 0, 1),
        _number(config, "timeout", 1, LONGEST_TIMEOUT) or TIMEOUT,
        _whole(config, "daily_tokens"),
    )


def _base_url(provider: str, given: str | None) -> str:
    known = PROVIDERS[provider]
    named = given or os.environ.get(known.address_variable or "") or known.base_url
    if not named:
        raise InvalidConfig(
            f"llm: {provider} needs its address: {known.address} in the configuration, or {known.address_variable}."
        )
    parts = read_address(named, "The model's address", "http://localhost:11434/v1", _KEY_FROM)
    if not parts.path:  # Mem0 names these programs without the version
        parts = parts._replace(path="/openai/v1" if provider == "azure_openai" else "/v1")
    return parts.geturl()


def _text(config: Mapping[str, Any], key: str) -> str | None:
    value = config.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidConfig(f"llm.config.{key} must be a string, not {type(value).__name__}.")
    return value


def _number(config: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    value = config.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise InvalidConfig(f"llm.config.{key} must be a number from {least:g} to {most:g}, not {value!r}.")
    return float(value)


def _whole(config: Mapping[str, Any], key: str) -> int | None:
    value = config.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidConfig(f"llm.config.{key} must be a whole number from 1, not {value!r}.")
    return value
