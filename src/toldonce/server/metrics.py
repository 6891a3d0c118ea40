"""What a server tells Prometheus: numbers for the whole server, never words, ids or keys.

Paths are named by their templates, so that no id of a user stands in a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from toldonce.config import files_beside
from toldonce.engine import Engine
from toldonce.engine.observe import BOUNDS, Counters, Histogram, Timings
from toldonce.errors import ToldonceError
from toldonce.remote.outbox.states import State, states
from toldonce.times import now

CONTENT_TYPE = CONTENT_TYPE_LATEST
NO_ROUTE = "none"
"""The route of a request for an address there is not, or one that was refused before."""
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

_COUNTED = {
    "searches": "Searches that ranked.",
    "searches_empty": "Searches that found nothing: the recall hit rate is 1 less these of all.",
    "searches_by_words": "Searches for which only words were compared, as the embedder could not be used.",
    "searches_without_vectors": "Searches that reached memories whose vectors were not made yet.",
    "queries_not_embedded": "Queries that the embedder could not embed.",
    "llm_calls": "Answers of the model that reads facts.",
    "llm_failures": "Times that it failed to answer; it is asked again.",
    "llm_input_tokens": "Tokens that it read.",
    "llm_output_tokens": "Tokens that it wrote.",
    "facts_added": "Facts that it read and that were new.",
    "facts_repeated": "Facts that it read and that were known.",
    "facts_superseded": "Facts that another took the place of.",
    "facts_dropped": "Facts that it proposed and nothing that was said proves.",
    "facts_failed": "Pieces of conversations that were given up; see toldonce retry.",
}
_HELD = {
    "writes_waiting": "Writes of this process that wait for their turn.",
    "embedder_resting": "1: the embedder could embed nothing, and is left alone for a while (a circuit breaker).",
    "owners_behind": "Users, agents, apps and runs whose vectors are being made.",
    "memories_set_aside": "Memories whose texts the embedder refused; they are tried again.",
    "index_bytes": "RAM of the indexes.",
    "index_owners": "Users, agents, apps and runs whose index is in RAM.",
}
_CACHES = ("rankings", "queries", "filters")


class Tally:
    """What a server counts by itself. Any thread may count."""

    def __init__(self) -> None:
        self.requests: Counters[tuple[str, ...]] = Counters()
        """By method, route and status."""
        self.seconds: Timings[tuple[str]] = Timings()
        """By route."""
        self.deliveries: Counters[tuple[str, ...]] = Counters()
        """Tries to deliver a webhook, by result: ``delivered`` or ``failed``."""
        self.under_way = 0
        """Requests, of the event loop's."""
        self.wrong_keys: Counters[tuple[str, ...]] = Counters()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request and its answer."""
        self.requests.add((method if method in METHODS else "other", route, str(status)))
        self.seconds.add((route,), seconds)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store and the outboxes say."""

    jobs: Mapping[str, int]
    owed: int
    outboxes: Iterable[State]


def expose(engine: Engine, tally: Tally) -> bytes:
    """Everything, in Prometheus' text format. It reads the store: call it in a thread."""
    registry = CollectorRegistry()
    registry.register(_Once(lambda: families(engine, tally)))
    return generate_latest(registry)


class _Once(Collector):
    """A collector for one answer: the registry is new for each, so nothing is global and nothing stays."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._families()


def families(engine: Engine, tally: Tally) -> Iterator[Metric]:
    """Everything, a family at a time. It reads the store: call it in a thread."""
    yield _counter("requests", "Requests by method, route and status.", ["method", "route", "status"], tally.requests)
    yield _histogram("request_seconds", "How long answers took.", "route", tally.seconds.snapshot())
    yield GaugeMetricFamily("toldonce_requests_under_way", "Requests being answered.", tally.under_way)
    yield _counter("wrong_keys", "Requests whose key does not hold.", [], tally.wrong_keys, always=())
    yield _counter("webhook_deliveries", "Tries to deliver a webhook, by result.", ["result"], tally.deliveries)
    yield _histogram(
        "search_seconds",
        "How long searches took, by phase: embed, wait (for vectors just owed), rank, all.",
        "phase",
        {(phase,): one for phase, one in engine.phases.snapshot().items()},
    )
    counted = engine.counters()
    for name, help_text in _COUNTED.items():
        yield CounterMetricFamily(f"toldonce_{name}", help_text, counted[name])
    for name, help_text in _HELD.items():
        yield GaugeMetricFamily(f"toldonce_{name}", help_text, counted[name])
    cached = GaugeMetricFamily("toldonce_cached", "Entries of a cache.", labels=["cache"])
    for name in _CACHES:
        cached.add_metric([name], counted[f"{name}_cached"])
    yield cached
    yield from _of_store(engine)


def _of_store(engine: Engine) -> Iterator[Metric]:
    stored: _Stored | None = None
    with suppress(ToldonceError):
        stored = _read(engine)
    usable = "Whether the store and the outboxes can be read; without it the metrics of these are missing."
    yield GaugeMetricFamily("toldonce_store_usable", usable, stored is not None)
    if stored is None:
        return
    yield GaugeMetricFamily("toldonce_vectors_owed", "Texts that wait for their vectors.", stored.owed)
    jobs = GaugeMetricFamily("toldonce_jobs", "Jobs that wait or are under way, by kind.", labels=["kind"])
    for kind, count in sorted(stored.jobs.items()):
        jobs.add_metric([kind], count)
    yield jobs
    waiting = GaugeMetricFamily("toldonce_outbox_waiting", "Entries that wait for a Mem0 host.", labels=["outbox"])
    parked = GaugeMetricFamily("toldonce_outbox_parked", "Entries that were set aside.", labels=["outbox"])
    held = GaugeMetricFamily("toldonce_outbox_held", "1: nothing is sent until somebody acts.", labels=["outbox"])
    oldest = GaugeMetricFamily(
        "toldonce_outbox_oldest_seconds", "How long the first entry that waits has waited.", labels=["outbox"]
    )
    full = GaugeMetricFamily("toldonce_outbox_full_ratio", "The part of its room that is taken.", labels=["outbox"])
    at = now()
    for state in stored.outboxes:
        waiting.add_metric([state.name], state.filling.waiting)
        parked.add_metric([state.name], state.parked)
        held.add_metric([state.name], state.held)
        oldest.add_metric([state.name], _seconds_since(state.filling.oldest, at))
        full.add_metric([state.name], state.filling.share)
    yield from (waiting, parked, held, oldest, full)


def _seconds_since(moment: int | None, at: int) -> float:
    return 0.0 if moment is None else max(0, at - moment) / 1e6


def _read(engine: Engine) -> _Stored:
    with engine.store.read() as store:
        jobs, owed = store.jobs.counts(), store.unembedded_count()
    return _Stored(jobs, owed, states(files_beside(engine.place)))


def _counter(
    name: str, text: str, labels: list[str], counted: Counters[tuple[str, ...]], always: tuple[str, ...] | None = None
) -> Metric:
    family = CounterMetricFamily(f"toldonce_{name}", text, labels=labels)
    numbers = counted.snapshot()
    if always is not None:
        numbers.setdefault(always, 0)
    for values, number in sorted(numbers.items()):
        family.add_metric(values, number)
    return family


def _histogram(name: str, text: str, label: str, timed: Mapping[tuple[str], Histogram]) -> Metric:
    family = HistogramMetricFamily(f"toldonce_{name}", text, labels=[label])
    for values, one in sorted(timed.items()):
        below, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), one.counts, strict=True):
            below += count
            buckets.append((bound, float(below)))
        family.add_metric(values, buckets, one.seconds)
    return family
