"""The attributes and names of Mem0's service that applications touch, down to the private ones.

All of it works on an instance made with ``__new__`` whose attributes were set by hand, as Pipecat's own test does.
"""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from loguru import logger
from pipecat.processors.frame_processor import FrameProcessor

from toldonce.recall import in_context, needs_memory

from .backends import GREETING_WAITS, call, results_of, takes
from .block import CLOSING, Blocks, Formatter, Hit, Lines, harmless, know_shape, shown_of
from .capture import Clock, Context
from .compat import INSTRUCTION_ROLE
from .identity import Scope, User, UserId, what_may_be_seen
from .messages import text_of
from .prefetcher import Prefetcher, merged
from .profile import about_the_person_first, newest_first
from .prompt import Look, PromptBlocks
from .writer import Entry, Ids

Order: TypeAlias = Literal["about", "newest", "oldest"]

_MORE = 3
"""So many times the memories of a block are looked up on this machine: some may stand in the prompt already."""

PROFILE_REACH = 1000
"""The newest memories ``get_memories`` looks through."""


class MemorySurface(FrameProcessor):
    """Searching, showing and storing, without a pipeline around it."""

    memory_client: Any
    search_limit: int
    search_threshold: float
    system_prompt: str
    add_as_system_message: bool
    position: int

    agent_id: str | None = None
    run_id: str | None = None
    last_query: str | None = None
    last_recall: Sequence[Hit] = ()
    """The memories in the block of the latest turn."""

    user_name: str | None = None
    assistant_name: str | None = None
    scope: Scope = "user"
    shared_guests: bool = True
    _guest: str | None = None
    """The run of somebody who has no user id, where the application names none."""
    _turn_deadline: float | None = None
    recall_timeout: float = 0.15
    block_role: str | None = None
    closing_note: str = CLOSING
    formatter: Formatter | None = None

    _now: Clock | None = None
    _user: User | None = None
    _user_by_hand: str | None = None
    _prefetcher: Prefetcher | None = None
    _earlier: Sequence[Mapping[str, str]] = ()
    """The last turns, oldest first, as messages."""
    _handed: Mapping[int, Entry] = MappingProxyType({})
    """Messages handed to an overridden ``_store_messages``, by id, and what they are."""
    _epoch: int = 0
    """Grows when everything looked up and shown is dropped."""
    _edits: int | None = None
    """How many edits the memory had seen when a turn last used what was looked up."""

    @property
    def user_id(self) -> str | None:
        """Whose memory it is; None until that is known. May be set at any time, as in the constructor."""
        return self._user_by_hand if self._user is None else self._user.id

    @user_id.setter
    def user_id(self, user_id: UserId) -> None:
        if self._user is not None:
            self._user.set(user_id)
        elif user_id is None or isinstance(user_id, str):
            self._user_by_hand = user_id

    async def get_memories(
        self, *, limit: int | None = None, order: Order = "about", filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """What is known of the person, for example to greet them; ``[]`` if the memory fails.

        Args:
            limit: The most memories to return.
            order: "about": what the person said about themselves first, newest first, the assistant's lines last.
                Or "newest", or "oldest".
            filters: Which memories, in Mem0's grammar, of those this service may see.

        Returns:
            Memories as dicts with at least "memory".
        """
        ids = self._ids()
        if ids is None:
            return []
        visible = self._visible(ids)
        options: dict[str, Any] = {"filters": {"AND": [visible, dict(filters)]} if filters else visible}
        if takes(self.memory_client.get_all, "top_k"):
            options["top_k"] = PROFILE_REACH
        try:
            async with asyncio.timeout(GREETING_WAITS):
                found = results_of(await call(self.memory_client.get_all, **options))
        except Exception as error:  # A greeting without memories is still a greeting.
            logger.error(f"Memories could not be read: {error!r}")
            return []
        found = about_the_person_first(found) if order == "about" else newest_first(found)
        if order == "oldest":
            found.reverse()
        return found if limit is None else found[:limit]

    async def _enhance_context_with_memories(self, context: Context, query: str) -> None:
        """Recall for ``query`` and let the context's one block hold what was recalled."""
        epoch = self._epoch
        deadline = self._deadline()
        still_there = partial(self._still_there, deadline=deadline)
        hits: Sequence[Hit]
        if self._prefetcher is None:
            hits = await self._retrieve_memories(query)
        else:
            answer = await self._prefetcher.at_turn(query, deadline - asyncio.get_running_loop().time())
            found, edits = answer.hits, getattr(self.memory_client, "edits", None)
            if edits != self._edits:  # while the person spoke, perhaps after this was looked up
                self._edits = edits
                found = await still_there(found)
            overdue = await still_there(answer.overdue) if answer.overdue else ()
            wanted = self._needed(query, [*found, *overdue])
            hits = merged(not_in(context, found), not_in(context, overdue), self.search_limit) if wanted else []
        if epoch != self._epoch:
            return  # Meanwhile the user changed, or went off the record: what was found is not for this prompt.
        self.last_query = query
        said = folded(query)  # What the person is saying right now is not news.
        hits = [hit for hit in hits if folded(str(hit.get("memory"))) != said]
        if hits:
            self._prompt.show(context, hits, self._look())
        else:
            hits = await self._prompt.keep(context, still_there, self._look())
        self.last_recall = hits

    async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
        """The memories for ``query``; ``[]`` if the memory fails."""
        try:
            return await self._search(query, self.search_limit)
        except Exception as error:  # As documented.
            logger.error(f"Memories could not be searched: {error!r}")
            return []

    async def _store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Store messages: those a subclass was handed as what was said, others outside any conversation.

        A subclass that overrides this decides of everything said what is stored: it calls this with what may be.
        """
        handed = [self._handed[id(message)] for message in messages if id(message) in self._handed]
        if handed:
            await self._send(handed)
            messages = [message for message in messages if id(message) not in self._handed]
        if not messages:
            return
        try:
            await call(
                self.memory_client.add,
                messages=[dict(message) for message in messages],
                metadata={"platform": "pipecat"},
                **(self._ids() or {}),
            )
        except Exception as error:  # As above.
            logger.error(f"Messages could not be stored: {error!r}")

    async def _look_up(self, query: str) -> Sequence[Hit]:
        """Search, or let a subclass that overrides ``_retrieve_memories`` do it."""
        if type(self)._retrieve_memories is not MemorySurface._retrieve_memories:
            return await self._retrieve_memories(query)
        return await self._search(query, self.search_limit * (_MORE if self._embedded else 1))

    async def _send(self, entries: Sequence[Entry]) -> None:
        raise NotImplementedError("only a service in a pipeline is handed what was said")

    async def _search(self, query: str, limit: int) -> list[dict[str, Any]]:
        ids = self._ids()
        if ids is None:
            return []
        if self._edits is None:
            self._edits = getattr(self.memory_client, "edits", None)
        answer = await call(
            self.memory_client.search,
            query=query,
            filters=self._visible(ids),
            top_k=limit,
            threshold=self.search_threshold,
            **self._turns_before(query),
        )
        hits = results_of(answer)
        self._lines.prepare(hits)
        return hits

    def _turns_before(self, query: str) -> dict[str, Any]:
        """What a follow-up ("and where?") leans on, for a memory that understands it."""
        if not self._leans or not self._earlier:
            return {}
        turns = [dict(turn) for turn in self._earlier]
        if folded(turns[-1]["content"]) == folded(query):  # The turn that asks was taken already.
            turns.pop()
        return {"context": turns} if turns else {}

    def _needed(self, query: str, hits: Sequence[Hit]) -> bool:
        """Whether the turn wants what was found for it: thanks and greetings do not."""
        before = self._turns_before(query).get("context", ())
        asked = in_context(query, [(turn["role"], turn["content"]) for turn in before])
        return needs_memory(asked, [str(hit.get("memory")) for hit in hits])

    @cached_property
    def _embedded(self) -> bool:
        """Whether the memory is the engine in this process."""
        from toldonce.memory import AsyncMemory

        return isinstance(self.memory_client, AsyncMemory)

    @cached_property
    def _leans(self) -> bool:
        return "context" in inspect.signature(self.memory_client.search).parameters

    def _deadline(self) -> float:
        """When a turn that begins now goes on, as the loop's clock has it. It holds for all that is awaited in it."""
        return self._turn_deadline or asyncio.get_running_loop().time() + self.recall_timeout

    async def _still_there(self, hits: Sequence[Hit], deadline: float) -> list[Hit]:
        """The memories as they are now, without those deleted since. Who cannot tell, or not soon, is trusted."""
        get = getattr(self.memory_client, "get", None)
        if get is None:
            return list(hits)

        async def now(hit: Hit) -> Hit | None:
            if hit.get("id") is None:
                return hit
            try:
                known = await call(get, memory_id=hit["id"])
            except ValueError:  # No such memory.
                return None
            if known is None or known.get("memory") == hit.get("memory"):
                return known and hit
            return {**{key: value for key, value in hit.items() if key != "passage"}, "memory": known.get("memory")}

        try:
            async with asyncio.timeout_at(deadline):
                found = await asyncio.gather(*map(now, hits))
        except Exception as error:  # Late, or failed: as above.
            logger.debug(f"Memories could not be checked: {error!r}")
            return list(hits)
        return [hit for hit in found if hit is not None]

    def _ids(self) -> Ids | None:
        """The entity ids of this call; None while the user is not known yet."""
        if self._user is not None and self._user.pending:
            return None
        guest = self._guest if self.user_id is None and not self.shared_guests else None
        ids = {"user_id": self.user_id, "agent_id": self.agent_id, "run_id": self.run_id or guest}
        return {key: value for key, value in ids.items() if value}

    def _visible(self, ids: Ids) -> dict[str, Any]:
        return what_may_be_seen(ids, self.scope, shared_guests=self.shared_guests)

    def _look(self) -> Look:
        know_shape(self.system_prompt, self.closing_note)
        role = self.block_role or (INSTRUCTION_ROLE if self.add_as_system_message else "user")
        return Look(role, self.position, self._render)

    def _render(self, hits: Sequence[Hit]) -> str:
        shown = self._lines(hits) if self.formatter is None else self.formatter([harmless(hit) for hit in hits])
        return f"{self.system_prompt}{shown}{self.closing_note}"

    @cached_property
    def _lines(self) -> Lines:
        names = {"user": self.user_name, "assistant": self.assistant_name}
        return Lines(names, self._now().tzinfo if self._now is not None else None)

    @cached_property
    def _blocks(self) -> Blocks:
        return Blocks(uuid.uuid4().hex)

    @cached_property
    def _prompt(self) -> PromptBlocks:
        return PromptBlocks(self._blocks)


def not_in(context: Context, hits: Sequence[Hit]) -> list[Hit]:
    """The memories that do not stand in the conversation word for word: the LLM reads those anyway."""
    if not hits:
        return []
    standing = {text_of(message).strip() for message in context.get_messages()}
    return [
        hit
        for hit in hits
        if str(hit.get("memory")).strip() not in standing
        and not all(part.strip() in standing for part in str(shown_of(hit)).split(" — "))
    ]


def folded(text: str) -> str:
    """A text as far as it counts when two are compared."""
    return " ".join(text.casefold().split())
