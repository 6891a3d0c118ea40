"""OpenTelemetry: the same numbers as ``/metrics``, of which it knows no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tests.server.running import Client, Running, serving
from tests.server.test_metrics import ANN, SEARCH, read
from toldonce.server import otel
from toldonce.server.otel import observe


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path) as running:
        yield running


def exported(reader: InMemoryMetricReader) -> dict[tuple[str, ...], float]:
    """Every point: its name and the values of its attributes, in the order of the attributes' names."""
    data: Any = reader.get_metrics_data()
    return {
        (metric.name, *(value for _, value in sorted(point.attributes.items()))): point.value
        for resource in (data.resource_metrics if data is not None else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


def test_the_numbers_are_those_of_the_metrics(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel, "_KEPT", 0.0)
    client, reader = running.client(), InMemoryMetricReader()
    client.add("I keep bees.", user_id=ANN)
    client.post(SEARCH, {"query": "Who keeps bees?", "filters": {"user_id": ANN}})
    observe(running.service.engine, running.service.tally, MeterProvider([reader]).get_meter("toldonce"))
    found = exported(reader)
    same = {
        ("toldonce.searches",): ("toldonce_searches_total",),
        ("toldonce.requests", "POST", "/v3/memories/add", "200"): (
            "toldonce_requests_total",
            "POST",
            "/v3/memories/add",
            "200",
        ),
        ("toldonce.search_seconds_count", "all"): ("toldonce_search_seconds_count", "all"),
        ("toldonce.search_seconds_sum", "all"): ("toldonce_search_seconds_sum", "all"),
        ("toldonce.vectors_owed",): ("toldonce_vectors_owed",),
        ("toldonce.writes_waiting",): ("toldonce_writes_waiting",),
    }
    told = read(running)
    assert {key: found[key] for key in same} == {key: told[name] for key, name in same.items()}
    assert found["toldonce.searches",] == 1
    names = {name[0].removesuffix("_total").replace("_", ".", 1) for name in told}
    assert {name for name, *_ in found} <= names
    assert ANN not in str(found)
    assert "bees" not in str(found)
    client.post(SEARCH, {"query": "Who keeps bees?", "filters": {"user_id": ANN}})
    assert exported(reader)["toldonce.searches",] == 2, "it is read anew"


def test_what_was_read_is_told_again_for_a_moment_and_nothing_once_the_server_stopped(tmp_path: Path) -> None:
    reader = InMemoryMetricReader()
    with serving(tmp_path) as running:
        observe(running.service.engine, running.service.tally, MeterProvider([reader]).get_meter("toldonce"))
        before = exported(reader)["toldonce.wrong_keys",]
        Client(running.port, "told_wrong").get("/v1/ping/")
        assert (before, exported(reader)["toldonce.wrong_keys",]) == (0, 0)
    assert exported(reader) == {}
