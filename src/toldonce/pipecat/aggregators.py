"""The aggregators around a service: it hears their turns end, and hides its blocks from their summariser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregator
from pipecat.processors.frame_processor import FrameProcessor

from .block import RecallBlock
from .capture import Context
from .messages import ContextMessage

TurnEnded: TypeAlias = Callable[[Context, bool | None], Awaitable[None]]
"""The context the assistant's turn was added to, and whether it was interrupted (None: this Pipecat does not tell)."""


class Aggregators:
    """The aggregators found from one processor."""

    def __init__(
        self, processor: FrameProcessor, turn_ended: TurnEnded, summarised: Callable[[ContextMessage], None]
    ) -> None:
        self._processor = processor
        self._turn_ended = turn_ended
        self._summarised = summarised
        self._listening = True
        self.contexts: list[Context] = []
        self.hear_turns = False
        """Whether an assistant aggregator was found, so that its turn frames tell nothing new."""

    def meet(self) -> None:
        """Find the aggregators, and listen."""
        for aggregator in _aggregators(self._processor):
            if not any(aggregator.context is context for context in self.contexts):
                self.contexts.append(aggregator.context)
            if aggregator.role == "assistant":
                aggregator.add_event_handler("on_assistant_turn_stopped", self._on_turn_stopped)
                self.hear_turns = True
                self._veil(aggregator)

    def part(self) -> None:
        """Listen no more."""
        self._listening = False

    async def _on_turn_stopped(self, aggregator: LLMContextAggregator, message: Any) -> None:
        if self._listening and message.content:
            await self._turn_ended(aggregator.context, getattr(message, "interrupted", None))

    def _veil(self, aggregator: LLMContextAggregator) -> None:
        """Let the aggregator's summariser see its context without blocks.

        It counts messages by index from its request until its result, and reads the context in between. Through the
        veil neither a block that moves in that time nor one that comes or goes shifts what it counts. There is no
        public way to its context; where a future version keeps it elsewhere, the summariser reads the block, no more.
        """
        summariser: Any = getattr(aggregator, "_summarizer", None)
        context = getattr(summariser, "_context", None)
        if isinstance(context, LLMContext) and not isinstance(context, VeiledContext):
            context = summariser._context = VeiledContext(context)
        if isinstance(context, VeiledContext):
            context.listeners.append(self._summarised)


class VeiledContext(LLMContext):
    """A context without its recall blocks. What is written to it is written to the real one, and the blocks stay."""

    def __init__(self, context: LLMContext) -> None:
        super().__init__(tools=context.tools, tool_choice=context.tool_choice)
        self._real = context
        self.listeners: list[Callable[[ContextMessage], None]] = []
        """Told of each summary that is written."""

    @property
    def messages(self) -> list[Any]:
        """The messages but for the blocks."""
        return self.get_messages()

    def get_messages(self, *arguments: Any, **options: Any) -> list[Any]:
        """The messages but for the blocks."""
        return [message for message in self._real.get_messages(*arguments, **options) if not _is_block(message)]

    def set_messages(self, messages: list[Any]) -> None:
        """Replace the messages; one not seen before is the summary. Each block stays before what it stood before."""
        before = self._real.get_messages()
        known = {id(message) for message in before}
        for message in messages:
            if id(message) not in known:
                for told in self.listeners:
                    told(message)
        written = list(messages)
        for place, message in enumerate(before):
            if _is_block(message):
                written.insert(_beside(before, place, written), message)
        self._real.set_messages(written)


def _is_block(message: ContextMessage) -> bool:
    return isinstance(message, RecallBlock)


def _beside(before: list[Any], place: int, written: list[Any]) -> int:
    """Where a block stands among the new messages: before the message it stood before, else after the summary."""
    after = {id(message) for message in before[place + 1 :]}
    return next((index for index, message in enumerate(written) if id(message) in after), len(written))


def _aggregators(processor: FrameProcessor) -> Iterator[LLMContextAggregator]:
    worker = getattr(processor, "_setup", None)  # Since Pipecat 1.3 the whole pipeline is known in setup().
    pipeline = getattr(getattr(worker, "pipeline_worker", None), "pipeline", None)
    found = _inside(pipeline) if pipeline is not None else _in_line(processor)
    return (one for one in found if isinstance(one, LLMContextAggregator))


def _inside(processor: FrameProcessor) -> Iterator[FrameProcessor]:
    yield processor
    for inner in getattr(processor, "processors", ()):
        yield from _inside(inner)


def _in_line(processor: FrameProcessor) -> Iterator[FrameProcessor]:
    for step in ("_prev", "_next"):
        neighbour = getattr(processor, step, None)
        while neighbour is not None:
            yield neighbour
            neighbour = getattr(neighbour, step, None)
