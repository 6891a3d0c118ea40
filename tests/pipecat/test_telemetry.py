"""What others hear of the memory: metrics, the client, the turn's trace."""

from __future__ import annotations

from typing import Any

import pytest
from pipecat.frames.frames import MetricsFrame
from pipecat.metrics.metrics import ProcessingMetricsData, TTFBMetricsData
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.processors.frameworks.rtvi.frames import RTVIServerMessageFrame

from toldonce.pipecat.telemetry import MemoryMetricsData, Recalled, Telemetry

from .conftest import Ann
from .harness import WORKERS, Call, PipelineParams, until


class Seen(BaseObserver):
    def __init__(self) -> None:
        super().__init__()
        self.metrics: dict[int, Any] = {}
        self.told: dict[int, Any] = {}

    async def on_push_frame(self, data: FramePushed) -> None:
        if isinstance(data.frame, MetricsFrame):
            self.metrics.update({id(one): one for one in data.frame.data})
        elif isinstance(data.frame, RTVIServerMessageFrame):
            self.told[data.frame.id] = data.frame.data


def stored(seen: Seen) -> list[dict[str, Any]]:
    return [data for data in seen.told.values() if data["type"] == "memory-stored"]


async def test_metrics(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    seen, service = Seen(), ann.service()
    params = PipelineParams(enable_metrics=True)
    async with Call(service, observers=[seen], params=params) as call:
        await call.say("In which city do I live?")
        await until(lambda: any(isinstance(one, MemoryMetricsData) for one in seen.metrics.values()))
    mine = [one for one in seen.metrics.values() if one.processor == service.name]
    (ours,) = [one for one in mine if isinstance(one, MemoryMetricsData)]
    assert (ours.turns, ours.late, ours.failed) == (1, 0, 0)
    # The pipeline begins with empty ones.
    assert [one.value > 0 for one in mine if type(one) is TTFBMetricsData][-1:] == [True]
    assert [one.value > 0 for one in mine if isinstance(one, ProcessingMetricsData)][-1:] == [True]


@pytest.mark.skipif(not WORKERS, reason="this Pipecat does not tell a processor of RTVI")
@pytest.mark.parametrize("rtvi", [False, True, "texts"])
async def test_the_client_is_told_what_was_asked_for(ann: Ann, rtvi: Any) -> None:
    await ann.told("I moved to Oslo in March.")
    seen = Seen()
    async with Call(ann.service(rtvi=rtvi), observers=[seen], enable_rtvi=True) as call:
        await call.say("In which city do I live?")
        await until(lambda: not rtvi or sum(data["count"] for data in stored(seen)) == 2)
    assert "Oslo" in str(call.shown), "something was recalled"
    if not rtvi:
        assert not seen.told
        return
    (recalled,) = [data for data in seen.told.values() if data["type"] == "memory-recalled"]
    assert [set(memory) >= {"id"} for memory in recalled["memories"]] == [True]
    assert ("Oslo" in str(seen.told), "which city" in str(seen.told)) == (
        (True, True) if rtvi == "texts" else (False, False)
    )


async def test_a_span_in_the_turns_trace(ann: Ann) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    processors = pytest.importorskip("opentelemetry.sdk.trace.export")
    from opentelemetry import trace
    from pipecat.utils.tracing.tracing_context import TracingContext

    exporter = export.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(processors.SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    turn = trace.get_tracer("test").start_span("turn")
    context = TracingContext()  # type: ignore[no-untyped-call] # untyped in Pipecat
    context.set_turn_context(turn.get_span_context())

    class Setup:
        enable_tracing = True
        tracing_context = context

    signals = Telemetry(ann.service(), rtvi=False)
    signals.begin(Setup())
    signals._span(Recalled(1.0, 1.25, [{"memory": "I moved to Oslo in March."}]))
    (span,) = exporter.get_finished_spans()
    assert span.name == "memory"
    assert span.parent.span_id == turn.get_span_context().span_id
    assert dict(span.attributes) == {"memory.recalled": 1, "metrics.ttfb": 0.25}
