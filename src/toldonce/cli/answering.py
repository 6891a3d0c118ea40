"""What answers the person: Pipecat's OpenAI service where there is one to ask, else one that quotes the best memory."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from toldonce.net.openai import default_base_url, key_for, read_base_url
from toldonce.remember.questions import asked_in
from toldonce.remember.verbatim import draft
from toldonce.text.keys import ANSWERED
from toldonce.types import Message

from .show import day, one_line, said_at

if TYPE_CHECKING:
    from pipecat.processors.frame_processor import FrameProcessor

    from toldonce.pipecat import Mem0MemoryService

BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server whose language model answers.")
]
ModelName = Annotated[str | None, typer.Option(metavar="NAME", help="The language model to ask there.")]

GREETED_WITH = 3
"""How many memories a greeting names at most."""

PATIENCE = 1.0
"""Seconds a turn may wait for its memories. Here a slow recall is rather shown than left out."""

RIGHT_BEFORE = -1
"""The block's position: right before what the person says now. The context has no system message to stand behind."""

Search: TypeAlias = Callable[[str], Awaitable[Mapping[str, Any]]]
"""A search for a text, as ``AsyncMemory`` answers it."""

_NO_KEY = "none"
"""A server of one's own asks for no key, but the client insists on sending one."""


@dataclass(frozen=True, slots=True)
class Model:
    """Which language model answers, if any does."""

    base_url: str | None = None
    name: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether one was named, on the command line or by the environment."""
        return bool(self.base_url or os.environ.get("OPENAI_API_KEY"))

    @property
    def key(self) -> str:
        """``OPENAI_API_KEY`` where it belongs, to OpenAI or ``OPENAI_BASE_URL``; no other server gets to see it."""
        return key_for(read_base_url(self.base_url or default_base_url())) or _NO_KEY


def read_model(base_url: str | None, name: str | None) -> Model:
    """The model of the options ``--llm-base-url`` and ``--llm-model``."""
    model = Model(base_url, name)
    if name and not model.wanted:
        raise typer.BadParameter("say where it is, by --llm-base-url or OPENAI_API_KEY.", param_hint="--llm-model")
    return model


def make_responder(model: Model, recall: TurnRecall, user_name: str, assistant_name: str) -> FrameProcessor:
    """What stands behind the memory service in the pipeline."""
    from .responders import Quoter

    if not model.wanted:

        async def answer(said: str) -> str:
            return reply(said, await recall.hits_or_search(said))

        return Quoter(answer)
    from pipecat.services.openai.llm import OpenAILLMService

    settings = OpenAILLMService.Settings(system_instruction=_instruction(user_name, assistant_name))
    if model.name:
        settings.model = model.name
    return OpenAILLMService(api_key=model.key, base_url=model.base_url, settings=settings)


def _instruction(user_name: str, assistant_name: str) -> str:
    """What a language model is told about its part."""
    return (
        f"You are {assistant_name}, a voice assistant talking with {user_name}. "
        "Answer in one or two short spoken sentences, from what you recall of earlier conversations. "
        "Where two memories disagree, the newer one holds. If you recall nothing about it, say that you do not know."
    )


def told(memories: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What to greet the person with: of the first of ``get_memories()``, those the person told."""
    return [memory for memory in memories[:GREETED_WITH] if memory["role"] == "user" and not _only_asks(memory)]


def greeting(user_name: str, memories: Sequence[Mapping[str, Any]]) -> str:
    """How the agent greets the person of whom it has these memories."""
    if not memories:
        return f"Hello {user_name}. We have not talked before."
    return f"Hello {user_name}, good to have you back. You told me:"


def quote(hits: Sequence[Mapping[str, Any]]) -> str:
    """An answer without a language model: the best of the ``hits`` that can be one, word for word."""
    best = next((hit for hit in hits if not _only_asks(hit)), None)
    if best is None:
        return "I don't know anything about that yet."
    who = "I told you" if best["role"] == "assistant" else "You told me"
    return f"{who} on {day(said_at(best))}: “{one_line(best['memory'])}”"


def reply(said: str, hits: Sequence[Mapping[str, Any]]) -> str:
    """An answer without a language model: a question is answered with ``quote``, a statement is acknowledged.

    Not every question can be told from a statement: what was recalled is quoted to both. What the person says just now
    is quoted to nobody.
    """
    known = [hit for hit in hits if not _is_said_now(hit, said)]
    if asked_in(said) is not None:
        return quote(known)
    kept = "I'll remember that." if draft(Message("user", said), ()) is not None else "All right."
    known = [hit for hit in known if not _only_asks(hit)]
    return f"{kept} {quote(known)}" if known else kept


def _is_said_now(hit: Mapping[str, Any], said: str) -> bool:
    """Whether a search found the words it was made for, which were stored meanwhile."""
    return bool(hit["memory"].rpartition(ANSWERED)[2] == said)


def _only_asks(hit: Mapping[str, Any]) -> bool:
    """A question that was asked before answers nothing. An assistant's remark before its question leads up to it."""
    sentences = re.split(r"(?<=[.!?])\s+", hit["memory"].strip())
    if hit["role"] == "assistant":
        return sentences[-1].endswith("?")
    return all(sentence.endswith("?") for sentence in sentences)


class TurnRecall:
    """What the memory service recalled for the turn at hand, and for no other."""

    def __init__(self, service: Mem0MemoryService, search: Search | None = None) -> None:
        """``search``: where to look for what the block left out, as it was said in this talk."""
        self._service = service
        self._search = search
        self._before: list[Mapping[str, Any]] = []
        self._found: Sequence[Mapping[str, Any]] = ()

    def next_turn(self) -> None:
        """Another turn begins."""
        self._before, self._found = list(self._service.last_recall), ()

    def hits(self) -> Sequence[Mapping[str, Any]]:
        """Best first."""
        # A turn that recalls nothing keeps the block of the turn before, hit for hit.
        return self._found or [hit for hit in self._service.last_recall if not any(hit is old for old in self._before)]

    async def hits_or_search(self, said: str) -> Sequence[Mapping[str, Any]]:
        """The hits; without any, what a search finds: a language model reads the talk itself, a quoter does not."""
        if self._search is not None and not self.hits():
            self._found = (await self._search(said))["results"]
        return self.hits()
