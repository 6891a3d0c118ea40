"""The aggregator pair of a service's own branch: it hears their turns, and hides its blocks from their summariser.

A worker may hold several pairs: two callers, two agents, a voicemail detector. A service belongs to the pair whose user
aggregator comes right before it in its own line of the pipeline, and hears no other. Of the services in a
``ServiceSwitcher`` only the one that is active hears the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from loguru import logger
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregator
from pipecat.processors.frame_processor import FrameProcessor

from .block import Blocks
from .capture import Context
from .compat import SUMMARISES, SWITCHER, USER_MESSAGE_EVENTS
from .messages import ContextMessage
from .transcripts import TurnTranscript

_ABSENT: Any = object()


class Listener(Protocol):
    """Told what the pair does."""

    context: Context
    """The context of the pair; None if there is no pair."""

    def user_turn_added(self, context: Context, text: str) -> None: ...

    def assistant_turn_started(self) -> None: ...

    def assistant_turn_added(self, context: Context, text: str, interrupted: bool | None) -> None:
        """``interrupted``: None where this Pipecat does not tell."""

    def summary_written(self, message: ContextMessage) -> None: ...


class Aggregators:
    """The pair that a processor belongs to."""

    def __init__(
        self,
        processor: FrameProcessor,
        kind: type[FrameProcessor],
        listener: Listener,
        transcript: TurnTranscript,
    ) -> None:
        """``kind``: what others are that hear pairs of their own."""
        self._processor = processor
        self._kind = kind
        self._listener = listener
        self._transcript = transcript
        self._listening = True
        self._switchers: list[tuple[Any, FrameProcessor]] = []
        """The switchers that the processor is in, and as which of their services."""
        self._switched: Callable[[bool], None] = lambda active: None
        self._answering = False
        self._active = True
        self.line: Sequence[FrameProcessor] = ()
        """What frames pass before and after the processor."""
        self.shares_its_context = False
        """Whether the pair of another such processor puts what is said to it into the same context."""

    def attach(self, worker: Any, switched: Callable[[bool], None]) -> None:
        """Find the pair, and listen. ``worker`` is the ``PipelineWorker``, None below Pipecat 1.3.

        ``switched``: told whether the processor is active, each time that changes.
        """
        pipeline = getattr(worker, "pipeline", None)
        pair = own_pair(self._processor, pipeline)
        if pipeline is not None:
            self.line = [one for side in _line(self._processor, pipeline) for one in side]
            alike = [one for one in _all_in(pipeline) if isinstance(one, self._kind)]
            theirs = [other for one in alike for other in own_pair(one, pipeline)[:1] if other not in pair]
            self.shares_its_context = any(one.context is mine.context for mine in pair[:1] for one in theirs)
            self._switched, self._switchers = switched, _switchers_of(self._processor, pipeline)
            self.look()
        for aggregator in pair:
            if self._switchers:
                aggregator.add_event_handler("on_before_process_frame", self.look)
            self._listener.context = aggregator.context
            if aggregator.role == "assistant":
                aggregator.add_event_handler("on_before_process_frame", self._transcript.appended)
                aggregator.add_event_handler("on_assistant_turn_started", self._on_assistant_turn_started)
                aggregator.add_event_handler("on_assistant_turn_stopped", self._on_assistant_turn)
                self._veil(aggregator)
            else:
                self._transcript.attach(aggregator)
                for event in USER_MESSAGE_EVENTS:
                    aggregator.add_event_handler(event, self._on_user_message)

    def look(self, *_: object) -> None:
        """See whether the processor is active. An answer under way is still heard by who was when it began."""
        active = all(switcher.strategy.active_service is service for switcher, service in self._switchers)
        if active is not self._active and not self._answering:
            self._active = active
            self._switched(active)

    def detach(self) -> None:
        """Listen no more."""
        self._listening = False

    def _on_user_message(self, aggregator: LLMContextAggregator, message: Any) -> None:
        if self._listening and message.content:
            self._listener.user_turn_added(aggregator.context, message.content)

    def _on_assistant_turn_started(self, _: LLMContextAggregator) -> None:
        self._answering = True
        if self._listening:
            self._listener.assistant_turn_started()

    def _on_assistant_turn(self, aggregator: LLMContextAggregator, message: Any) -> None:
        if self._listening:
            interrupted = getattr(message, "interrupted", None)
            self._listener.assistant_turn_added(aggregator.context, message.content, interrupted)
        self._answering = False

    def _veil(self, aggregator: LLMContextAggregator) -> None:
        """Let the aggregator's summariser see its context without blocks.

        It counts messages by index from its request until its result, and reads the context in between. Through the
        veil neither a block that moves in that time nor one that comes or goes shifts what it counts. There is no
        public way to its context; where a version keeps it elsewhere, the log says that summaries may repeat blocks.
        """
        summariser: Any = getattr(aggregator, "_summarizer", _ABSENT)
        if summariser is None or (summariser is _ABSENT and not SUMMARISES):
            return  # This aggregator writes no summaries.
        context = getattr(summariser, "_context", None)
        if isinstance(context, LLMContext) and not isinstance(context, VeiledContext):
            context = summariser._context = VeiledContext(context)
        if isinstance(context, VeiledContext):
            context.listeners.append(self._listener.summary_written)
        else:
            logger.error(
                f"{self._processor}: this version of Pipecat keeps the context of its summariser where it cannot be "
                "reached. Its summaries may repeat what was recalled. Please report it."
            )


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
        return [message for message in self._real.get_messages(*arguments, **options) if not Blocks.is_any(message)]

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
            if Blocks.is_any(message):
                written.insert(_beside(before, place, written), message)
        self._real.set_messages(written)


def _beside(before: list[Any], place: int, written: list[Any]) -> int:
    """Where a block stands among the new messages: before the message it stood before, else after the summary."""
    after = {id(message) for message in before[place + 1 :]}
    return next((index for index, message in enumerate(written) if id(message) in after), len(written))


def own_pair(processor: FrameProcessor, pipeline: FrameProcessor | None) -> list[LLMContextAggregator]:
    """The aggregators that share a context with the nearest one, of the user first, before the processor."""
    before, after = _line(processor, pipeline)
    upstream = [one for one in before if isinstance(one, LLMContextAggregator)]
    downstream = [one for one in after if isinstance(one, LLMContextAggregator)]
    users = [one for one in (*upstream, *downstream) if one.role == "user"]
    nearest = next(iter(users or [*downstream, *upstream]), None)
    if nearest is None:
        return []
    return [one for one in (*upstream, *downstream) if one.context is nearest.context]


def _line(
    processor: FrameProcessor, pipeline: FrameProcessor | None
) -> tuple[Sequence[FrameProcessor], Sequence[FrameProcessor]]:
    line = _line_through(pipeline, processor) if pipeline is not None else None
    return line if line is not None else _linked(processor)


def _switchers_of(processor: FrameProcessor, container: FrameProcessor) -> list[tuple[Any, FrameProcessor]]:
    """The switchers around the processor, each with the one of its services that the processor is, or is in."""
    found: list[tuple[Any, FrameProcessor]] = []
    if SWITCHER is not None and isinstance(container, SWITCHER):
        found = [(container, one) for one in container.services if one is processor or processor in _all_in(one)]
    return found + [pair for member in container.processors for pair in _switchers_of(processor, member)]


def _all_in(container: FrameProcessor) -> list[FrameProcessor]:
    """Every processor in a container, at whatever depth."""
    return [one for member in container.processors for one in (member, *_all_in(member))]


def _line_through(
    container: FrameProcessor, processor: FrameProcessor
) -> tuple[list[FrameProcessor], list[FrameProcessor]] | None:
    """What frames pass before and after the processor, nearest first; other branches of a parallel are not in line."""
    members = container.processors
    for place, member in enumerate(members):
        inner = ([], []) if member is processor else _line_through(member, processor)
        if inner is None:
            continue
        if not isinstance(container, Pipeline):
            return inner
        before, after = inner
        return [*before, *reversed(_in_row(members[:place]))], [*after, *_in_row(members[place + 1 :])]
    return None


def _in_row(members: Iterable[FrameProcessor]) -> list[FrameProcessor]:
    row: list[FrameProcessor] = []
    for member in members:
        row += _in_row(member.processors) if isinstance(member, Pipeline) else [member]
    return row


def _linked(processor: FrameProcessor) -> tuple[Sequence[FrameProcessor], Sequence[FrameProcessor]]:
    def follow(step: Callable[[FrameProcessor], FrameProcessor | None]) -> list[FrameProcessor]:
        found: list[FrameProcessor] = []
        neighbour = step(processor)
        while neighbour is not None:
            found.append(neighbour)
            neighbour = step(neighbour)
        return found

    return follow(lambda one: one.previous), follow(lambda one: one.next)
