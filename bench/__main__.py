"""Every published number, measured anew.

    python -m bench [NAME ...] [--quick] [--locomo FILE]    measure these parts, or all, then write the page
    python -m bench --render                                write the page from what was measured before

Each part runs in a process of its own and writes ``bench/results/NAME.json``; the page is ``docs/benchmarks.md``.
"""

from __future__ import annotations

import os

# For the product that ranking takes turns with. The package itself leaves nothing to BLAS that it would divide
# (tests/test_blas.py): what is measured here is what users have, who set none of these.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench import registry
from bench.report import Scale

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(registry.names()))
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--locomo", type=Path, metavar="FILE", help="LoCoMo's JSON, for recall")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.names) - set(registry.names())
    if unknown:
        parser.error(f"no part is called {unknown.pop()}; there are {', '.join(registry.names())}")
    if options.locomo is not None and not options.locomo.is_file():
        parser.error(f"{options.locomo} is not a file")
    return options


def measure_here(name: str, options: argparse.Namespace) -> None:
    """Measure one part in this process."""
    from bench.filling import SCRATCH
    from bench.machine import circumstances

    SCRATCH.mkdir(parents=True, exist_ok=True)
    measured = circumstances(SCRATCH)
    scale: Scale = "quick" if options.quick else "full"
    part = registry.measure_of(name, options.locomo)(scale)
    RESULTS.mkdir(exist_ok=True)
    record = {**part.as_json(), "scale": scale, "measured": measured}
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    for figure in part.figures:
        verdict = {True: "", False: "   <- missed", None: ""}[figure.holds]
        print(f"  {figure.name}: {figure.value:.4g} {figure.unit}{verdict}", flush=True)


def measure_apart(name: str, options: argparse.Namespace) -> bool:
    """Measure one part in a fresh process; whether that went well."""
    command = [sys.executable, "-m", "bench", name, "--here"]
    command += ["--quick"] if options.quick else []
    command += ["--locomo", str(options.locomo)] if options.locomo is not None else []
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Measure what was asked for, then render."""
    options = arguments()
    names = options.names or registry.names()
    failed = []
    if options.locomo is not None:
        options.locomo = options.locomo.resolve()
    if options.here:
        measure_here(names[0], options)
        return 0
    for name in [] if options.render else names:
        reason = registry.skipped(name, options.locomo)
        print(f"{name}: left out, {reason}" if reason else name, flush=True)
        if reason is None and not measure_apart(name, options):
            failed.append(name)
    from bench.page import render

    render(RESULTS, PAGE, registry.names())
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
