"""What was said to whom, and what must be true of the memory and of the prompts because of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.pipecat.harness import Message, blocks

_MARK = re.compile(r"\b(ann|bob|cyd)\d+\b")
"""Every text of a simulation carries whose it is: "ann17" is Ann's."""


def owners(texts: Iterable[object]) -> set[str]:
    """Whose the texts are."""
    return {mark for text in texts for mark in _MARK.findall(str(text))}


@dataclass
class Lookup:
    """One search, as the memory got it from the service of a line."""

    line: int
    user: str
    query: str
    at: float
    answered: float = float("inf")
    """When a host, which may be ill, answered it."""


@dataclass(frozen=True)
class Prompt:
    """What the LLM of a line was shown, for whom, and who was there when it was."""

    line: int
    asker: str
    present: str | None
    """None: somebody else was just taking the microphone."""
    messages: Sequence[Message]
    turn: Turn | None
    """The turn it answers; None where the LLM just runs again."""
    at: float

    @property
    def recalled(self) -> str:
        """The recall block, if there is one."""
        return "\n".join(str(block["content"]) for block in blocks(self.messages))


@dataclass(frozen=True)
class Turn:
    """Something the user said, and what must be recalled for it."""

    user: str
    text: str
    began: float
    wants: str | None = None
    """The mark of the memory it asks for."""


@dataclass
class Ledger:
    """Kept by the simulator while it talks; ``faults`` compares it with what became of it."""

    said: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(whose, role, text) -> how often."""
    unsaid: list[str] = field(default_factory=list)
    """Words that never became a turn: spoken while muted."""
    lookups: list[Lookup] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    summarised: list[str] = field(default_factory=list)
    """What summaries were made of."""
    troubled: list[tuple[float, float]] = field(default_factory=list)
    """From when to when the memory did not answer as it should."""
    healed: float = float("-inf")
    """When it did so again."""
    words_tell: bool = False
    """Whether the service learns who speaks from the transcripts."""
    tells_at_once: bool = True
    """Whether the service is told of another user; otherwise it asks with each turn."""
    recall_is_waited_for: bool = True
    """Whether turns wait as long as it takes; otherwise late memories are no fault."""

    def faults(self, journal: Counter[tuple[str, str, str]], errors: Sequence[str]) -> list[str]:
        """What is wrong, a line each: of ``journal``, (whose, role, text) -> how often it was stored."""
        return [
            *self._of_storing(journal),
            *(fault for prompt in self.prompts for fault in self._of_prompt(prompt)),
            *(f"words that were no turn were looked up: {word}" for word in self.unsaid if self._asked(word)),
            *(f"a summary was made of a recall block: {text[:80]}" for text in self.summarised if "I recall" in text),
            *(f"the pipeline had an error: {error}" for error in errors if not self.troubled),
        ]

    def _of_storing(self, journal: Counter[tuple[str, str, str]]) -> Iterable[str]:
        lost, more = self.said - journal, journal - self.said
        for entry, count in more.items():
            whose, role, text = entry
            if any(entry[1:] == other[1:] for other in lost):
                yield f"stored under {whose}, who was not spoken to: {role} {text!r}"
            else:
                known = "again" if entry in self.said else "though nobody said it"
                yield f"stored {known} ({count}x) for {whose}: {role} {text!r}"
        for (whose, role, text), count in lost.items():
            yield f"lost ({count}x) for {whose}: {role} {text!r}"

    def _of_prompt(self, prompt: Prompt) -> Iterable[str]:
        recalled = prompt.recalled
        for other in owners([recalled]) - {prompt.asker}:
            yield f"{prompt.asker} was answered with a memory of {other}: {recalled!r}"
        if self.tells_at_once and prompt.present is not None and owners([recalled]) - {prompt.present}:
            yield f"with {prompt.present} there, a memory of {prompt.asker} was shown: {recalled!r}"
        if len(blocks(prompt.messages)) > 1:
            yield f"{len(blocks(prompt.messages))} blocks in one prompt"
        turn = prompt.turn
        if turn is None or prompt.present != prompt.asker or self._was_troubled(turn.began, prompt.at):
            return
        if not any(turn.text in str(message.get("content")) for message in prompt.messages):
            return  # The application has taken the words out before the LLM saw them.
        if turn.user not in {lookup.user for lookup in self._lookups(prompt.line, turn.began, prompt.at)}:
            yield f"nothing was looked up for {turn.user}: {turn.text!r}"
        elif self._is_waited_for(prompt.line, turn.began) and turn.wants is not None and turn.wants not in recalled:
            yield f"{turn.text!r} was answered without {turn.wants}: {recalled!r}"

    def _asked(self, word: str) -> bool:
        return any(word in lookup.query for lookup in self.lookups)

    def _lookups(self, line: int, since: float, until: float) -> list[Lookup]:
        return [lookup for lookup in self.lookups if lookup.line == line and since <= lookup.at <= until]

    def _is_waited_for(self, line: int, now: float) -> bool:
        """After trouble no turn waits until a lookup, the probe, was answered."""
        answered = [lookup for lookup in self._lookups(line, self.healed, now) if lookup.answered < now]
        return self.recall_is_waited_for and (now < self.healed or not self.troubled or bool(answered))

    def _was_troubled(self, began: float, ended: float) -> bool:
        return any(start <= ended and began <= end for start, end in self.troubled)
