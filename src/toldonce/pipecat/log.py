"""The transcript log of a session: what was said is taken from its context, or from what announces it, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import partial
from typing import Literal

from loguru import logger

from .capture import Capture, Context, announced
from .identity import Identity
from .messages import ContextMessage, Utterance, spoken
from .seen import SeenMessages
from .speakers import Speakers
from .writer import Owner

_TURN_COMES = 0.005
"""Seconds after which what was said is taken: by then the turn is at the LLM, if it need not wait for memories."""


_SENT_KEPT = 32
"""Context frames that may be on their way; one may get lost."""


class TranscriptLog:
    """Hears what was said from contexts, from their aggregators and from frames, and takes each thing once."""

    def __init__(
        self,
        capture: Capture,
        identity: Identity,
        destination: Callable[[], Hashable],
        another_speaks: Callable[[], None] | None = None,
    ) -> None:
        """``destination``: equal for all who store the same words in the same place.

        ``another_speaks``: told that the next words are somebody else's, where several people may speak.
        """
        self.capture = capture
        self._identity = identity
        self._destination = destination
        self._another_speaks = another_speaks
        self.speakers = Speakers()
        self._context: Context = None
        self._interrupted = False
        """Whether the assistant was spoken into since the last turn."""
        self.passed = False
        """Whether a context has passed, or it was said that none does."""
        self._turns = capture.turns
        self._sent: dict[int, Owner] = {}
        """Whose the turns are in context frames that are on their way here."""
        self._due: list[Callable[[], None]] = []
        """What is to be taken in a moment."""

    @property
    def context(self) -> Context:
        """The context that the aggregators around the session keep, if there are any."""
        return self._context

    @context.setter
    def context(self, context: Context) -> None:
        self._context = context
        self.capture.hears_turns = context is not None

    def committed(self, text: str) -> None:
        """A turn of the user is being put into its context: it is of whoever is there now, not a moment later."""
        text = spoken(text)
        self._turns.made(text, self._owner_now(text))

    def typed(self, text: str) -> None:
        """A turn of the user is being put into its context by a frame, and nothing else announces it."""
        self.committed(text)
        if self.capture.announced_only and self.context is not None:
            self.user_turn_added(self.context, text)

    def sent(self, context: Context, number: int) -> None:
        """A context, by the number of its frame, is being sent to the LLM, which answers the newest turn in it."""
        self._sent[number] = self._owner_of_answer(context)
        while len(self._sent) > _SENT_KEPT:
            del self._sent[next(iter(self._sent))]

    def turn_passes(self, context: Context, number: int | None = None) -> Owner:
        """A context is on its way to the LLM; whose the turn is that will be answered."""
        self.passed = True
        owner = self._sent.pop(number, None) if number is not None else None
        owner = owner or self._owner_of_answer(context)
        self.take_soon(context, owner)
        self._identity.answers.asked(owner)
        self._interrupted = False
        return owner

    def _owner_of_answer(self, context: Context) -> Owner:
        """Of whoever committed the turn; a context sent again is for whoever is there."""
        text = self.query(context)
        newest = self._turns.newest
        if newest is not None and newest.text == text and not newest.sent:
            newest.sent = True
            return newest.owner
        owner = self._owner_now(text)
        if text is not None:
            self._turns.made(text, owner).sent = True
        return owner

    def _owner_now(self, text: str | None) -> Owner:
        self._identity.user.look(text)
        if self._another_speaks is not None:
            self.speaks(self.speakers.turn_made(text or ""))
        return self._identity.owner()

    def speaks(self, speaker: str | None) -> None:
        """Whose the words are that are being said; None: those of the user of the call."""
        if self._another_speaks is not None and self._identity.speaks(speaker):
            self._another_speaks()

    def interrupted(self) -> None:
        """The assistant was spoken into, or the call ends."""
        self._interrupted = True
        self._identity.answers.interrupted()

    def assistant_turn_started(self) -> None:
        """An answer begins."""
        self._identity.answers.begun()

    def user_turn_added(self, context: Context, text: str) -> None:
        """A turn of the user was put into its context."""
        said = announced("user", text)
        owner = self._owner_of(text)
        self.take_soon(context, owner)  # The turn itself goes first.
        if said is not None:
            at = self.capture.moment()
            self._soon(partial(self.capture.announce, context, said, owner, interrupted=False, at=at))

    def assistant_turn_added(self, context: Context, text: str, interrupted: bool | None) -> None:
        """An answer was put into its context. ``interrupted``: None where the framework does not tell."""
        interrupted = self._interrupted if interrupted is None else interrupted
        owner, said = self._identity.answered(), announced("assistant", text)
        self._identity.answers.ended()
        if said is None:
            return
        self._warn_if_passed_by()
        self.take_due()
        self.capture.know(context, self._destination())
        at = self.capture.moment()
        self.capture.read(context, self._identity.owner(), answered=owner, interrupted=interrupted, at=at)
        # The application may have rewritten the context already.
        self.capture.announce(context, said, owner, interrupted=interrupted, at=at)

    def turn_announced(self, role: Literal["user", "assistant"], text: str) -> Utterance | None:
        """A turn was committed, perhaps to a context that never passes here. What was said, if anything."""
        said = announced(role, text)
        if said is None:
            return None
        interrupted = role == "assistant" and self._interrupted
        at, owner = self.capture.moment(), self._owner_of(text) if role == "user" else self._identity.answered()
        if role == "assistant" and self.context is None:  # Its aggregator, which would tell, is not known.
            self._identity.answers.ended()
        if self.context is not None:
            self.take_soon(self.context, owner, interrupted=interrupted)
        else:
            taken = self.capture.taken()
            self._soon(partial(self._hear, said, owner, taken, interrupted=interrupted, at=at))
        return said

    def summary_written(self, message: ContextMessage) -> None:
        """A summary was put into the context."""
        self.capture.summary(message)

    def take_soon(self, context: Context, owner: Owner, *, interrupted: bool = False) -> None:
        """Take in a moment what a context holds now, whatever is done to it in between."""
        self.capture.know(context, self._destination())
        held = list(context.get_messages())
        at, answered = self.capture.moment(), self._identity.answers.answering

        def take() -> None:
            self.capture.read(context, owner, held, answered=answered, interrupted=interrupted, at=at)

        self._soon(take)

    def take_due(self) -> None:
        """Take now what was to be taken in a moment."""
        due, self._due = self._due, []
        for take in due:
            try:
                take()
            except Exception as error:  # One context that cannot be read is no reason to lose another.
                logger.error(f"What was said could not be read: {error!r}")

    def take_all(self, *, at_the_end: bool = False) -> None:
        """Take what is new in every context there is."""
        self.take_due()
        if self.context is not None:
            self.capture.know(self.context, self._destination())
        self.capture.read_all(
            self._identity.owner(),
            answered=self._identity.answered(),
            interrupted=at_the_end and self._interrupted,
        )

    def move(self) -> None:
        """What is said from now on belongs to somebody else."""
        self.take_due()
        self.capture.move(self._destination())

    def query(self, context: Context) -> str | None:
        """The newest thing the user said."""
        for message in reversed(context.get_messages()):
            said = self.capture.utterance(message)
            if said is not None and said.role == "user":
                return said.text
        return None

    def _warn_if_passed_by(self) -> None:
        """A user was answered. If that never passes here, the service stands in the wrong place."""
        if not self.passed and self._turns.newest is not None and self.capture.recording:
            self.passed = True
            logger.warning(
                "The LLM was asked without the memory service: what is said is stored, but nothing is recalled. "
                "The service belongs between the user aggregator and the LLM."
            )

    def _owner_of(self, text: str) -> Owner:
        """Whose a turn is that was put into its context a moment ago."""
        newest = self._turns.newest
        return newest.owner if newest is not None and newest.text == spoken(text) else self._owner_now(spoken(text))

    def _soon(self, take: Callable[[], None]) -> None:
        """Take what was said in a moment: the turn goes first."""
        self._due.append(take)
        if len(self._due) == 1:
            asyncio.get_running_loop().call_later(_TURN_COMES, self.take_due)

    def _hear(
        self, said: Utterance, owner: Owner, taken: Mapping[SeenMessages, int], *, interrupted: bool, at: datetime
    ) -> None:
        self.capture.read_all(owner, interrupted=interrupted)
        self.capture.hear(said, owner, taken, interrupted=interrupted, at=at)
