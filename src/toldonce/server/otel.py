"""The server's numbers over OpenTelemetry: the same as ``/metrics``, read when the application's exporter asks.

``opentelemetry-api`` without an SDK does nothing. ``opentelemetry-instrument toldonce serve`` sets an SDK up from the
environment. A histogram is told by its count and its sum, since the API has none that is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter

from toldonce import __version__
from toldonce.engine import Engine
from toldonce.server.metrics import Tally, families

_KEPT = 1.0
"""Seconds for which numbers once read are told again: an exporter asks for each by itself."""


def observe(engine: Engine, tally: Tally, meter: Meter | None = None) -> None:
    """Let the meter, that of the process by default, read the server's numbers until the engine is closed."""
    meter = get_meter("toldonce", __version__) if meter is None else meter
    numbers = _Numbers(engine, tally)
    for name, (kind, text) in numbers.names().items():
        make = meter.create_observable_counter if kind == "counter" else meter.create_observable_gauge
        make(name, [numbers.told_by(name)], description=text)


class _Numbers:
    """What the families of the metrics say, by the names of OpenTelemetry. Any thread may ask."""

    def __init__(self, engine: Engine, tally: Tally) -> None:
        self._engine = engine
        self._tally = tally
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._known: Mapping[str, tuple[str, str, list[Observation]]] = {}

    def names(self) -> dict[str, tuple[str, str]]:
        """Each name with its kind, ``counter`` or ``gauge``, and what it counts."""
        return {name: (kind, text) for name, (kind, text, _) in self._now().items()}

    def told_by(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """The callback that tells a number."""

        def tell(options: CallbackOptions) -> Iterable[Observation]:
            known = {} if self._engine.closing.is_set() else self._now()
            return known[name][2] if name in known else ()

        return tell

    def _now(self) -> Mapping[str, tuple[str, str, list[Observation]]]:
        with self._lock:
            if time.monotonic() > self._read_at + _KEPT:
                self._known = _read(self._engine, self._tally)
                self._read_at = time.monotonic()
            return self._known


def _read(engine: Engine, tally: Tally) -> dict[str, tuple[str, str, list[Observation]]]:
    found: dict[str, tuple[str, str, list[Observation]]] = {}
    for family in families(engine, tally):
        base = family.name.replace("_", ".", 1)
        parts = {"": "counter"} if family.type == "counter" else {"": "gauge"}
        if family.type == "histogram":
            parts = {"_count": "counter", "_sum": "counter"}
        for part, kind in parts.items():
            written = f"{family.name}_total" if family.type == "counter" else f"{family.name}{part}"
            told = [Observation(sample.value, sample.labels) for sample in family.samples if sample.name == written]
            found[f"{base}{part}"] = kind, family.documentation, told
    return found
