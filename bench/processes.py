"""Several processes writing to one folder: how long an add takes, and whether anything is lost or doubled.

    python bench/processes.py [--writers 4] [--adds 500]

An add here is all of ``Memory.add`` of one message: aligned, journaled, fsynced. Each process adds without a pause, so
that most calls wait for the vectors of earlier ones, made by four processes on the cores there are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toldonce import Memory


def write(folder: str, writer: int, adds: int) -> None:
    """One writer; prints its latencies in milliseconds."""
    took = []
    with Memory(folder=folder) as memory:
        memory.warm(user_id="ann")
        for n in range(adds):
            begun = time.perf_counter()
            memory.add(f"Writer {writer} has something to say about number {n}.", user_id="ann", run_id=f"w{writer}")
            took.append((time.perf_counter() - begun) * 1e3)
    print(json.dumps(took))


def measure(writers: int, adds: int) -> dict[str, float]:
    """Run the writers, and a fifth process' search beside them; returns milliseconds and counts."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--folder", folder, "--adds", str(adds), "--writer"]
        running = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in range(writers)]
        took = sorted(ms for process in running for ms in json.loads(process.communicate()[0]))
        with Memory(folder=Path(folder)) as memory:
            said = [message["content"] for message in memory.messages(user_id="ann")]
    return {
        "writers": writers,
        "adds": len(took),
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[int(len(took) * 0.99)],
        "p999_ms": took[int(len(took) * 0.999)],
        "max_ms": took[-1],
        "lost": writers * adds - len(set(said)),
        "doubled": len(said) - len(set(said)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--adds", type=int, default=500)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--writer", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.writer is not None:
        write(arguments.folder, arguments.writer, arguments.adds)
    else:
        print(json.dumps(measure(arguments.writers, arguments.adds), indent=2))
