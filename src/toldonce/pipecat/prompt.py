"""What lies before the LLM: which memories a context shows, how, where, and for how long."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from uuid import uuid4

from .block import Blocks, Hit, Lines, harmless, know_shape, shown_of
from .capture import Context
from .messages import role_of, text_of
from .options import Options

StillThere: TypeAlias = Callable[[Sequence[Hit]], Awaitable[list[Hit]]]
"""Those of the memories that have not been deleted since."""

KEPT_TURNS = 3
"""Turns that recall nothing ("yes please") for which a block stays: the talk is still about the same."""


_TALK = 12
"""Messages before a block by which it is known whether the talk is still the same."""


@dataclass(slots=True)
class Shown:
    """The memories in one context."""

    hits: list[Hit]
    wishes: list[Hit]
    talk: frozenset[int]
    """Hashes of what the user said last before them: while any of it stands in the context, the talk goes on."""
    empty_turns: int = 0


class PromptBlocks:
    """The blocks of one session, one for each context, and the memories in them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._blocks = Blocks(uuid4().hex)
        self._shown: weakref.WeakKeyDictionary[Context, Shown] = weakref.WeakKeyDictionary()
        self._companions: list[PromptBlocks] | None = None
        """Whose blocks may stand beside this one's; None: everybody's."""
        self.wishes: Sequence[Hit] = ()
        """What the person wants to be heeded in every talk: it stands first in every block."""
        self._know_shape()

    def prepare(self, hits: Sequence[Hit]) -> None:
        """Write the lines of memories ahead of the turn that may show them."""
        self._know_shape()
        self._lines.prepare(hits)

    def show(self, context: Context, hits: Sequence[Hit]) -> None:
        """Let the context's one block hold the wishes and these memories; no block if there are neither."""
        if not hits and not self.wishes:
            self.clear(context)
            return
        wished = {shown_of(wish) for wish in self.wishes}
        text = self._render([*self.wishes, *(hit for hit in hits if shown_of(hit) not in wished)])
        messages = context.get_messages()
        self._shown[context] = Shown(list(hits), list(self.wishes), _talk(messages[-_TALK:]))
        role, position = self._options.role, self._options.position
        if self._blocks.replace(messages, role, text, position) and context.get_messages() is messages:
            return
        context.set_messages(self._blocks.put(messages, role, text, position))

    def renew(self, context: Context, messages: Sequence[Any]) -> None:
        """Give a context the messages of a list without a block. If the talk goes on, the block stays in place."""
        messages, before = list(messages), self._blocks.strip(context.get_messages())
        if messages[: len(before)] == before:
            context.add_messages(messages[len(before) :])
        else:
            context.set_messages(messages)

    async def keep(self, context: Context, still_there: StillThere) -> list[Hit]:
        """Nothing was recalled: keep the block for a while, but none of it that was deleted. What it holds now.

        An application that rewrote the messages may have left the block out; if their talk goes on, it comes back.
        """
        shown, messages = self._shown.get(context), context.get_messages()
        stands = self._blocks.stands_in(messages)
        if shown is None or shown.empty_turns >= KEPT_TURNS or not (stands or shown.talk & _talk(messages)):
            self.show(context, ())
            return []
        remaining = await still_there(shown.hits)
        if self._shown.get(context) is not shown:
            return []  # It was cleared meanwhile.
        if remaining != shown.hits or shown.wishes != list(self.wishes) or not stands:
            self.show(context, remaining)
        if remaining:
            # In place: a prompt that only grows at its end is the one a provider has cached.
            self._shown[context] = Shown(remaining, list(self.wishes), shown.talk, shown.empty_turns + 1)
        return remaining

    async def refresh(self, still_there: StillThere) -> None:
        """Let every block lose what was deleted."""
        for context, shown in list(self._shown.items()):
            remaining = await still_there(shown.hits)
            changed = remaining != shown.hits or shown.wishes != list(self.wishes)
            if self._shown.get(context) is shown and changed:
                self.show(context, remaining)

    def clear(self, context: Context) -> None:
        """Take the block out of one context."""
        self._shown.pop(context, None)
        messages = context.get_messages()
        kept = self._blocks.strip(messages)
        if len(kept) != len(messages):
            context.set_messages(kept)

    def clear_all(self) -> None:
        """Take the blocks out of every context, and forget the lines that were written for them, and the wishes."""
        self.wishes = ()
        self._forget_lines()
        for context in list(self._shown):
            self.clear(context)

    def stands_with(self, companions: list[PromptBlocks]) -> None:
        """Let only the blocks of these stand beside this one's: others were recalled for somebody else."""
        self._companions = companions

    def take_out_strangers(self, context: Context) -> None:
        """Take out of a context what was recalled for somebody else, who shares it."""
        if self._companions is None:
            return
        known = [self._blocks, *(companion._blocks for companion in self._companions)]
        messages = context.get_messages()
        kept = [one for one in messages if not Blocks.is_any(one) or any(blocks.owns(one) for blocks in known)]
        if len(kept) != len(messages):
            context.set_messages(kept)

    def retire(self) -> None:
        """The session ends: whoever finds its blocks may take them out."""
        self._blocks.retire()

    def _render(self, hits: Sequence[Hit]) -> str:
        self._know_shape()
        options = self._options
        shown = self._lines(hits) if options.formatter is None else options.formatter([harmless(hit) for hit in hits])
        return f"{options.system_prompt}{shown}{options.closing_note}"

    def _know_shape(self) -> None:
        """A block is known by how it begins and ends; no memory may begin or end one."""
        if know_shape(self._options.system_prompt, self._options.closing_note):
            self._forget_lines()

    def _forget_lines(self) -> None:
        self.__dict__.pop("_lines", None)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._options.names, self._options.zone)


def _talk(messages: Sequence[Any]) -> frozenset[int]:
    return frozenset(hash(text_of(message)) for message in messages if role_of(message) == "user")
