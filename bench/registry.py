"""The parts there are, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from bench import scripts
from bench.report import Part, Scale

Measure: TypeAlias = Callable[[Scale], Part]

MODULES = ("ranking", "search", "peers", "store", "postgres", "erase", "indexes", "loop", "calls")
"""Each has ``measure(scale)``."""

SCRIPTS: dict[str, dict[Scale, tuple[str, ...]]] = {
    "processes": {
        "full": ("--writers", "8"),
        "quick": ("--writers", "4", "--adds", "50"),
        "tiny": ("--writers", "1", "--adds", "3"),
    },
    "pipecat": {
        "full": (),
        "quick": ("--turns", "50", "--memories", "1000"),
        "tiny": ("--turns", "3", "--memories", "20"),
    },
    "server": {"full": (), "quick": (), "tiny": ()},
    "remote": {
        "full": (),
        "quick": ("--turns", "100", "--memories", "1000"),
        "tiny": ("--turns", "3", "--memories", "20"),
    },
}
"""Each prints JSON, given these arguments. Those that are not there are passed over."""


def names() -> list[str]:
    """Every part that can be measured here."""
    return ["recall", *MODULES, *(name for name in SCRIPTS if scripts.exists(name))]


def skipped(name: str, locomo: Path | None) -> str | None:
    """Why a part cannot be measured now, or None."""
    if name == "recall" and locomo is None:
        return "LoCoMo's file was not given (--locomo FILE); it is not part of this project"
    if name == "peers":
        from bench.peers import available

        return available()
    return None


def measure_of(name: str, locomo: Path | None) -> Measure:
    """What measures a part. Only its own module is loaded."""
    if name == "recall":
        from bench.recall import measure

        assert locomo is not None
        return partial(measure, file=locomo)
    if name in MODULES:
        found: Measure = import_module(f"bench.{name}").measure
        return found
    return lambda scale: scripts.measure(name, SCRIPTS[name][scale])
