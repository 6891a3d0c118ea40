"""The indexes in RAM: loading one, what it takes up, keeping up with other processes, and walking many of them."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.corpus import GivenTokens, Talk
from bench.filling import fill, fill_many, scratch, verbs
from bench.machine import resident_bytes
from bench.report import LATENCY, Figure, Part, Scale, Table, latency_row, quantile
from toldonce import Memory

INCLUDES = (
    "Loading is `Memory.warm` of one owner right after opening the folder: rows read, vectors and words' lists built; "
    "*from disk* means that the operating system was told to drop the file from its cache before. RAM is what the "
    "process grew by while it loaded and searched several owners, everything included. A refresh is `Memory.warm` "
    "right after another process added one message and its vector, and the first search beside it is one that has "
    "to refresh. The filter on an agent alone finds its 100 owners among all and merges them; it is exact if its best "
    "ten are those of a hundred searches, one for each owner."
)


@dataclass(frozen=True)
class Sizes:
    owner: int
    loads: int
    hot_owners: int
    refreshes: int
    owners: int
    each: int
    with_agent: int
    searches: int


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(10_000, 20, 8, 500, 10_000, 10, 100, 200),
    "quick": Sizes(10_000, 8, 3, 150, 2_000, 10, 100, 60),
    "tiny": Sizes(200, 2, 2, 3, 20, 5, 4, 3),
}


def loads(folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds to load one owner: with the file in the system's cache, and without."""
    cached: list[float] = []
    from_disk: list[float] = []
    for number in range(2 * rounds + 1):
        if number % 2:
            _drop(folder / "toldonce.db")
        with Memory(folder=folder, embedder=GivenTokens()) as memory:
            start = time.perf_counter()
            memory.warm(user_id="owner0")
            (from_disk if number % 2 else cached).append((time.perf_counter() - start) * 1e3)
    return cached[1:], from_disk


def _drop(file: Path) -> None:
    """Let the system forget what it has read of a file."""
    if hasattr(os, "posix_fadvise"):
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def grown(folder: Path, owners: int) -> float:
    """Bytes of RAM a memory, in this process; the first owner is loaded before, so that nothing counts but memories."""
    question = Talk(5).questions(1)[0]
    with Memory(folder=folder, embedder=GivenTokens()) as memory:
        memory.search(question, filters={"user_id": "owner0"})
        gc.collect()
        before = resident_bytes()
        held = 0
        for number in range(1, owners):
            held += memory.warm(user_id=f"owner{number}")
            memory.search(question, filters={"user_id": f"owner{number}"})
        gc.collect()
        return (resident_bytes() - before) / held


@contextmanager
def helper(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """This module in another process, with its standard input and output."""
    command = [sys.executable, "-m", "bench.indexes", *arguments]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def ram(folder: Path, owners: int) -> float:
    """Bytes a memory, in a process of its own."""
    with helper("ram", str(folder), str(owners)) as process:
        return float(process.communicate()[0])


def write_on_request(folder: Path) -> None:
    """Add one message for each line that comes in."""
    texts = iter(Talk(6).texts(5000))
    with Memory(folder=folder, embedder=GivenTokens()) as memory:
        for _ in sys.stdin:
            memory.add(next(texts), user_id="owner0", run_id="elsewhere")
            print("added", flush=True)


def refreshes(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of warm and of search, with nothing new and after another process wrote, by turns."""
    took: dict[str, list[float]] = {
        "warm, one message is new": [],
        "warm, nothing new": [],
        "search, one message is new": [],
        "search, nothing new": [],
    }
    questions = iter(Talk(8).questions(2 * rounds + 6))
    with helper("write", str(folder)) as writer, Memory(folder=folder, embedder=GivenTokens()) as memory:
        assert writer.stdin is not None
        assert writer.stdout is not None
        memory.warm(user_id="owner0")
        for _ in range(rounds + 3):
            for verb in ("warm", "search"):
                print("add", file=writer.stdin, flush=True)
                writer.stdout.readline()
                for state in ("one message is new", "nothing new"):
                    question = next(questions) if verb == "search" else ""
                    start = time.perf_counter()
                    if verb == "warm":
                        memory.warm(user_id="owner0")
                    else:
                        memory.search(question, filters={"user_id": "owner0"})
                    took[f"{verb}, {state}"].append((time.perf_counter() - start) * 1e3)
        writer.stdin.close()
    return {name: values[3:] for name, values in took.items()}


def by_agent(folder: Path, sizes: Sizes) -> tuple[list[float], float]:
    """Milliseconds of a search by agent alone, and the share of such searches whose best ten are exact."""
    embedder = GivenTokens()
    talk = Talk(9)
    with verbs(folder, embedder) as (engine, steps):
        fill_many(engine, steps, {f"u{number}": talk.texts(sizes.each) for number in range(sizes.owners)})
        chosen = [f"u{number * (sizes.owners // sizes.with_agent)}" for number in range(sizes.with_agent)]
        fill_many(engine, steps, {user: talk.texts(2) for user in chosen}, agent_id="a1")
    took = []
    exact = 0
    questions = talk.questions(sizes.searches + 5)
    with Memory(folder=folder, embedder=embedder) as memory:
        for question in questions:
            start = time.perf_counter()
            found = memory.search(question, filters={"agent_id": "a1"}, top_k=10, threshold=0)["results"]
            took.append((time.perf_counter() - start) * 1e3)
        for question in questions[:5]:
            exact += _same_ten(memory, question, chosen)
    assert all(hit["agent_id"] == "a1" for hit in found)
    return took[5:], exact / 5


def _same_ten(memory: Memory, question: str, users: list[str]) -> bool:
    """Whether asking by agent gives what asking each owner by turns and merging gives."""
    found = memory.search(question, filters={"agent_id": "a1"}, top_k=10, threshold=0)["results"]
    merged: list[dict[str, Any]] = []
    for user in users:
        merged += memory.search(question, filters={"agent_id": "a1", "user_id": user}, top_k=10, threshold=0)["results"]
    merged.sort(key=lambda hit: -hit["score"])
    return [hit["score"] for hit in found] == [hit["score"] for hit in merged[:10]]


def measure(scale: Scale) -> Part:
    """Load, RAM, refresh and the filter on an agent."""
    sizes = SIZES[scale]
    talk = Talk(4)
    with scratch() as folder:
        with Memory(folder=folder / "hot", embedder=GivenTokens()) as memory:
            for number in range(sizes.hot_owners):
                fill(memory, f"owner{number}", talk.texts(sizes.owner))
        cached, from_disk = loads(folder / "hot", sizes.loads)
        bytes_each = ram(folder / "hot", sizes.hot_owners)
        fresh = refreshes(folder / "hot", sizes.refreshes)
        agent, exact = by_agent(folder / "agents", sizes)
    owner = f"{sizes.owner:,}"
    return Part(
        "Indexes in RAM",
        INCLUDES,
        [
            Figure(f"loading an owner of {owner}, p50", quantile(cached, 0.5), "ms", most=120),
            Figure(f"loading an owner of {owner} from disk, p50", quantile(from_disk, 0.5), "ms", most=120),
            Figure("RAM, a memory of 25 words", bytes_each / 1000, "KB", most=2.5),
            Figure(
                f"refresh of {owner} after a foreign write, p99",
                quantile(fresh["warm, one message is new"], 0.99),
                "ms",
                most=3,
            ),
            Figure(
                f"filter on an agent in {sizes.with_agent} of {sizes.owners:,} owners, p50",
                quantile(agent, 0.5),
                "ms",
                most=60,
            ),
            Figure("searches by agent alone that are exact", 100 * exact, "%", least=100),
        ],
        [
            Table(
                f"Owners of {owner} memories",
                LATENCY,
                [
                    latency_row("load", cached),
                    latency_row("load from disk", from_disk),
                    *(latency_row(name, values) for name, values in fresh.items()),
                    latency_row(f"search by agent alone, {sizes.with_agent} of {sizes.owners:,} owners", agent),
                ],
            )
        ],
    )


if __name__ == "__main__":
    if sys.argv[1] == "ram":
        print(json.dumps(grown(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        write_on_request(Path(sys.argv[2]))
