"""What a part of the benchmarks hands in: figures with their bars, tables, plots, and a line on what they include."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

Scale: TypeAlias = Literal["full", "quick", "tiny"]
"""``full`` is published, ``quick`` is for a look while working, ``tiny`` only shows that a part runs."""

Cell: TypeAlias = str | float | int | None


@dataclass(frozen=True)
class Figure:
    """One number, and the bar it is held to: ``most`` or ``least``."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool | None:
        """None without a bar."""
        if self.most is None and self.least is None:
            return None
        under = self.most is None or self.value <= self.most
        return under and (self.least is None or self.value >= self.least)


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Plot:
    """Lines over a logarithmic x, or bars over names."""

    name: str
    title: str
    x: str
    y: str
    series: dict[str, list[tuple[Cell, float]]]
    kind: Literal["lines", "bars"] = "lines"
    logarithmic: bool = True
    """Of y."""


@dataclass
class Part:
    """Everything one part measured."""

    title: str
    includes: str
    """What the figures include and what they leave out."""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data, bars and their verdicts included."""
        plain = asdict(self)
        for figure, entry in zip(self.figures, plain["figures"], strict=True):
            entry["holds"] = figure.holds
        return plain


def quantile(values: Sequence[float], part: float) -> float:
    """The value that ``part`` of all do not exceed, without inventing one in between."""
    return float(np.quantile(np.asarray(values), part, method="inverted_cdf"))


def latency_row(name: str, values: Sequence[float]) -> list[Cell]:
    """A row of milliseconds for a table with the columns ``LATENCY``."""
    return [name, *(quantile(values, part) for part in (0.5, 0.99, 0.999)), max(values), len(values)]


LATENCY = ("", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "measured")
