"""What others do to a server, and what a bystander notices of it.

    python -m bench.hostile [--seed 1] [--seconds 600] [--only NAME ...] [--memories 20000] [--bars] [--json FILE]

Each attack meets a real ``toldonce serve`` of its own on loopback. A bystander of another project, in a process of its
own, adds, searches, asks for the server's health and looks by meaning for what it has just said. Then the server is
told to stop (SIGTERM), with the attack still going on. Rounds of kill -9 come last.

The exit status says whether nobody hung, no process ended but as it was told to, nothing acknowledged was lost or
doubled, and every answer was right. ``--bars`` also holds the times to the bars; they need a machine that is otherwise
idle. The first line is without an attack: hold the others against it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from bench.filling import scratch
from bench.hostile.attackers import ALL
from bench.hostile.kills import kills
from bench.hostile.rounds import Round, attacked, filled
from bench.report import quantile

START_AND_STOP = 4.0
"""Seconds that a round takes besides its attack."""


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600, help="for all of it, about")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*ALL, "kills"], help=", ".join([*ALL, "kills"]))
    parser.add_argument("--memories", type=int, default=20_000, help="of the user whom large requests are about")
    parser.add_argument("--bars", action="store_true", help="fail where a bystander waited too long")
    parser.add_argument("--same-project", action="store_true", help="the bystander is another user of the same project")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was noticed")
    return parser.parse_args()


def line(one: Round, quiet: Round) -> str:
    """One attack for a reader."""
    noticed = one.noticed
    times = "".join(
        f"{quantile(took, 0.99):9.1f}{quantile(took, 0.99) / quantile(before, 0.99):6.1f}x"
        for took, before in zip(one.times.values(), quiet.times.values(), strict=True)
        if took and before
    )
    return f"{one.name:24}{times} {noticed.found:4}/{noticed.probes:<4}{one.seconds_to_stop:5.1f}s  {one.answers}"


def main() -> int:
    """Attack, print, and say whether all held."""
    options = arguments()
    chosen = options.only or [*ALL, "kills"]
    names = ["nothing", *(name for name in chosen if name not in ("nothing", "kills"))]
    seconds = max(3.0, options.seconds / (len(names) + 1) - START_AND_STOP)
    print(f"{'':24}{'add p99':>9}{'':7}{'search':>9}{'':7}{'healthz':>9}{'':7} by meaning  stop  answers")
    problems: list[str] = []
    rounds: list[Round] = []
    with scratch() as room:
        full = filled(room / "full", options.memories)
        for name in names:
            folder = Path(shutil.copytree(full, room / name.replace(" ", "-")))
            os.sync()  # or the server's first commits wait until the copy is on the disk
            rounds.append(attacked(folder, name, options.seed, seconds, same_project=options.same_project))
            shutil.rmtree(folder)
            print(line(rounds[-1], rounds[0]), flush=True)
            problems += [f"{name}: {problem}" for problem in rounds[-1].problems(options.bars)]
        if "kills" in chosen:
            wrong, told = kills(room / "kills", options.seed, seconds)
            print(told, flush=True)
            problems += [f"kills: {problem}" for problem in wrong]
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in rounds]))
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
