"""A whole search, from the question's words to the memories, against the number of memories someone has."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.corpus import GivenTokens, Talk, unit_rows
from bench.filling import fill, fill_many, scratch, verbs
from bench.report import Cell, Figure, Part, Plot, Scale, Table, quantile
from toldonce import Memory
from toldonce.embedders.minilm import MiniLM

INCLUDES = (
    "A search is `Memory.search` with the default 20 results: arguments read, the question embedded by the bundled "
    "model, whether anybody wrote, words and meaning ranked, the best records read from disk. Every *new* question is "
    "one that was never asked, and so is a *filtered* one, which may only be answered by what the user said herself; "
    "a *repeated* one has its vector cached. Nobody writes meanwhile: what a search has to catch up with after a write "
    "is among the indexes. Beside them stands BLAS's product of all vectors with one, 384 float32 numbers each, on one "
    "thread, by turns of fifty with the searches. In the large folder each owner is asked twice: *cold*, with its "
    "index to load, and *hot*."
)


@dataclass(frozen=True)
class Sizes:
    owners: tuple[int, ...]
    """Memories of one owner."""
    rounds: int
    many: int
    """Owners in the large folder."""
    each: int
    asked: int


SIZES: dict[Scale, Sizes] = {
    "full": Sizes((100, 1_000, 10_000, 100_000), 600, 10_000, 100, 500),
    "quick": Sizes((100, 1_000, 10_000), 150, 1_000, 100, 100),
    "tiny": Sizes((50, 100), 5, 5, 5, 4),
}

TURN = 50
"""Calls of one kind before those of the next. Call by call, each would find the processor's caches full of the last."""
KINDS = ("product", "embedding", "new question", "repeated question", "filtered question")


def one_owner(folder: Path, size: int, rounds: int, embedder: GivenTokens, model: MiniLM) -> dict[str, list[float]]:
    """Milliseconds by kind; the kinds take turns of ``TURN`` calls."""
    talk = Talk(size)
    questions = talk.questions(3 * rounds + 30)
    matrix = unit_rows(size, np.random.default_rng(size))
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with Memory(folder=folder, embedder=embedder) as memory:
        user = f"owner{size}"
        fill(memory, user, talk.texts(size))
        memory.warm(user_id=user)

        def multiply(number: int) -> None:
            _ = matrix @ matrix[number % size]

        def search(number: int) -> None:
            memory.search(questions[3 * number], filters={"user_id": user})

        def embed(number: int) -> None:
            model.embed_queries([questions[3 * number + 1]])

        def filtered(number: int) -> None:
            memory.search(questions[3 * number + 2], filters={"user_id": user, "role": "user"})

        work = (multiply, embed, search, search, filtered)
        for first in range(0, rounds + 10, TURN):
            for kind, step in zip(KINDS, work, strict=True):
                for number in range(first, min(first + TURN, rounds + 10)):
                    start = time.perf_counter()
                    step(number)
                    took[kind].append((time.perf_counter() - start) * 1e3)
    return {kind: values[10:] for kind, values in took.items()}


def many_owners(folder: Path, sizes: Sizes, embedder: GivenTokens) -> dict[str, list[float]]:
    """Milliseconds of searches in a folder of many owners, each asked cold and hot."""
    talk = Talk(11)
    with verbs(folder, embedder) as (engine, steps):
        for first in range(0, sizes.many, 500):
            users = range(first, min(first + 500, sizes.many))
            fill_many(engine, steps, {f"u{number}": talk.texts(sizes.each) for number in users})
    took: dict[str, list[float]] = {"cold": [], "hot": []}
    chosen = np.random.default_rng(3).permutation(sizes.many)[: sizes.asked]
    with Memory(folder=folder, embedder=embedder) as memory:
        memory.warm(user_id="u0")
        for number, questions in zip(chosen.tolist(), _pairs(talk.questions(2 * sizes.asked)), strict=False):
            for state, question in zip(took, questions, strict=True):
                start = time.perf_counter()
                memory.search(question, filters={"user_id": f"u{number}"})
                took[state].append((time.perf_counter() - start) * 1e3)
    return took


def _pairs(questions: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(questions[::2], questions[1::2], strict=True))


def measure(scale: Scale) -> Part:
    """Search against owner size, and in a folder of many owners."""
    sizes = SIZES[scale]
    model = MiniLM()
    embedder = GivenTokens(queries=model)
    with scratch() as folder:
        by_size = {size: one_owner(folder / "sizes", size, sizes.rounds, embedder, model) for size in sizes.owners}
        large = many_owners(folder / "many", sizes, embedder)
    columns = ("memories", *(f"{kind}, {part} ms" for kind in KINDS for part in ("p50", "p99")))
    rows: list[list[Cell]] = [
        [f"{size:,}", *(quantile(took[kind], part) for kind in KINDS for part in (0.5, 0.99))]
        for size, took in by_size.items()
    ]
    held = 10_000 if 10_000 in by_size else max(by_size)
    total = f"{sizes.many * sizes.each:,} memories of {sizes.many:,} owners"
    return Part(
        "Searching",
        INCLUDES,
        [
            Figure(f"new question, owner of {held:,}, p50", quantile(by_size[held]["new question"], 0.5), "ms", most=3),
            Figure(
                f"new question, owner of {held:,}, p99", quantile(by_size[held]["new question"], 0.99), "ms", most=6
            ),
            *(
                Figure(f"{state} owner among {total}, {name}", quantile(values, part), "ms")
                for state, values in large.items()
                for name, part in (("p50", 0.5), ("p99", 0.99))
            ),
        ],
        [Table("By owner's size", columns, rows)],
        [
            Plot(
                "search",
                "Search, p50",
                "memories of the owner",
                "ms",
                {kind: [(size, quantile(took[kind], 0.5)) for size, took in by_size.items()] for kind in KINDS},
            )
        ],
    )
