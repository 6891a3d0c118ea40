"""What lies before the LLM: which memories a context shows, and for how long."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .block import Blocks, Hit
from .capture import Context

StillThere: TypeAlias = Callable[[Sequence[Hit]], Awaitable[list[Hit]]]
"""Those of the memories that have not been deleted since."""

KEPT_TURNS = 3
"""Turns that recall nothing ("yes please") for which a block stays: the talk is still about the same."""


@dataclass(slots=True)
class Shown:
    """The memories in one context."""

    hits: list[Hit]
    empty_turns: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a block is written and where it is put."""

    role: str
    position: int
    render: Callable[[Sequence[Hit]], str]


class PromptBlocks:
    """The blocks of one service, and the memories in them."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._shown: weakref.WeakKeyDictionary[Context, Shown] = weakref.WeakKeyDictionary()

    def show(self, context: Context, hits: Sequence[Hit], look: Look) -> None:
        """Let the context's one block hold these memories, and none if there are none."""
        if not hits:
            self.clear(context)
            return
        self._shown[context] = Shown(list(hits))
        messages, text = context.get_messages(), look.render(hits)
        if self._blocks.replace(messages, look.role, text, look.position) and context.get_messages() is messages:
            return
        context.set_messages(self._blocks.put(messages, look.role, text, look.position))

    def renew(self, context: Context, messages: Sequence[Any]) -> None:
        """Give a context the messages of a list without a block. If the talk goes on, the block stays in place."""
        messages, before = list(messages), self._blocks.strip(context.get_messages())
        if messages[: len(before)] == before:
            context.add_messages(messages[len(before) :])
        else:
            context.set_messages(messages)

    async def keep(self, context: Context, still_there: StillThere, look: Look) -> list[Hit]:
        """Nothing was recalled: keep the block for a while, but none of it that was deleted. What it holds now."""
        shown = self._shown.get(context)
        if shown is None or shown.empty_turns >= KEPT_TURNS or not self._blocks.stands_in(context.get_messages()):
            self.clear(context)
            return []
        remaining = await still_there(shown.hits)
        if self._shown.get(context) is not shown:
            return []  # It was cleared meanwhile.
        if remaining != shown.hits:
            self.show(context, remaining, look)
        if remaining:
            # In place: a prompt that only grows at its end is the one a provider has cached.
            self._shown[context] = Shown(remaining, shown.empty_turns + 1)
        return remaining

    async def refresh(self, still_there: StillThere, look: Look) -> None:
        """Let every block lose what was deleted."""
        for context, shown in list(self._shown.items()):
            remaining = await still_there(shown.hits)
            if self._shown.get(context) is shown and remaining != shown.hits:
                self.show(context, remaining, look)

    def clear(self, context: Context) -> None:
        """Take the block out of one context."""
        self._shown.pop(context, None)
        messages = context.get_messages()
        kept = self._blocks.strip(messages)
        if len(kept) != len(messages):
            context.set_messages(kept)

    def clear_all(self) -> None:
        """Take the blocks out of every context."""
        for context in list(self._shown):
            self.clear(context)
