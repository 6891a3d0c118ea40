"""From contexts to what is stored: each thing said, once, with who said it and when."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from loguru import logger

from toldonce.errors import InvalidTime

from .block import Blocks
from .messages import ContextMessage, Utterance, fingerprint, spoken, text_of, utterance_of
from .seen import SeenByContext, SeenMessages
from .user_turns import UserTurns
from .writer import Entry, Owner

Context: TypeAlias = Any
"""Pipecat's ``LLMContext``, or its predecessor ``OpenAILLMContext``: both are read and written alike."""

ShouldStore: TypeAlias = Callable[[Mapping[str, Any]], bool]
Clock: TypeAlias = Callable[[], datetime]
Parts: TypeAlias = Callable[[str, Owner], list[tuple[Owner, str]]]

_INSTANT = timedelta(microseconds=1)

_SUMMARY = 40
"""Characters from which a text that holds a summary is taken for the message it was put into."""


class Capture:
    """What one service takes from the contexts that pass it."""

    def __init__(
        self,
        emit: Callable[[Entry], None],
        *,
        names: Mapping[str, str | None],
        should_store: ShouldStore | None = None,
        now: Clock | None = None,
        parts: Parts | None = None,
    ) -> None:
        """``parts``: who said which part of a user's words, where several people may have; else the given owner did."""
        self.turns = UserTurns()
        self.hears_turns = False
        """Whether every turn is announced, so that words which were not are a copy of earlier ones."""
        self.announced_only = False
        """Whether a context holds what others say to others as well: then only what is announced here is taken."""
        self._emit = emit
        self._names = names
        self._should_store = should_store
        self._now = now
        self._parts = parts
        self._last = datetime.min.replace(tzinfo=UTC)
        self._contexts: weakref.WeakKeyDictionary[Context, SeenMessages] = weakref.WeakKeyDictionary()
        self._first = SeenMessages()
        """Of what is heard before a context is known; the first context takes it over."""
        self._summaries: set[bytes] = set()
        self._summary_texts: list[str] = []
        self._hushed = False
        self._teller = object()
        """Stands for this capture in the logs of what was seen, which must keep no service alive."""
        self.recording = True
        """Whether what is taken is stored too."""

    def know(self, context: Context, destination: Hashable) -> None:
        """Hear of a context. Its messages are taken when it is read."""
        if context not in self._contexts:
            otherwise = SeenMessages() if self._contexts else self._first
            self._contexts[context] = SeenByContext.of(context, destination, otherwise)

    def read(
        self,
        context: Context,
        owner: Owner,
        held: Sequence[ContextMessage] | None = None,
        *,
        answered: Owner | None = None,
        interrupted: bool = False,
        at: datetime | None = None,
    ) -> list[Utterance]:
        """Take what is new in a context that is known, as said ``at`` that moment, or now.

        ``owner``: whose the words of the user are that nobody committed. ``held``: its messages at that moment, if it
        may have been rewritten since. ``answered``: whose the assistant's part is, if not ``owner``'s. It is marked if
        it was ``interrupted``.
        """
        if self.announced_only:
            return []
        at = at or self.moment()
        seen = self._contexts[context]
        before = len(seen)
        new = seen.take(context.get_messages() if held is None else held, self.utterance, self._said_anew)
        found = before == 0 and len(new) > 2
        for place, (utterance, asked) in enumerate(zip(new, self.turns.owners(new, owner), strict=True), before):
            whose = (answered or owner) if utterance.role == "assistant" else asked
            self._store(seen, place, utterance, whose, interrupted, at, found=found)
        return new

    def _said_anew(self, utterance: Utterance) -> bool:
        """Of known words, alone in a context: where turns are announced, an unread one of the user has them."""
        return not self.hears_turns or (utterance.role == "user" and self.turns.waits(utterance.text))

    def read_all(self, owner: Owner, *, answered: Owner | None = None, interrupted: bool = False) -> list[Utterance]:
        """Take what is new in every context that passed."""
        new: list[Utterance] = []
        for context in list(self._contexts):
            new += self.read(context, owner, answered=answered, interrupted=interrupted)
        return new

    def taken(self) -> Mapping[SeenMessages, int]:
        """How many utterances were taken of each conversation so far."""
        return {seen: len(seen) for seen in self._seen_logs()}

    def announce(
        self, context: Context, utterance: Utterance, owner: Owner, *, interrupted: bool, at: datetime
    ) -> None:
        """Take a turn that was added to a context that is known, unless it was taken from there."""
        seen = self._contexts[context]
        place = len(seen)
        if seen.heard(utterance, place, by=self._teller):
            [owner] = self.turns.owners([utterance], owner)
            self._store(seen, place, utterance, owner, interrupted, at)

    def hear(
        self,
        utterance: Utterance,
        owner: Owner,
        taken: Mapping[SeenMessages, int],
        *,
        interrupted: bool,
        at: datetime,
    ) -> None:
        """Take a turn that was announced without its context, unless a context held it already.

        ``taken``: how many had been taken when it was announced ``at`` that moment.
        """
        logs = self._seen_logs()
        if len(logs) > 1:
            return  # Whose turn it is cannot be told; the next context frame, or the end of the call, will show it.
        for seen in logs:
            place = len(seen)
            if seen.heard(utterance, taken.get(seen, 0), by=self._teller):
                [owner] = self.turns.owners([utterance], owner)
                self._store(seen, place, utterance, owner, interrupted, at)

    def _seen_logs(self) -> set[SeenMessages]:
        return set(self._contexts.values()) or {self._first}

    def move(self, destination: Hashable) -> None:
        """What is said from now on belongs elsewhere; what was said before stays where it is."""
        self._first = self._first.continued()
        for context, seen in list(self._contexts.items()):
            # There may be one already: whoever was spoken to before, and is again, has not heard what was said between.
            self._contexts[context] = SeenByContext.of(context, destination, seen.continued())
            self._contexts[context].catch_up(seen)

    def hush_reply(self) -> None:
        """Do not store what the assistant says until the user speaks again."""
        self._hushed = True

    def summary(self, message: ContextMessage) -> None:
        """Hear of a summary that was put into a context: it was not said."""
        self._summaries.add(_print(message))

    def summary_text(self, text: str) -> None:
        """Hear of a summary before it is put into a context, in words of somebody's choosing around it."""
        if text.strip():
            self._summary_texts.append(text.strip())

    def utterance(self, message: ContextMessage) -> Utterance | None:
        """What was said in a message, unless it is a block, a summary, or nothing that anyone said."""
        said = utterance_of(message)
        if said is None or Blocks.is_any(message) or self._is_summary(message, said.text):
            return None
        return said

    def _is_summary(self, message: ContextMessage, text: str) -> bool:
        if self._summaries and _print(message) in self._summaries:
            return True
        return any(summary == text or (len(summary) >= _SUMMARY and summary in text) for summary in self._summary_texts)

    def _store(
        self,
        seen: SeenMessages,
        place: int,
        said: Utterance,
        owner: Owner,
        interrupted: bool,
        at: datetime,
        *,
        found: bool = False,
    ) -> None:
        self._hushed = self._hushed and said.role == "assistant"
        if self._hushed or not self.recording or not self._wanted(said):
            return
        metadata: dict[str, Any] = {"platform": "pipecat"}
        if interrupted and said.role == "assistant":
            metadata["interrupted"] = True
        name = self._names.get(said.role)
        conversation, parts = seen.conversation_id, [(owner, said.text)]
        if self._parts is not None and said.role == "user":
            parts = self._parts(said.text, owner)
        for part, (whose, text) in enumerate(parts):
            entry = Entry(conversation, place, said.role, text, name, self._later(at), metadata, whose, found, part)
            self._emit(entry)

    def _wanted(self, said: Utterance) -> bool:
        if self._should_store is None:
            return True
        message = said.source if said.source is not None else {"role": said.role, "content": said.text}
        try:
            return bool(self._should_store(message))
        except Exception as error:  # The application's own code; words are not lost over it.
            logger.warning(f"should_store failed, the message is stored: {error!r}")
            return True

    def moment(self) -> datetime:
        """Now, as the service's clock has it."""
        now = datetime.now(UTC) if self._now is None else self._now()
        if now.tzinfo is None:
            raise InvalidTime("now() of the memory service returned a time without a zone. Return an aware datetime.")
        return now

    def _later(self, at: datetime) -> datetime:
        """Later than everything before, unless a clock was given: what was said in one instant keeps its order."""
        if self._now is None:
            at = self._last = max(at, self._last + _INSTANT)
        return at


def announced(role: str, text: str) -> Utterance | None:
    """A turn as a turn frame announces it."""
    text = spoken(text)
    return Utterance("user" if role == "user" else "assistant", text) if text else None


def _print(message: ContextMessage) -> bytes:
    return fingerprint("summary", text_of(message))
