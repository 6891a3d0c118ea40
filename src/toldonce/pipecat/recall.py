"""What a turn recalls: looked up ahead of it, chosen for it, and shown in its context."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence, Set
from contextlib import suppress
from functools import partial
from typing import Any

from loguru import logger

from toldonce.recall import in_context, needs_memory

from .block import Hit, RecallBlock, shown_of
from .capture import Context
from .client import MemoryClient
from .identity import Identity, own_rows
from .lookups import key_of, merged, words_of
from .messages import StandingTexts
from .options import Options
from .prefetcher import Prefetcher
from .prompt import PromptBlocks
from .wishes import wishes_of
from .writer import Ids

_EARLIER = 6
"""Turns that a follow-up may lean on."""

_NOTHING_AHEAD: tuple[str, Sequence[Hit]] = ("", ())


class Recall:
    """Searches for one session, and keeps its prompt blocks up to date."""

    def __init__(
        self,
        client: MemoryClient,
        identity: Identity,
        options: Options,
        prefetcher: Prefetcher,
        prompt: PromptBlocks,
    ) -> None:
        self._client = client
        self._identity = identity
        self._options = options
        self._prefetcher = prefetcher
        self._prompt = prompt
        self.last_query: str | None = None
        self.last_recall: Sequence[Hit] = ()
        """The memories in the block of the latest turn."""
        self._earlier: deque[tuple[str, str]] = deque(maxlen=_EARLIER)
        """The last turns, oldest first: role and words."""
        self._ahead = _NOTHING_AHEAD
        """What was answered ahead, and with which memories."""
        self._turn_ends: float | None = None
        self._epoch = 0
        """Grows when everything looked up and shown is dropped."""
        self._wishing: Ids | None = None
        """Whose wishes were looked up for this turn."""
        self._standing = StandingTexts()
        self._judged: tuple[object, bool] = None, False
        """What was judged last, and whether it wants memories."""
        self._wishes_failing = False
        self._edits: int | None = None
        """How many edits the memory had seen when a turn last used what was looked up."""

    def said(self, role: str, text: str) -> None:
        """Something was said that what follows may lean on."""
        self._earlier.append((role, text))

    def turn_begins(self) -> float:
        """A turn begins to wait now. When it goes on, as the loop's clock has it."""
        self._turn_ends = asyncio.get_running_loop().time() + self._options.recall_timeout
        return self._turn_ends

    async def recall(self, context: Context, query: str) -> None:
        """Recall for ``query`` and let the context's one block hold what was recalled."""
        epoch, deadline = self._epoch, self._deadline
        answer = await self._prefetcher.at_turn(query, deadline - asyncio.get_running_loop().time())
        found, overdue = answer.hits, answer.overdue
        if self._client.edits != self._edits:  # while the person spoke, perhaps after this was looked up
            self._edits = self._client.edits
            found = await self._client.still_there(found, deadline)
            overdue = await self._client.still_there(overdue, deadline) if overdue else ()
            await self.wish_again()
        hits: Sequence[Hit] = ()
        if self._needed(query, [*found, *overdue]):
            standing = self._standing_in(context)
            hits = merged(not_in(standing, found), not_in(standing, overdue), self._options.search_limit)
        if epoch == self._epoch:
            await self.present(context, query, hits)
        else:  # The user changed, or went off the record. Neither this nor a block that was put back is for the prompt.
            self._prompt.clear(context)

    async def present(self, context: Context, query: str, hits: Sequence[Hit]) -> None:
        """Let the context's one block hold what was found for ``query``; if nothing was, what it held, for a while."""
        self.last_query = query
        said = folded(query)  # What the person is saying right now is not news.
        hits = [hit for hit in hits if folded(str(hit.get("memory"))) != said]
        if hits:
            self._prompt.show(context, hits)
        else:
            hits = await self._prompt.keep(context, partial(self._client.still_there, deadline=self._deadline))
        self.last_recall = hits
        self._wishing = None

    def present_known(self, context: Context, known: Sequence[Hit]) -> None:
        """Let the context's block hold what is known of the person too."""
        recalled = {key_of(hit) for hit in self.last_recall}
        unsaid = not_in(self._standing_in(context), known)
        hits = [*self.last_recall, *(hit for hit in unsaid if key_of(hit) not in recalled)]
        self._prompt.show(context, hits)
        self.last_recall = hits

    async def find(self, query: str, limit: int | None = None) -> list[dict[str, Any]]:
        """The memories for a query, best first; errors are the memory's own."""
        ids = self._identity.ids
        if ids is None:
            return []
        if self._edits is None:
            self._edits = self._client.edits
        wishes = asyncio.ensure_future(self.look_for_wishes())
        try:  # Not in a task as well: a search goes out at once when it is asked for.
            hits = await self._client.search(
                query,
                self._identity.visible(ids),
                limit=self._options.search_limit if limit is None else limit,
                threshold=self._options.search_threshold,
                turns=self._turns_before(query),
            )
            await wishes
        finally:
            wishes.cancel()
        hits = own_rows(hits, ids)
        self._prompt.prepare(hits)
        return hits

    async def look_for_wishes(self) -> None:
        """Look up what stands in every block, once a turn. If that fails, what stood there before still does."""
        ids, epoch = self._identity.ids, self._epoch
        if ids is None or ids == self._wishing:
            return
        self._wishing = ids
        try:
            wishes = wishes_of(await self._client.facts(ids))
        except asyncio.CancelledError:  # The lookup beside it was called off; the next one asks again.
            self._wishing = None if self._wishing is ids else self._wishing
            raise
        except Exception as error:  # A turn without wishes is still a turn.
            self._prefetcher.tally.wishes_failed += 1
            if not self._wishes_failing:
                logger.warning(f"Standing wishes could not be looked up; those known before still hold: {error!r}")
            self._wishes_failing = True
            return
        self._wishes_failing = False
        if epoch == self._epoch and ids == self._identity.ids:
            self._prompt.wishes = wishes

    async def wish_again(self) -> None:
        """Somebody else speaks, or memories were changed: no wish stands that may be another's, or gone."""
        self._wishing, self._prompt.wishes = None, ()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._deadline):
                await self.look_for_wishes()

    async def look_up(self, query: str) -> list[dict[str, Any]]:
        """The memories that may go into the block of a turn; errors are the memory's own."""
        hits = await self.find(query, self._client.for_a_block_of(self._options.search_limit))
        self._needed(query, hits)  # Judged here, while the person still speaks, and not in the turn.
        return hits

    def answered_ahead(self, before: tuple[str | None, Sequence[Hit]]) -> None:
        """What was recalled last was for words the user may take back; ``before``: what was recalled before them."""
        self._ahead = self.last_query or "", self.last_recall
        self.last_query, self.last_recall = before

    def confirmed(self, text: str, context: Context) -> None:
        """The user committed to a turn. If it was answered ahead, no other context follows: the block belongs here."""
        (query, hits), self._ahead = self._ahead, _NOTHING_AHEAD
        if hits and words_of(query) == words_of(text):
            self.last_query, self.last_recall = query, hits
            if context is not None:
                self._prompt.show(context, hits)

    async def refresh(self) -> None:
        """Memories were deleted: nothing that was looked up is of use, and the blocks lose them."""
        self._ahead = _NOTHING_AHEAD
        self._prefetcher.forget()
        await self.wish_again()
        await self._prompt.refresh(partial(self._client.still_there, deadline=self._deadline))

    def drop(self) -> None:
        """Nothing that was looked up or shown is of use any more."""
        self._epoch += 1
        self._wishing = None
        self._ahead = _NOTHING_AHEAD
        self._prefetcher.forget()
        self._prompt.clear_all()
        self.last_query, self.last_recall = None, ()

    def forget_talk(self) -> None:
        """What follows leans on nothing that was said before."""
        self._earlier.clear()

    @property
    def epoch(self) -> int:
        """Another number after each ``drop``."""
        return self._epoch

    @property
    def _deadline(self) -> float:
        """It holds for all that is awaited in a turn."""
        return self._turn_ends or asyncio.get_running_loop().time() + self._options.recall_timeout

    def _needed(self, query: str, hits: Sequence[Hit]) -> bool:
        """Whether the turn wants what was found for it: thanks and greetings do not."""
        before = self._turns_before(query) if self._client.leans else []
        asked = query, [(turn["role"], turn["content"]) for turn in before], [str(hit.get("memory")) for hit in hits]
        if self._judged[0] != asked:
            _, earlier, found = asked
            self._judged = asked, needs_memory(in_context(query, earlier), found)
        return self._judged[1]

    def _standing_in(self, context: Context) -> Set[str]:
        return self._standing.texts([one for one in context.get_messages() if not isinstance(one, RecallBlock)])

    def _turns_before(self, query: str) -> list[dict[str, str]]:
        """What a follow-up ("and where?") leans on."""
        turns = [{"role": role, "content": text} for role, text in self._earlier]
        if turns and folded(turns[-1]["content"]) == folded(query):  # The turn that asks was taken already.
            turns.pop()
        return turns


def not_in(standing: Set[str], hits: Sequence[Hit]) -> list[Hit]:
    """The memories that do not stand in the conversation word for word: the LLM reads those anyway."""
    return [
        hit
        for hit in hits
        if str(hit.get("memory")).strip() not in standing
        and not all(part.strip() in standing for part in str(shown_of(hit)).split(" — "))
    ]


def folded(text: str) -> str:
    """A text as far as it counts when two are compared."""
    return " ".join(text.casefold().split())
