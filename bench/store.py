"""What it takes to keep something: one message, and a great many."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.corpus import GivenTokens, GivenVectors, Talk, messages
from bench.filling import BATCH, request, scratch, verbs
from bench.report import LATENCY, Figure, Part, Plot, Scale, Table, latency_row, quantile
from toldonce import Memory
from toldonce.embedders import Embedder
from toldonce.remember.plan import AddRequest

INCLUDES = (
    "A durable add is one message of 25 words from its arguments to the acknowledgement: read, aligned with its "
    "conversation, journaled, made a memory with its words' index, committed and fsynced; embedding is left out. The "
    "caller is a thread of a program as a server is; the main thread has its writes made by another, a tenth of a "
    "millisecond slower. It takes turns with its floor, an append of the same JSON to a file and one fdatasync. "
    "*Paced* adds come 20 to 120 ms apart, so that checkpoints fall between and beside them. `Memory.add` returns then "
    "too; the vector, made with the bundled model, is committed while the caller goes on, here for 20 ms. An import is "
    "`Memory.add` of a thousand messages a call, until the last vector is committed: one vector a message given, or "
    "beside it one for each of its first 48 tokens, which the benchmark works out word by word."
)


@dataclass(frozen=True)
class Sizes:
    adds: int
    paced: int
    whole: int
    imported: int


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(adds=5000, paced=600, whole=500, imported=100_000),
    "quick": Sizes(adds=1500, paced=60, whole=100, imported=20_000),
    "tiny": Sizes(adds=20, paced=2, whole=2, imported=200),
}


class Floor:
    """Appending bytes to a file so that they survive a power cut."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._sync = getattr(os, "fdatasync", os.fsync)

    def append(self, said: bytes) -> float:
        """Milliseconds."""
        start = time.perf_counter()
        os.write(self._file, said)
        self._sync(self._file)
        return (time.perf_counter() - start) * 1e3

    def close(self) -> None:
        os.close(self._file)


def one_message(text: str, number: int) -> AddRequest:
    """A call of add with one message, the users by turns."""
    return request(text, user_id=f"user{number % 50}", run_id="talk")


def durable(folder: Path, adds: int, pause: float = 0.0) -> tuple[list[float], list[float]]:
    """Milliseconds of adds and of their floor, by turns; ``pause`` is the mean number of seconds between adds."""
    texts = Talk(1).texts(adds + adds // 10)
    pauses = np.random.default_rng(1).uniform(0.3, 1.7, len(texts)) * pause
    took: list[float] = []
    floor = Floor(folder / "floor")
    beside: list[float] = []
    with verbs(folder / "adds", GivenVectors()) as (_, steps):
        for number, (text, rest) in enumerate(zip(texts, pauses.tolist(), strict=True)):
            if rest:
                time.sleep(rest)
            beside.append(floor.append(json.dumps({"role": "user", "content": text}).encode()))
            start = time.perf_counter()
            steps.add_now(one_message(text, number))
            took.append((time.perf_counter() - start) * 1e3)
    floor.close()
    return took[adds // 10 :], beside[adds // 10 :]


def whole_add(folder: Path, adds: int) -> list[float]:
    """Milliseconds of ``Memory.add``, with time for the vectors in between."""
    texts = Talk(2).texts(adds + 1)
    took = []
    with Memory(folder=folder) as memory:
        for number, text in enumerate(texts):
            start = time.perf_counter()
            memory.add(text, user_id=f"user{number % 50}", run_id="talk")
            took.append((time.perf_counter() - start) * 1e3)
            time.sleep(0.02)
    return took[1:]


def imported(folder: Path, count: int, embedder: Embedder) -> tuple[float, float]:
    """Messages a second, and bytes on disk a message."""
    said = messages(Talk(3).texts(count))
    with Memory(folder=folder, embedder=embedder) as memory:
        start = time.perf_counter()
        for first in range(0, count, BATCH):
            memory.add(said[first : first + BATCH], user_id="ana")
        took = time.perf_counter() - start
    return count / took, sum(file.stat().st_size for file in folder.iterdir()) / count


def measure(scale: Scale) -> Part:
    """Durable add beside its floor, the whole of add, and import."""
    sizes = SIZES[scale]
    with scratch() as folder, ThreadPoolExecutor(1) as thread:
        for name in ("burst", "paced"):
            (folder / name).mkdir()
        took, beside = thread.submit(durable, folder / "burst", sizes.adds).result()
        paced, beside_paced = thread.submit(durable, folder / "paced", sizes.paced, 0.07).result()
        whole = whole_add(folder / "whole", sizes.whole)
        rate, _ = imported(folder / "import", sizes.imported, GivenVectors())
        with_tokens, on_disk = imported(folder / "tokens", sizes.imported, GivenTokens())
    floor = quantile(beside, 0.5)
    rows = [
        latency_row("durable add", took),
        latency_row("append + fdatasync", beside),
        latency_row("durable add, paced", paced),
        latency_row("append + fdatasync, paced", beside_paced),
        latency_row("Memory.add, 20 ms apart", whole),
    ]
    bars: list[tuple[str | float | int | None, float]] = [
        (str(row[0]), float(row[2] or 0)) for row in (rows[1], rows[0], rows[4])
    ]
    return Part(
        "Keeping",
        INCLUDES,
        [
            Figure("durable add / append + fdatasync, p50", quantile(took, 0.5) / floor, "times", most=3),
            Figure("durable add, p99.9", quantile(took, 0.999), "ms", most=10),
            Figure("durable add, paced, p99.9", quantile(paced, 0.999), "ms", most=10),
            Figure("import, vectors given", rate, "messages/s", least=12_000),
            Figure("import, vectors of tokens given too", with_tokens, "messages/s"),
            Figure("on disk, vectors and index included", on_disk / 1000, "KB a message"),
        ],
        [Table("One message", LATENCY, rows)],
        [Plot("add", "Keeping one message, p99", "", "ms", {"p99": bars}, "bars")],
    )
