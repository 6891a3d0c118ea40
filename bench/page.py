"""The published page, from the JSON of what was measured and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.plots import draw

HEAD = """# Benchmarks

This page is written by `python -m bench`, from the files in `bench/results/`; `make bench` measures everything anew.
Every ratio is between two things measured in one run, by turns. *p99* is what 99 of 100 calls stay under.
"""
SCALES = {"full": "", "quick": "**A quick run**, for a look while working. ", "tiny": "**A trial of the program**. "}


def shown(value: Any) -> str:
    """A number with three digits that count, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    if isinstance(value, int):
        return str(value)
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Markdown; every column but the first is set right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *([shown(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bar(figure: dict[str, Any]) -> str:
    """What a figure is held to."""
    if figure["most"] is not None:
        return f"at most {shown(figure['most'])}"
    return "" if figure["least"] is None else f"at least {shown(figure['least'])}"


def figure_rows(figures: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Name, measured, bar, verdict."""
    verdicts = {True: "yes", False: "**no**", None: ""}
    return [
        [entry["name"], f"{shown(entry['value'])} {entry['unit']}".strip(), bar(entry), verdicts[entry["holds"]]]
        for entry in figures
    ]


def section(part: dict[str, Any], plots: str) -> str:
    """One part."""
    blocks = [f"## {part['title']}", part["includes"]]
    if part["figures"]:
        blocks.append(table(("figure", "measured", "bar", "held"), figure_rows(part["figures"])))
    blocks += [f"![{plot['title']}]({plots}/{plot['name']}.svg)" for plot in part["plots"]]
    for entry in part["tables"]:
        caption = [f"*{entry['title']}*"] if entry["title"] else []
        blocks += [*caption, table(entry["columns"], entry["rows"])]
    blocks.append(SCALES[part["scale"]] + circumstances(part["measured"]))
    return "\n\n".join(block for block in blocks if block)


def circumstances(measured: dict[str, Any]) -> str:
    """When and on what."""
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    return (
        f"<sub>Measured {measured['date'][:10]} on {measured['cores']} cores of {measured['processor']}, "
        f"{shown(measured['memory_gb'])} GB, {measured['system']}, {measured['disk']}; "
        f"load before {measured['load_before']}. {versions}.</sub>"
    )


def render(results: Path, page: Path, order: Sequence[str]) -> None:
    """Write the page and its plots beside it."""
    parts = [json.loads(file.read_text("utf-8")) for name in order if (file := results / f"{name}.json").exists()]
    plots = page.parent / page.stem
    for part in parts:
        for plot in part["plots"]:
            draw(plot, plots / f"{plot['name']}.svg")
    barred = [figure for part in parts for figure in part["figures"] if figure["holds"] is not None]
    held = sum(figure["holds"] for figure in barred)
    summary = f"{held} of {len(barred)} bars are held; each part lists its own."
    sections = [section(part, plots.name) for part in parts]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join([HEAD.strip(), summary, *sections]) + "\n", "utf-8")
