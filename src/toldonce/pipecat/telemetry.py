"""Telling others what the memory did: metrics, a span in the turn's trace, messages to the client.

All of it happens after the frame went on; no turn waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from pipecat.frames.frames import MetricsFrame
from pipecat.metrics.metrics import MetricsData
from pipecat.processors.frame_processor import FrameProcessor

from .block import Hit
from .prefetcher import Prefetcher
from .writer import Entry

try:
    from opentelemetry import trace
except ImportError:
    trace = None  # type: ignore[assignment] # An application that traces has it.

Rtvi: TypeAlias = Literal[False, True, "texts"]
"""What the client is told: nothing, ids and counts, or texts too."""

_CLIENT_KEYS = ("id", "score")
_CLIENT_TEXT_KEYS = (*_CLIENT_KEYS, "memory", "said_at", "role", "actor_id")


class MemoryMetricsData(MetricsData):
    """How the lookups of a call went so far.

    Parameters:
        lookups: Lookups asked of the memory.
        turns: Turns that wanted memories.
        late: Turns that went on without them.
        without_lookup: The latest turns, in a row, for which nothing was asked of the memory.
        failed: Lookups that failed.
        opened: Times the circuit breaker opened.
        wishes_failed: Times the standing wishes of a person could not be looked up.
        breaker_open: Whether the memory is left alone now, but for a probe now and then.
        unstored: Messages not acknowledged yet.
    """

    lookups: int
    turns: int
    late: int
    without_lookup: int
    failed: int
    opened: int
    wishes_failed: int
    breaker_open: bool
    unstored: int


@dataclass(frozen=True, slots=True)
class Recalled:
    """One turn's recall."""

    began: float
    ended: float
    """Seconds since the epoch."""
    hits: Sequence[Hit]


class Telemetry:
    """What one service tells."""

    def __init__(self, service: FrameProcessor, *, rtvi: Rtvi = False) -> None:
        self._service = service
        self._rtvi = rtvi
        self._tracing: Any = None

    def begin(self, setup: Any) -> None:
        """Learn who listens. Above Pipecat 1.2 it is the setup that knows, below it the ``StartFrame``."""
        if getattr(setup, "enable_tracing", False):
            self._tracing = getattr(setup, "tracing_context", None)

    async def recalled(self, turn: Recalled, prefetcher: Prefetcher, unstored: int) -> None:
        """A turn got its memories."""
        service = self._service
        self._span(turn)
        if service.metrics_enabled:
            await service.start_ttfb_metrics(start_time=turn.began)
            await service.stop_ttfb_metrics(end_time=turn.ended)
            await service.start_processing_metrics(start_time=turn.began)
            await service.stop_processing_metrics(end_time=turn.ended)
            data = MemoryMetricsData(
                processor=service.name,
                **asdict(prefetcher.tally),
                breaker_open=prefetcher.breaker_open,
                unstored=unstored,
            )
            await service.push_frame(MetricsFrame(data=[data]))
        if self._rtvi:
            keys = _CLIENT_TEXT_KEYS if self._rtvi == "texts" else _CLIENT_KEYS
            memories = [{key: hit[key] for key in keys if key in hit} for hit in turn.hits]
            took = round((turn.ended - turn.began) * 1000, 3)
            await self._tell("memory-recalled", memories=memories, milliseconds=took)

    async def stored(self, entries: Sequence[Entry]) -> None:
        """Messages were acknowledged."""
        if self._rtvi:
            texts = {"messages": [{"role": entry.role, "content": entry.text} for entry in entries]}
            await self._tell("memory-stored", count=len(entries), **(texts if self._rtvi == "texts" else {}))

    async def _tell(self, kind: str, **content: Any) -> None:
        # Imported only where RTVI is used: below Pipecat 1.4 it needs a package that the core does not bring.
        from pipecat.processors.frameworks.rtvi.frames import RTVIServerMessageFrame

        await self._service.push_frame(RTVIServerMessageFrame(data={"type": kind, **content}))

    def _span(self, turn: Recalled) -> None:
        """A span with figures; what was recalled is nobody's business but the prompt's."""
        if self._tracing is None or trace is None:
            return
        parent = self._tracing.get_turn_context() or self._tracing.get_conversation_context()
        span = trace.get_tracer("pipecat").start_span("memory", context=parent, start_time=int(turn.began * 1e9))
        span.set_attribute("memory.recalled", len(turn.hits))
        span.set_attribute("metrics.ttfb", turn.ended - turn.began)
        span.end(end_time=int(turn.ended * 1e9))
