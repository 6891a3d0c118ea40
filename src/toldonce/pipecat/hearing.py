"""Hearing turns end: what was said is taken from its context, or from the frame that announces it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from loguru import logger

from .capture import Context, announced
from .compat import USER_TURN_FRAMES
from .messages import Utterance
from .prefetcher import words_of
from .seen import SeenMessages
from .verbs import NOTHING_AHEAD, MemoryVerbs
from .writer import Ids

_TURN_COMES = 0.005
"""Seconds after which what was said is taken: by then the turn is at the LLM, if it need not wait for memories."""


class MemoryHearing(MemoryVerbs):
    """The part of a service that hears."""

    _interrupted: bool
    """Whether the assistant was spoken into since the last turn."""
    _due: list[Callable[[], None]]
    """What is to be taken in a moment."""

    def _soon(self, take: Callable[[], None]) -> None:
        """Take what was said in a moment: the turn goes first."""
        self._due.append(take)
        if len(self._due) == 1:
            self.get_event_loop().call_later(_TURN_COMES, self._take_due)

    def _take_due(self) -> None:
        due, self._due = self._due, []
        for take in due:
            try:
                take()
            except Exception as error:  # One context that cannot be read is no reason to lose another.
                logger.error(f"{self}: what was said could not be read: {error!r}")

    def _take(
        self, context: Context, ids: Ids | None, *, interrupted: bool = False, at: datetime | None = None
    ) -> None:
        """Store what is new in a context."""
        self._capture.know(context, self._destination())
        self._capture.read(context, ids, interrupted=interrupted, at=at)

    def _take_all(self, *, interrupted: bool = False) -> None:
        self._take_due()
        super()._take_all(interrupted=interrupted)

    async def _on_assistant_turn(self, context: Context, interrupted: bool | None) -> None:
        """The assistant aggregator has put a turn into its context."""
        self._take_due()
        ids = self._answered_ids()
        self._take(context, ids, interrupted=self._interrupted if interrupted is None else interrupted)
        self._turn_ids = None

    def _on_turn_frame(self, frame: Any) -> None:
        """A turn was committed, perhaps to a context that never passes here."""
        role = "user" if isinstance(frame, USER_TURN_FRAMES) else "assistant"
        said = announced(role, frame.text)
        if said is None:
            return
        interrupted = role == "assistant" and self._interrupted
        at, ids = self._capture.moment(), self._ids() if role == "user" else self._answered_ids()
        for context in self._aggregators.contexts:
            self._soon(partial(self._take, context, ids, interrupted=interrupted, at=at))
        if not self._aggregators.contexts:
            taken = self._capture.taken()
            self._soon(partial(self._hear, said, ids, taken, interrupted=interrupted, at=at))
        if role == "user":
            self._keep_speculated(said.text)

    def _hear(
        self, said: Utterance, ids: Ids | None, taken: Mapping[SeenMessages, int], *, interrupted: bool, at: datetime
    ) -> None:
        self._capture.read_all(ids, interrupted=interrupted)
        self._capture.hear(said, ids, taken, interrupted=interrupted, at=at)

    def _keep_speculated(self, text: str) -> None:
        """The user did say what was answered ahead: no other context frame follows, and the block belongs here."""
        (query, hits), self._speculated = self._speculated, NOTHING_AHEAD
        if hits and words_of(query) == words_of(text):
            self.last_query, self.last_recall = query, hits
            for context in self._aggregators.contexts:
                self._prompt.show(context, hits, self._look())
