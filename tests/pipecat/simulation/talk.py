"""What happens on a line: drawn at random, from a seed."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from pipecat.frames.frames import (
    LLMMessagesAppendFrame,
    LLMMessagesUpdateFrame,
    LLMRunFrame,
    LLMSummarizeContextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)

from tests.pipecat.harness import within

from .line import Line

PEOPLE = ("ann", "bob", "cyd")
KEPT = ("violin", "kayak", "sofa", "camera", "tent")
"""What each person told of in earlier calls."""

TOLD = ("bicycle", "piano", "carpet", "drill", "lamp", "mirror", "oven", "ladder", "printer", "sled")

Become: TypeAlias = Callable[[Line, str], Awaitable[None]]
"""Lets somebody else be at the microphone, and the service know."""


def kept(person: str, thing: str) -> str:
    """The mark of what a person told of a thing in an earlier call."""
    return f"{person}9{KEPT.index(thing):03}"


def earlier_call(person: str) -> list[str]:
    """What a person told in an earlier call."""
    return [f"My {thing} came from my grandmother in Lisbon, {kept(person, thing)}." for thing in KEPT]


class Talk:
    """Draws what happens next on a line, and lets it happen."""

    def __init__(self, line: Line, become: Become) -> None:
        self._line = line
        self._rng = line.rng
        self._become = become
        self._saved: list[Any] = []

    async def go_on(self, count: int) -> None:
        """So many things happen."""
        actions: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (8, self.turn),
            (3, self._burst),
            (2, self._several_finals),
            (2, self._typed),
            (2, self._muted),
            (2, self._muted_in_between),
            (4, self._somebody_else),
            (2, self._there_and_back),
            (2, self._somebody_else_meanwhile),
            (3, self._rewrite),
            (2, self._wipe_at_once),
            (1, self._summarise),
            (1, self._run_again),
        ]
        weights = [weight for weight, _ in actions]
        for _ in range(count):
            [(_, action)] = self._rng.choices(actions, weights)
            await action()

    async def turn(self) -> None:
        """A plain turn: a statement, or a question about an earlier call."""
        text = self._words()
        await self._line.start_speaking()
        await self._interims(text, gap=self._rng.choice((0.0, 0.002, 0.01)))
        await self._line.transcribe(text, final=True)
        await self._finish()

    async def last_turn(self) -> None:
        """A turn whose answer is waited for, after everything else."""
        await self._line.start_speaking()
        await self._line.transcribe(self._words(), final=True)
        await self._line.stop_speaking()
        await within(self._line.answered.wait())

    async def _burst(self) -> None:
        """The recogniser corrects itself many times at once."""
        text = self._words()
        await self._line.start_speaking()
        words = text.split()
        for _ in range(self._rng.randint(4, 9)):
            await self._line.transcribe(" ".join(words[: self._rng.randint(1, len(words))]), final=False)
        await self._line.transcribe(text, final=True)
        await self._finish()

    async def _several_finals(self) -> None:
        text = self._words()
        words = text.split()
        cut = self._rng.randint(1, len(words) - 1)
        await self._line.start_speaking()
        for part in (words[:cut], words[cut:]):
            await self._interims(" ".join(part), gap=0.0)
            await self._line.transcribe(" ".join(part), final=True)
        await self._finish()

    async def _typed(self) -> None:
        self._line.received.clear()
        self._line.answered.clear()
        if self._line.ledger.words_tell:
            self._line.person = self._line.first  # What is typed says nothing of who types: it is the call's user.
        message: Any = {"role": "user", "content": self._words()}
        self._line.typing, self._line.service_knows = message["content"], False
        await self._line.push(LLMMessagesAppendFrame([message], run_llm=True))
        await within(self._line.received.wait())
        await self._perhaps_wait_for_the_answer()

    async def _muted(self) -> None:
        """What is said with the microphone off is said to nobody."""
        await self._line.mute(True)
        await self._line.push(UserStartedSpeakingFrame())
        secret = self._secret()
        await self._line.transcribe(secret, final=False)
        await self._line.transcribe(secret, final=True)
        await self._line.push(UserStoppedSpeakingFrame())
        await self._line.mute(False)

    async def _muted_in_between(self) -> None:
        text = self._words()
        await self._line.start_speaking()
        await self._interims(text, gap=0.0)
        await self._line.mute(True)
        await self._line.transcribe(self._secret(), final=True)
        await self._line.mute(False)
        await self._line.transcribe(text, final=True)
        await self._finish()

    async def _somebody_else(self) -> None:
        await self._become(self._line, self._rng.choice(PEOPLE))

    async def _there_and_back(self) -> None:
        """A, B, and A again, with a turn of B's or without."""
        before = self._line.person
        await self._become(self._line, self._rng.choice(PEOPLE))
        if self._rng.random() < 0.5:
            await self.turn()
        await self._become(self._line, before)

    async def _somebody_else_meanwhile(self) -> None:
        """The user changes while a turn is on its way to the LLM."""
        await self._line.start_speaking()
        await self._line.transcribe(self._words(), final=True)
        await self._line.stop_speaking(answer=False)
        await asyncio.sleep(self._rng.uniform(0.0, 0.01))
        await self._become(self._line, self._rng.choice(PEOPLE))
        await within(self._line.received.wait())
        await self._perhaps_wait_for_the_answer()

    async def _rewrite(self) -> None:
        """The application puts other messages into the context: copies, the end, nothing, or those of before."""
        messages: list[Any] = copy.deepcopy(list(self._line.context.get_messages()))
        if self._rng.random() < 0.3:
            self._saved = messages
        tail = list(self._line.context.get_messages())[-self._rng.randint(1, 6) :]
        written = self._rng.choice((messages, tail, copy.deepcopy(tail), [], copy.deepcopy(self._saved)))
        if self._rng.random() < 0.5:
            self._line.context.set_messages(written)
        else:
            await self._line.push(LLMMessagesUpdateFrame(written))

    async def _wipe_at_once(self) -> None:
        """The application starts over as soon as the user's turn, or what follows it, is in the context."""
        self._line.wipes = True
        await self.turn()

    async def _summarise(self) -> None:
        await self._line.push(LLMSummarizeContextFrame())
        await asyncio.sleep(self._rng.choice((0.0, 0.02)))

    async def _run_again(self) -> None:
        if self._line.ledger.words_tell:  # Nobody spoke: in a room, whose the answer is, is anybody's guess.
            await self.turn()
            return
        self._line.received.clear()
        await self._line.push(LLMRunFrame())
        # The context is one object: if more were said meanwhile, the LLM would answer that, and this frame's answer
        # would be everybody's.
        await within(self._line.received.wait())
        await asyncio.sleep(self._rng.uniform(0.0, 0.02))

    def _words(self) -> str:
        if self._rng.random() < 0.5:
            thing = self._rng.choice(KEPT)
            self._line.wants = kept(self._line.person, thing)
            return f"Where did my {thing} come from, do you remember, {self._line.mark()}?"
        self._line.wants = None
        return f"I bought a new {self._rng.choice(TOLD)} for the house today, {self._line.mark()}."

    def _secret(self) -> str:
        word = f"tulip{self._line.mark()}"
        self._line.ledger.unsaid.append(word)
        return f"Honey, the password of the bank is {word}."

    async def _interims(self, text: str, *, gap: float) -> None:
        words = text.split()
        for count in sorted(self._rng.sample(range(1, len(words) + 1), min(3, len(words)))):
            await self._line.transcribe(" ".join(words[:count]), final=False)
            await asyncio.sleep(gap)

    async def _finish(self) -> None:
        """End the turn, and either hear the answer to its end or speak into it."""
        await self._line.stop_speaking()
        await self._perhaps_wait_for_the_answer()

    async def _perhaps_wait_for_the_answer(self) -> None:
        if self._rng.random() < 0.6:
            await within(self._line.answered.wait())
        else:
            await asyncio.sleep(self._rng.uniform(0.0, 0.04))
