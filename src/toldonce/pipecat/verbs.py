"""What an application, or its LLM, asks of a running service: pause, search, remember, forget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from .aggregators import Aggregators
from .backends import call, kept_at, results_of, takes
from .block import Hit
from .capture import Capture, Context
from .identity import of_guest
from .settings import ADJUSTABLE, MemorySettings
from .surface import MemorySurface, folded
from .tools import Tool, clearly_about, make_tools
from .writer import Ids, Writer

NOTHING_AHEAD: tuple[str, Sequence[Hit]] = ("", ())
_FORGET_REACH = 100
"""Memories a request to forget looks through."""


class MemoryVerbs(MemorySurface):
    """The verbs of a service in a pipeline."""

    prefetch: bool
    shutdown_timeout: float
    _capture: Capture
    _aggregators: Aggregators
    _writer: Writer
    _speculated: tuple[str, Sequence[Hit]]
    """What was answered ahead, and with which memories."""
    _turn_ids: Ids | None = None
    """Whose turn is being answered."""

    @property
    def paused(self) -> bool:
        """Whether the talk is off the record."""
        return not self._capture.recording

    def pause(self) -> None:
        """Go off the record: what is said from now on is never stored, nothing is looked up, the block goes."""
        self._take_all()
        self._capture.recording = False
        self._drop_recall()

    def resume(self) -> None:
        """Back on the record. What was said in between is not stored later either."""
        self._take_all()
        self._capture.recording = True

    @property
    def settings(self) -> MemorySettings:
        """The settings as they are; change them by attribute, or with a ``MemoryUpdateSettingsFrame``."""
        return MemorySettings(model=None, **{name: getattr(self, name) for name in ADJUSTABLE})

    def tools(self) -> list[Tool]:
        """``search_memory``, ``remember``, ``forget`` and ``list_memories``, for ``LLMContext(tools=...)``."""
        return make_tools(self)

    async def find(self, query: str) -> Sequence[Hit]:
        """The memories for a query; errors are the memory's own."""
        return await self._search(query, self.search_limit)

    async def note(self, fact: str) -> None:
        """Remember a sentence as something the person said, beside the conversation."""
        options = {"infer": False} if takes(self.memory_client.add, "infer") else {}
        message = {"role": "user", "content": fact}
        await call(
            self.memory_client.add,
            messages=[message if self.user_name is None else message | {"name": self.user_name}],
            metadata={"platform": "pipecat", "tool": "remember"},
            **options,
            **(self._ids() or {}),
        )

    async def forget(
        self, query: str, *, ids: Iterable[str] = (), context: Context = None
    ) -> tuple[list[Hit], list[Hit]]:
        """Delete what was said about something.

        Deleted are the memories of these ids, those that clearly speak of ``query``, and the request itself, if
        ``context`` ends with it; the answer to it is not stored. Block and lookups lose them at once.

        Returns:
            The memories deleted, and others that may be meant too.
        """
        self._take_all()
        await self._writer.flush(self.shutdown_timeout)
        request = None if context is None else self._query(context)
        named = set(ids)
        found = await self._candidates(query)
        forgotten, perhaps = clearly_about(query, found)
        forgotten += [hit for hit in perhaps if hit.get("id") in named]
        perhaps = [hit for hit in perhaps if hit.get("id") not in named]
        if request is not None:
            self._capture.hush_reply()
            asked = [hit for hit in await self._candidates(request) if folded(str(hit["memory"])) == folded(request)]
            known = {hit["id"] for hit in forgotten}
            forgotten += [hit for hit in asked if hit["id"] not in known]
        for hit in forgotten:
            await call(self.memory_client.delete, memory_id=hit["id"])
        self._speculated = NOTHING_AHEAD
        if self._prefetcher is not None:
            self._prefetcher.forget()
        await self._prompt.refresh(partial(self._still_there, deadline=self._deadline()), self._look())
        return forgotten, perhaps

    async def _candidates(self, query: str) -> list[dict[str, Any]]:
        """What may be forgotten: of a user, only their own; nothing while it is asked who the user is."""
        ids = self._ids()
        if ids is None:
            return []
        answer = await call(
            self.memory_client.search,
            query=query,
            filters={"user_id": ids["user_id"]} if "user_id" in ids else of_guest(ids),
            top_k=_FORGET_REACH,
            threshold=0.0,
        )
        return results_of(answer)

    def _query(self, context: Context) -> str | None:
        """The newest thing the user said."""
        for message in reversed(context.get_messages()):
            said = self._capture.utterance(message)
            if said is not None and said.role == "user":
                return said.text
        return None

    def _take_all(self, *, interrupted: bool = False) -> None:
        """Take what is new in every context there is."""
        if self._aggregators.context is not None:
            self._capture.know(self._aggregators.context, self._destination())
        self._capture.read_all(self._answered_ids(), interrupted=interrupted)

    def _answered_ids(self) -> Ids | None:
        """Whose an answer is: of whom it was said to, though the user may have changed since."""
        return self._turn_ids or self._ids()

    def _look_who(self) -> None:
        """Ask again who the user is, before anything of a turn is taken or looked up."""
        if self._user is not None:
            self._user.look()

    def _destination(self) -> tuple[Any, ...]:
        """Two services with the same one store each message once between them."""
        whose = id(self._user) if self.user_id is None and self._user is not None else self.user_id
        return kept_at(self.memory_client), whose, self.agent_id, self.run_id

    def _drop_recall(self) -> None:
        """Nothing that was looked up or shown is of use any more."""
        self._epoch += 1
        self._speculated = NOTHING_AHEAD
        self.__dict__.pop("_lines", None)
        if self._prefetcher is not None:
            self._prefetcher.forget()
        self._prompt.clear_all()
        self.last_query, self.last_recall = None, ()
