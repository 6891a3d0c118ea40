"""Models that are asked to read what was said: which there are, and one client for all of them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from toldonce.llm.spec import LlmSpec, parse_llm, read_llm

__all__ = ["ChatModel", "Completion", "LlmSpec", "parse_llm", "read_llm"]


class Completion(NamedTuple):
    """What a model answered, and what that took."""

    text: str
    input_tokens: int
    """As the host counts them; 0 where it does not say."""
    output_tokens: int


class ChatModel(Protocol):
    """A model that follows instructions; any thread may ask it."""

    @property
    def name(self) -> str:
        """What made a fact: the provider and the model."""
        ...

    def complete(self, instructions: str, text: str, schema: dict[str, Any]) -> Completion:
        """One answer, asked for as JSON of this schema, but not checked. Raises the ``RemoteError``s."""
        ...

    def close(self) -> None:
        """Let go of connections; one under way is broken off."""
        ...
