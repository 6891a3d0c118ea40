"""Hearing turns end: what was said is taken from its context, or from the frame that announces it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from loguru import logger

from .capture import Context, announced
from .compat import USER_TURN_FRAMES
from .messages import ContextMessage, Utterance
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

    def _soon_take(self, context: Context, ids: Ids | None, *, interrupted: bool = False) -> None:
        """Take in a moment what a context holds now, whatever is done to it in between."""
        self._capture.know(context, self._destination())
        held = list(context.get_messages())
        at = self._capture.moment()

        def take() -> None:
            self._capture.read(context, ids, held, interrupted=interrupted, at=at)

        self._soon(take)

    def _take_all(self, *, interrupted: bool = False) -> None:
        self._take_due()
        super()._take_all(interrupted=interrupted)

    def user_turn_added(self, context: Context, text: str) -> None:
        """The user aggregator has put a turn into its context."""
        self._look_who()
        ids, said = self._ids(), announced("user", text)
        self._soon_take(context, ids)  # The turn itself goes first.
        if said is not None:
            at = self._capture.moment()
            self._soon(partial(self._capture.announce, context, said, ids, interrupted=False, at=at))

    def assistant_turn_added(self, context: Context, text: str, interrupted: bool | None) -> None:
        """The assistant aggregator has put a turn into its context."""
        interrupted = self._interrupted if interrupted is None else interrupted
        self._announced(context, announced("assistant", text), self._answered_ids(), interrupted=interrupted)
        self._turn_ids = None

    def summary_written(self, message: ContextMessage) -> None:
        """A summary was put into the context."""
        self._capture.summary(message)

    def _announced(self, context: Context, said: Utterance | None, ids: Ids | None, *, interrupted: bool) -> None:
        """Take what a context holds, and what was announced of it: the application may have rewritten it already."""
        self._take_due()
        self._capture.know(context, self._destination())
        at = self._capture.moment()
        self._capture.read(context, ids, interrupted=interrupted, at=at)
        if said is not None:
            self._capture.announce(context, said, ids, interrupted=interrupted, at=at)

    def _on_turn_frame(self, frame: Any) -> None:
        """A turn was committed, perhaps to a context that never passes here."""
        role = "user" if isinstance(frame, USER_TURN_FRAMES) else "assistant"
        said = announced(role, frame.text)
        if said is None:
            return
        interrupted = role == "assistant" and self._interrupted
        if role == "user":
            self._look_who()
        at, ids = self._capture.moment(), self._ids() if role == "user" else self._answered_ids()
        if self._aggregators.context is not None:
            self._soon_take(self._aggregators.context, ids, interrupted=interrupted)
        else:
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
            if self._aggregators.context is not None:
                self._prompt.show(self._aggregators.context, hits, self._look())
