"""Plots as SVG, the same bytes for the same figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#1a6f93", "#c8553d", "#6a994e", "#8d6a9f", "#b0892b")
_STYLE: Any = {"svg.hashsalt": "toldonce", "svg.fonttype": "none", "font.size": 10, "axes.axisbelow": True}


def draw(plot: dict[str, Any], file: Path) -> None:
    """Write one plot, as ``report.Plot`` is in JSON."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        (_bars if plot["kind"] == "bars" else _lines)(axes, plot["series"])
        if plot["logarithmic"]:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
        axes.set_title(plot["title"])
        axes.set_xlabel(plot["x"])
        axes.set_ylabel(plot["y"])
        axes.grid(True, axis="y", color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
        if len(plot["series"]) > 1:
            axes.legend(frameon=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, metadata={"Date": None, "Creator": None})


def _lines(axes: Axes, series: dict[str, list[tuple[float, float]]]) -> None:
    for colour, (name, points) in zip(COLOURS, series.items(), strict=False):
        axes.plot([x for x, _ in points], [y for _, y in points], "o-", color=colour, label=name)
    axes.set_xscale("log")
    ticks = sorted({x for points in series.values() for x, _ in points})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)


def _bars(axes: Axes, series: dict[str, list[tuple[str, float]]]) -> None:
    groups = list(dict.fromkeys(group for points in series.values() for group, _ in points))
    width = 0.8 / len(series)
    for number, (colour, (name, points)) in enumerate(zip(COLOURS, series.items(), strict=False)):
        places = [groups.index(group) + (number - (len(series) - 1) / 2) * width for group, _ in points]
        drawn = axes.bar(places, [y for _, y in points], width * 0.92, color=colour, label=name)
        axes.bar_label(drawn, fmt="{:.3g}", fontsize=8)
    axes.set_xticks(range(len(groups)), groups)
